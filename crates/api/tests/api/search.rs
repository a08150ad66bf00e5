//! Searching as the app asks it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::world::World;

/// The texts of what is found.
async fn found(world: &World, token: &str, q: &str) -> Vec<String> {
    let q = utf8_percent_encode(q, NON_ALPHANUMERIC);
    let found = world.get(token, &format!("/search?q={q}")).await;
    let text = |result: &Value| result["message"]["text"].as_str().unwrap().to_owned();
    found["results"].as_array().unwrap().iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_narrow_a_search() {
    let world = World::new().await;
    let (ani, maya) = (world.register("ani").await, world.register("maya").await);
    let ops = world.group(&ani, "ops").await;
    let three = world.group(&ani, "Kelompok 3").await;
    for group in ["ops", "Kelompok 3"] {
        world.tell(&maya, "POST", "/groups/join", json!({"group": group})).await;
    }
    world.say(&ani, &ops, "deploy besok pagi").await;
    world.say(&maya, &ops, "deploy https://kabar.id ya").await;
    world.say(&ani, &three, "deploy kelompok, halo @maya").await;
    let chat = world.direct(&maya, "ani").await;
    world.say(&maya, &chat, "deploy berdua, ok?").await;
    let (besok, link) = ("deploy besok pagi", "deploy https://kabar.id ya");
    let (three, two) = ("deploy kelompok, halo @maya", "deploy berdua, ok?");
    for (q, expected) in [
        ("deploy", vec![two, three, link, besok]),
        ("deploy from:ani", vec![three, besok]),
        ("deploy from:@ANI in:#ops", vec![besok]),
        ("deploy in:ops after:2026-01-01", vec![link, besok]),
        ("deploy before:2026-01-01", vec![]),
        ("in:\"Kelompok 3\"", vec![three]),
        ("in:@ani", vec![two]),
        ("in:ani deploy", vec![two]),
        ("has:link", vec![link]),
        ("has:file", vec![]),
        ("has:link in:@ani", vec![]),
        ("\"besok pagi\"", vec![besok]),
        ("\"pagi besok\"", vec![]),
        ("pagi BESOK", vec![besok]),
        ("k?", vec![two]),
        ("ya", vec![three, link]),
        ("@maya", vec![three]),
    ] {
        assert_eq!(found(&world, &maya, q).await, expected, "{q}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_search_is_explained() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    for (q, status, code, said) in [
        ("to:messi", 400, "invalid_field", "to:"),
        ("has:image", 400, "invalid_field", "image"),
        ("after:besok", 400, "invalid_field", "after:"),
        ("in:", 400, "invalid_field", "in:"),
        ("in:a%20in:b", 400, "invalid_field", "in:"),
        ("", 400, "invalid_field", "q"),
        ("from:@tiada", 404, "user_unknown", ""),
        ("in:@tiada", 404, "user_unknown", ""),
        ("in:%23tiada", 404, "group_unknown", ""),
    ] {
        let answer = world.ask(&messi, "GET", &format!("/search?q={q}"), Value::Null).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{q}");
        let error = &answer.json()["error"];
        assert_eq!(error["field"], "q", "{q}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
        assert_eq!(error["hint"].is_string(), status == 400, "{error}");
    }
}
