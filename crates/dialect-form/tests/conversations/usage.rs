//! What is said of each command is what it takes.

use kabar_dialect_form::{command_names, help};

use crate::world::World;

#[tokio::test]
async fn a_command_needs_the_keys_that_its_usage_names_and_no_others() {
    let world = World::new().await;
    for help in help() {
        let (name, keys) = help.usage.split_once(' ').unwrap();
        let keys: Vec<&str> = keys.split('&').map(|pair| pair.split_once('=').unwrap().0).collect();
        for name in help.also.iter().chain([&name]) {
            for missing in &keys {
                let mut client = world.connect();
                if *missing != "session" {
                    client.login("alam").await;
                }
                let given = keys.iter().filter(|key| *key != missing && **key != "session");
                let form: Vec<String> = given.map(|key| format!("{key}=x")).collect();
                let reply = client.say(&format!("{name} {}", form.join("&"))).await;
                let reason = format!("Protocol Tidak Benar : kunci [{missing}] tidak ada");
                assert_eq!(reply["error"], reason, "{name} {form:?}");
            }
            let mut client = world.login("alam").await;
            let form: Vec<String> = keys
                .iter()
                .map(|key| format!("{key}={}", if *key == "session" { &client.token } else { "x" }))
                .collect();
            let reply = client.say(&format!("{name} {}", form.join("&"))).await;
            let reason = reply["error"].as_str().unwrap_or_default();
            assert!(!reason.starts_with("Protocol"), "{name} {form:?}: {reason}");
        }
    }
}

#[test]
fn every_name_of_a_command_tells_the_dialect() {
    let mut expected = [
        "register",
        "auth",
        "send",
        "chat",
        "inbox",
        "file_send",
        "send_file",
        "send file",
        "file_list",
        "list_file",
        "file list",
        "file_get",
        "get_file",
        "get file",
        "room_join",
        "room_chat",
        "room_send_file",
        "room_get_file",
        "room_leave",
        "logout",
    ];
    let mut names = command_names();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
}
