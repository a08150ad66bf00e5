//! Whatever comes, each request gets one whole answer, in the framing of the connection.

use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::world::{Client, World};

/// Stands for the token of a session that lives.
const TOKEN: &str = "<token>";

/// Pieces of requests, whole and broken. None ends the session.
const PIECES: &[&str] = &[
    "register ",
    "auth ",
    "send ",
    "chat ",
    "inbox",
    "room_join ",
    "room_chat ",
    "room_leave ",
    "file list ",
    "file_send ",
    "send file ",
    "file_get ",
    "room_send_file ",
    "room_get_file ",
    "filename=",
    "filename=..%2Fa.txt",
    "payload=",
    "payload=aGFs",
    "payload=aGFsbw%3D%3D&",
    "username=alam",
    "username=",
    "password=rahasia",
    "name=x",
    "nationality=%F0%9F%98%80",
    "destination=budi",
    "message=",
    "+%20",
    "%",
    "%FF",
    "session=",
    "session=<token>",
    "session=9abf3546-137d-4fd7-9d18-1f33e82acf8d",
    "roomname=1",
    "&",
    "=",
    " ",
    "\u{0}",
    "\t",
    "é",
    "{",
    "\n",
    "\r\n",
];

async fn answer_all(client: &mut Client, input: &[u8]) {
    let pieces: Vec<&[u8]> = input.chunks(700).collect();
    for reply in client.hear_out(&pieces).await {
        assert!(["OK", "ERROR"].contains(&reply["status"].as_str().unwrap()), "{reply}");
    }
}

#[test]
fn each_request_gets_one_whole_answer() {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    // Once: the failures to come slow down who logs in.
    let token = runtime.block_on(world.login("alam")).token;
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..40);
    let inputs = (pieces, prop::collection::vec(any::<u8>(), 0..40), any::<bool>());
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
    proptest!(config, |((pieces, rest, in_blocks) in inputs)| {
        let text = pieces.concat().replace(TOKEN, &token);
        runtime.block_on(async {
            if in_blocks {
                let mut client = world.connect_in_blocks();
                for line in text.split('\n') {
                    answer_all(&mut client, format!("{line:1024}").as_bytes()).await;
                }
            } else {
                let mut client = world.connect();
                client.ok(&format!("inbox session={token}")).await;
                answer_all(&mut client, text.as_bytes()).await;
                answer_all(&mut client, &rest).await;
            }
        });
    });
}
