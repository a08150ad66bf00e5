//! Does every line of dialect line get one whole answer that no text can break out of?
//!
//! The real conversation over an engine in memory. `auth` and `register` are passed over: they hash.
#![no_main]

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::BytesMut;
use futures_util::TryStreamExt;
use kabar_dialect_line::{LineConversation, Profile};
use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{Engine, LocalBus, Operator, Origin, Registration, Settings};
use kabar_model::{Password, RealmName, Role, Timestamp, Username};
use kabar_wire::conversation::{Conversation, Cut, Output};
use tokio::runtime::{Builder, Runtime};

/// The engine is made anew after this many inputs, so that what they store stays small.
const INPUTS_MAX: usize = 20_000;

struct Stage {
    runtime: Runtime,
    conversation: LineConversation,
    inputs: usize,
}

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| STAGE.with_borrow_mut(|stage| {
    let fresh = stage.take().filter(|stage| stage.inputs < INPUTS_MAX);
    let stage = stage.insert(fresh.unwrap_or_else(logged_in));
    stage.inputs += 1;
    for line in input.split(|&byte| byte == b'\n') {
        let word = line.trim_ascii_start().split(|&byte| byte == b' ').next().unwrap_or_default();
        let leaves = [&b"auth"[..], b"register", b"logout", b"exit", b"quit"];
        if leaves.iter().all(|command| !word.eq_ignore_ascii_case(command)) {
            let answer = stage.runtime.block_on(ask(&mut stage.conversation, line));
            check(&answer);
        }
    }
}));

/// One line, one object, one end.
fn check(answer: &[u8]) {
    let object = answer.strip_suffix(b"\r\n\r\n").expect("an answer ends in CRLF CRLF");
    assert!(object.iter().all(|byte| (0x20..0x7F).contains(byte)), "an answer is printable ASCII");
    assert!(object.starts_with(b"{\"status\":\"") && object.ends_with(b"}"));
}

async fn ask(conversation: &mut LineConversation, line: &[u8]) -> Vec<u8> {
    let mut input = BytesMut::from(line);
    input.extend_from_slice(b"\r\n");
    let Cut::Request(request) = conversation.cut(&mut input) else {
        panic!("a line is a request");
    };
    let mut answer = conversation.answer(request).await;
    // A file: what follows its head.
    while conversation.awaits_contents() {
        match conversation.cut(&mut input) {
            Cut::Contents(piece) => conversation.take_in(piece).await,
            Cut::ContentsEnd => answer = conversation.finish().await,
            _ => panic!("a line ends the contents of a file"),
        }
    }
    if let Some(written) = answer.written {
        written.await;
    }
    match answer.output {
        Output::Now(bytes) => bytes,
        Output::Later(bytes) => bytes.await,
        Output::Pieces(pieces) => {
            pieces.try_collect::<Vec<_>>().await.expect("contents in memory").concat()
        }
    }
}

fn logged_in() -> Stage {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let conversation = runtime.block_on(async {
        let settings = Settings::new(RealmName::parse("kampus").expect("a name"));
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        let bus = Arc::new(LocalBus::default());
        let store = Arc::new(MemoryStore::default());
        let blobs = Arc::new(MemoryBlobs::default());
        let engine = Engine::start(settings, store, blobs, bus, clock).await.expect("an engine");
        for name in ["messi", "izza"] {
            let wish = Registration {
                username: Username::parse(name).expect("a name"),
                password: Password::parse("surabaya").expect("a password"),
                name: None,
                country: None,
                invitation: None,
            };
            engine.add_user(Operator::vouched(), wish, Role::User).await.expect("an account");
        }
        let origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let mut conversation = LineConversation::new(engine, Profile::Realm, origin);
        ask(&mut conversation, b"auth messi surabaya").await;
        conversation
    });
    Stage { runtime, conversation, inputs: 0 }
}
