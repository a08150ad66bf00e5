//! Refusals: which field they name, and that nothing has changed after one.

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    let group = world.group(&messi, "Bola").await;
    let long = "x".repeat(70_000);
    let crowd: Vec<String> = (0..101).map(|n| format!("user{n}")).collect();
    for (method, path, body, field) in [
        ("POST", "/accounts", json!({"username": "a b", "password": "x"}), "username"),
        ("POST", "/accounts", json!({"username": "a", "password": ""}), "password"),
        ("POST", "/accounts", json!({"username": "a"}), "password"),
        ("POST", "/me/password", json!({"old": "surabaya", "new": ""}), "new"),
        ("PATCH", "/me", json!({"name": " "}), "name"),
        ("PATCH", "/me", json!({"country": "x".repeat(65)}), "country"),
        ("PATCH", "/me", json!({"settings": {"a": &long}}), "settings"),
        ("GET", "/people?after=%20", Value::Null, "after"),
        ("GET", "/people?limit=x", Value::Null, "limit"),
        ("GET", "/search?q=a&before=x", Value::Null, "before"),
        ("GET", "/rooms/%0A", Value::Null, "room"),
        ("POST", "/groups", json!({"name": ""}), "name"),
        ("POST", "/groups", json!({}), "name"),
        ("POST", "/groups", json!({"name": "x", "visibility": "odd"}), "visibility"),
        ("PATCH", "/conversations/G", json!({"name": "a\nb"}), "name"),
        ("GET", "/conversations/G/messages?before=1&after=1", Value::Null, "after"),
        ("GET", "/conversations/G/messages?before=1&around=1", Value::Null, "around"),
        ("GET", "/conversations/G/messages?limit=-1", Value::Null, "limit"),
        ("POST", "/conversations/G/messages", json!({}), "text"),
        ("POST", "/conversations/G/messages", json!({"text": &long}), "text"),
        ("POST", "/conversations/G/messages", json!({"text": "x", "key": "é"}), "key"),
        ("POST", "/conversations/G/messages", json!({"text": "x", "reply_to": "1"}), "reply_to"),
        ("POST", "/conversations/G/messages", json!({"text": "x", "reply_to": -5}), "reply_to"),
        ("PUT", "/conversations/G/messages/1/reactions/a%20b", Value::Null, "emoji"),
        ("PUT", "/conversations/G/read", json!({"seq": "x"}), "seq"),
        ("POST", "/conversations/G/members", json!({"usernames": crowd}), "usernames"),
        ("POST", "/conversations/G/invitations", json!({"expires_in": 0}), "expires_in"),
        ("POST", "/conversations/G/invitations", json!({"uses": 0}), "uses"),
        ("POST", "/conversations/G/hooks", json!({"name": ""}), "name"),
        ("POST", "/tokens", json!({"name": "", "scopes": ["read"]}), "name"),
        ("POST", "/tokens", json!({"name": "x", "scopes": ["odd"]}), "scopes[0]"),
        ("POST", "/uploads", json!({"name": "a", "size": -1}), "size"),
        ("POST", "/uploads", json!({"name": "..", "size": 1}), "name"),
    ] {
        let path = path.replace("/G", &format!("/{group}"));
        let token = if path == "/accounts" { "" } else { &messi };
        let answer = world.ask(token, method, &path, body).await;
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status.as_u16(), &error["field"]),
            (400, &json!(field)),
            "{method} {path}: {error}"
        );
        assert!(error["message"].as_str().unwrap().contains(field), "in words, too: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_changed_whole_or_not_at_all() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    world.group(&messi, "Bola").await;
    let path = format!("/conversations/{}", world.group(&messi, "Catur").await);
    let before = world.get(&messi, &path).await;
    let both = json!({"name": "bola", "visibility": "private"});
    assert_eq!(world.ask(&messi, "PATCH", &path, both).await.code(), "group_taken");
    assert_eq!(world.get(&messi, &path).await, before);
    let both = json!({"name": "Go", "visibility": "private"});
    let after = world.tell(&messi, "PATCH", &path, both).await;
    assert_eq!((&after["name"], &after["visibility"]), (&json!("Go"), &json!("private")));
}
