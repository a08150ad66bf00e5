//! What administrators of the realm do over the API.

use kabar_engine::{Operator, Settings};
use kabar_model::{RealmName, Role, Username};
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// The administrator, and somebody who is none.
async fn two(world: &World) -> (String, String) {
    (world.register("messi").await, world.register("izza").await)
}

async fn sign_in(world: &World, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    world.ask("", "POST", "/sessions", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_listed_found_and_paged() {
    let world = World::new().await;
    let (messi, izza) = two(&world).await;
    let new = json!({"username": "Nania", "name": "Azizatul Hikmaniyah", "country": "Indonesia"});
    world.tell(&messi, "POST", "/admin/users", new).await;
    world.tell(&messi, "PATCH", "/admin/users/nania", json!({"disabled": true})).await;
    world.tell(&izza, "POST", "/tokens", json!({"name": "bot", "scopes": ["read"]})).await;
    let usernames = |page: &Value| {
        let users = page["users"].as_array().unwrap().iter();
        let names = users.map(|user| user["username"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>().join(" "), page["more"].as_bool().unwrap())
    };
    for (query, names, more) in [
        ("", "izza messi nania", false),
        ("?limit=2", "izza messi", true),
        ("?limit=2&after=messi", "nania", false),
        ("?q=HIK", "nania", false),
        ("?q=zz", "", false),
    ] {
        let page = world.get(&messi, &format!("/admin/users{query}")).await;
        assert_eq!(usernames(&page), (names.to_owned(), more), "{query}");
    }
    let page = world.get(&messi, "/admin/users").await;
    let [izza, nania] = [&page["users"][0], &page["users"][2]];
    assert_eq!((&izza["role"], &izza["sessions"]), (&json!("user"), &json!(2)));
    assert_eq!(izza["disabled"], false);
    assert_eq!((&nania["active"], &nania["disabled"]), (&json!(false), &json!(true)));
    assert_eq!((&nania["country"], &nania["sessions"]), (&json!("Indonesia"), &json!(0)));
    let bad = world.ask(&messi, "GET", "/admin/users?after=a+b", Value::Null).await;
    assert_eq!(bad.code(), "invalid_field");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_out_at_once_and_comes_back() {
    let world = World::new().await;
    let (messi, izza) = two(&world).await;
    let path = "/admin/users/izza";
    assert_eq!(world.ask(&messi, "PATCH", path, json!({"disabled": true})).await.status, 204);
    assert_eq!(world.ask(&izza, "GET", "/me", Value::Null).await.status, 401);
    assert_eq!(sign_in(&world, "izza", "surabaya").await.code(), "not_allowed");
    world.tell(&messi, "PATCH", path, json!({"disabled": false})).await;
    assert_eq!(sign_in(&world, "izza", "surabaya").await.status, 201);
    assert_eq!(world.ask(&izza, "GET", "/me", Value::Null).await.status, 401, "that one ended");
    for (change, code) in
        [(json!({"role": "king"}), "invalid_field"), (json!({"disabled": "yes"}), "invalid_field")]
    {
        assert_eq!(world.ask(&messi, "PATCH", path, change).await.code(), code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_realm_keeps_an_administrator_and_nobody_locks_themselves_out() {
    let world = World::new().await;
    let (messi, izza) = two(&world).await;
    let change = async |token: &str, whom: &str, change: Value| {
        let answer = world.ask(token, "PATCH", &format!("/admin/users/{whom}"), change).await;
        (answer.status.as_u16(), answer.json()["error"]["message"].to_string())
    };
    let (status, why) = change(&messi, "messi", json!({"role": "user"})).await;
    assert!(status == 403 && why.contains("needs an administrator"), "{why}");
    let (status, why) = change(&messi, "Messi", json!({"disabled": true})).await;
    assert!(status == 403 && why.contains("their own account"), "{why}");
    assert_eq!(change(&messi, "izza", json!({"role": "administrator"})).await.0, 204);
    let (status, why) = change(&messi, "messi", json!({"disabled": true})).await;
    assert!(status == 403 && why.contains("their own account"), "{why}");
    // A role counts from the next request on, given or taken, for sessions that were there before.
    assert_eq!(change(&izza, "messi", json!({"role": "user"})).await.0, 204);
    let (status, why) = change(&messi, "izza", json!({"role": "user"})).await;
    assert!(status == 403 && why.contains("may not"), "{why}");
    assert_eq!(change(&izza, "messi", json!({"role": "administrator"})).await.0, 204);
    assert_eq!(change(&messi, "izza", json!({"disabled": true})).await.0, 204);
    assert_eq!(change(&messi, "messi", json!({"role": "user"})).await.0, 403, "izza is out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_was_taken_away_elsewhere_counts_no_longer() {
    let world = World::new().await;
    let (messi, _) = two(&world).await;
    world.get(&messi, "/admin/overview").await;
    let name = Username::parse("messi").unwrap();
    world.engine.set_role(Operator::vouched(), &name, Role::User).await.unwrap();
    let refused = world.ask(&messi, "GET", "/admin/overview", Value::Null).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "not_allowed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_made_up_and_shown_once() {
    let mut settings = Settings::new(RealmName::parse("kampus").unwrap());
    settings.password_chars_min = 40;
    let world = World::with(settings).await;
    let operator = Operator::vouched();
    let wish = kabar_engine::Registration {
        username: Username::parse("messi").unwrap(),
        password: kabar_model::Password::parse(&"x".repeat(40)).unwrap(),
        name: None,
        country: None,
        invitation: None,
    };
    world.engine.add_user(operator, wish, Role::Administrator).await.unwrap();
    let messi = sign_in(&world, "messi", &"x".repeat(40)).await.json();
    let messi = messi["token"].as_str().unwrap();
    let new = json!({"username": "izza", "role": "administrator"});
    let made = world.ask(messi, "POST", "/admin/users", new.clone()).await;
    assert_eq!((made.status.as_u16(), &made.json()["username"]), (201, &json!("izza")));
    assert_eq!(made.headers["cache-control"], "no-store");
    let first = made.json()["password"].as_str().unwrap().to_owned();
    assert!(first.len() >= 40, "{first}");
    assert_eq!(world.ask(messi, "POST", "/admin/users", new).await.code(), "username_taken");
    let izza = sign_in(&world, "izza", &first).await.json();
    let izza = izza["token"].as_str().unwrap();
    assert_eq!(world.get(izza, "/me").await["role"], "administrator");
    let path = "/admin/users/izza/password";
    let second = world.tell(messi, "POST", path, Value::Null).await["password"].clone();
    let second = second.as_str().unwrap();
    assert_ne!(first, second);
    assert_eq!(world.ask(izza, "GET", "/me", Value::Null).await.status, 401);
    assert_eq!(sign_in(&world, "izza", &first).await.code(), "wrong_password");
    assert_eq!(sign_in(&world, "izza", second).await.status, 201);
    for (new, code) in [
        (json!({"username": "a b"}), "invalid_field"),
        (json!({"username": "x", "role": "king"}), "invalid_field"),
        (json!({"username": "x", "country": "x".repeat(65)}), "invalid_field"),
        (json!({}), "missing_field"),
    ] {
        assert_eq!(world.ask(messi, "POST", "/admin/users", new).await.code(), code);
    }
    assert_eq!(world.get(messi, "/admin/users").await["users"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sessions_end_those_of_programs_too() {
    let world = World::new().await;
    let (messi, izza) = two(&world).await;
    let new = json!({"name": "bot", "scopes": ["read"]});
    let bot = world.tell(&izza, "POST", "/tokens", new).await["token"].clone();
    let path = "/admin/users/izza/sessions";
    assert_eq!(world.ask(&messi, "DELETE", path, Value::Null).await.status, 204);
    for token in [izza.as_str(), bot.as_str().unwrap()] {
        assert_eq!(world.ask(token, "GET", "/me", Value::Null).await.status, 401);
    }
    assert_eq!(sign_in(&world, "izza", "surabaya").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_an_administrator_administers_nothing() {
    let world = World::new().await;
    let (messi, _) = two(&world).await;
    let new = json!({"name": "bot", "scopes": ["read", "write"]});
    let bot = world.tell(&messi, "POST", "/tokens", new).await["token"].clone();
    let bot = bot.as_str().unwrap();
    for (method, path, body) in [
        ("GET", "/admin/overview", Value::Null),
        ("GET", "/admin/users", Value::Null),
        ("POST", "/admin/users", json!({"username": "x"})),
        ("PATCH", "/admin/users/izza", json!({"disabled": true})),
        ("POST", "/admin/users/izza/password", Value::Null),
        ("DELETE", "/admin/users/izza/sessions", Value::Null),
    ] {
        let refused = world.ask(bot, method, path, body).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "not_allowed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_counts_and_says_what_holds() {
    let world = World::new().await;
    let (messi, izza) = two(&world).await;
    let chat = world.direct(&izza, "messi").await;
    world.say(&izza, &chat, "halo").await;
    let overview = world.get(&messi, "/admin/overview").await;
    assert_eq!((&overview["users"], &overview["active"]), (&json!(2), &json!(2)));
    assert_eq!((&overview["messages"], &overview["streams"]), (&json!(1), &json!(0)));
    assert_eq!(overview["version"], world.get("", "/realm").await["version"]);
    let limits = overview["limits"].as_array().unwrap();
    for limit in [
        json!({"name": "file", "value": 104_857_600, "unit": "bytes", "setting": "files.max_size"}),
        json!({"name": "text", "value": 65_536, "unit": "bytes", "setting": null}),
        json!({"name": "registration", "value": "open", "unit": null, "setting": "accounts.registration"}),
    ] {
        assert!(limits.contains(&limit), "{limit}");
    }
}
