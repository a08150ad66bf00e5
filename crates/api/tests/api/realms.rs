//! Links to other realms, and people there.

use kabar_engine::Accept;
use kabar_engine::store::links::Contact;
use kabar_model::Timestamp;
use serde_json::{Value, json};

use crate::linked::Linked;
use crate::world::World;

async fn names(world: &World, token: &str) -> Vec<(String, String)> {
    let list = world.get(token, "/realms").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let realms = list["realms"].as_array().unwrap().iter();
    realms.map(|realm| (text(&realm["name"]), text(&realm["standing"]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, standing)| ((*name).to_owned(), (*standing).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_how_the_links_are() {
    let Linked { world, links, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let izza = &world.register("izza").await;
    let at = |secs: i64| Some(Timestamp(secs * 1_000_000));
    let contact = Contact {
        last_at: at(1_750_000_000),
        failures: 2,
        failing_since: at(1_750_000_001),
        next_at: at(1_750_000_060),
        error: Some("no_connection".to_owned()),
        clock_ahead: -7,
    };
    links.went("alfa", contact).await;
    let id = world.direct(izza, "maya@alfa").await;
    world.say(izza, &id, "halo").await;
    let list = world.get(izza, "/realms").await;
    let expected = json!({
        "name": "sekolah", "own_name": "alfa", "address": "alfa.example:8889",
        "standing": "linked", "queued": 1,
        "last_contact_at": "2025-06-15T15:06:40.000000Z",
        "next_try_at": "2025-06-15T15:07:40.000000Z",
        "error": {"code": "no_connection", "message": "Nobody takes the connection there."},
        "clock_ahead": -7, "fingerprint": "one two three four five six seven alfa",
    });
    assert_eq!(list["realms"][0], expected);
    assert_eq!((&list["realms"][1]["name"], &list["may_add"]), (&json!("zeta"), &json!(false)));
    assert_eq!(world.get(messi, "/realms").await["may_add"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_add_accept_block_and_end_links() {
    let Linked { world, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let izza = &world.register("izza").await;
    let new = |name: &str, host: &str| json!({"name": name, "host": host, "port": 8889});
    let refused = world.ask(izza, "POST", "/realms", new("beta", "b.example")).await;
    assert_eq!(refused.code(), "not_allowed");
    for (body, status, code, field) in [
        (new("sekolah", "b.example"), 409, "conflict", Value::Null),
        (new("alfa", "b.example"), 409, "conflict", Value::Null),
        (new("beta", "nowhere.example"), 502, "realm_unreachable", Value::Null),
        (new("beta", "impostor.example"), 409, "realm_changed", Value::Null),
        (new("b b", "b.example"), 400, "invalid_field", json!("name")),
        (json!({"name": "beta", "port": 1}), 400, "missing_field", json!("host")),
        (json!({"name": "beta", "host": "b"}), 400, "missing_field", json!("port")),
        (json!({"name": "beta", "host": "b", "port": 65536}), 400, "invalid_field", json!("port")),
        (json!({"host": "b", "port": 1}), 400, "missing_field", json!("name")),
        (json!({"invite": "x", "port": 1}), 400, "invalid_field", json!("invite")),
        (json!({"invite": "x"}), 410, "gone", Value::Null),
    ] {
        let answer = world.ask(messi, "POST", "/realms", body.clone()).await;
        let got = (answer.status.as_u16(), answer.code(), answer.json()["error"]["field"].clone());
        assert_eq!(got, (status, code.to_owned(), field), "{body}");
    }
    assert_eq!(names(world, messi).await, pairs(&[("sekolah", "linked"), ("zeta", "linked")]));

    let made = world.tell(messi, "POST", "/realms/invite", Value::Null).await;
    assert_eq!(made, json!({"invite": "kabar-realm-1.kampus"}));
    let beta = json!({"invite": "kabar-realm-1.beta"});
    assert_eq!(world.tell(messi, "POST", "/realms", beta).await["standing"], "linked");
    let gama = world.tell(messi, "POST", "/realms", new("gama", "g.example")).await;
    assert_eq!((&gama["standing"], &gama["name"]), (&json!("asked"), &json!("gama")));
    let accepted = world.tell(messi, "POST", "/realms/gama/accept", Value::Null).await;
    assert_eq!(accepted["standing"], "linked");
    // By the name that it gives itself, too.
    let blocked = world.tell(messi, "POST", "/realms/alfa/block", Value::Null).await;
    assert_eq!((&blocked["standing"], &blocked["name"]), (&json!("blocked"), &json!("sekolah")));
    assert_eq!(world.ask(messi, "DELETE", "/realms/zeta", Value::Null).await.status, 204);
    assert_eq!(
        world.ask(messi, "DELETE", "/realms/zeta", Value::Null).await.code(),
        "realm_unknown"
    );
    let expected = [("beta", "linked"), ("gama", "linked"), ("sekolah", "blocked")];
    assert_eq!(names(world, messi).await, pairs(&expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_open_realm_anybody_adds_realms() {
    let Linked { world, .. } = &Linked::new(Accept::Open).await;
    world.register("messi").await;
    let izza = &world.register("izza").await;
    assert_eq!(world.get(izza, "/realms").await["may_add"], true);
    let new = json!({"name": "beta", "host": "b.example", "port": 8889});
    world.tell(izza, "POST", "/realms", new).await;
    let invite = json!({"invite": "kabar-realm-1.beta"});
    assert_eq!(world.ask(izza, "POST", "/realms", invite).await.code(), "not_allowed");
    assert_eq!(world.ask(izza, "DELETE", "/realms/beta", Value::Null).await.code(), "not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_looked_into_step_by_step() {
    let Linked { world, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let found = world.get(messi, "/realms/sekolah/checks").await;
    let expected = json!([
        {"step": "resolve", "ok": true, "code": "well", "message": "All is well.",
         "values": {"host": "alfa.example"}},
        {"step": "handshake", "ok": false, "code": "refused",
         "message": "It answered, but there is no agreement. The other realm links only with an invite.",
         "values": {"code": "invite_only"}},
        {"step": "queue", "ok": true, "code": "queue", "message": "Waiting to be delivered: 3.",
         "values": {"queued": "3"}},
    ]);
    assert_eq!(found["checks"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_of_another_realm_is_named_by_user_and_realm() {
    let Linked { world, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let maya = world.get(messi, "/people/Maya@Sekolah").await;
    let expected = json!({"username": "maya@alfa", "realm": "alfa", "name": "maya", "country": null, "active": false});
    assert_eq!(maya["username"], expected["username"], "{maya}");
    assert_eq!((&maya["realm"], &maya["active"]), (&json!("alfa"), &json!(false)));
    for (path, code) in [
        ("/people/nobody@alfa", "user_unknown"),
        ("/people/maya@nowhere", "realm_unknown"),
        ("/people/maya@a@b", "user_unknown"),
    ] {
        assert_eq!(world.ask(messi, "GET", path, Value::Null).await.code(), code, "{path}");
    }
    // Nobody can take such a name.
    let body = json!({"username": "maya@alfa", "password": "surabaya"});
    let taken = world.ask("", "POST", "/accounts", body).await;
    assert_eq!(taken.json()["error"]["field"], "username");
    assert!(world.get(messi, "/people/messi@kampus").await.get("realm").is_none());

    let put = world.ask(messi, "PUT", "/contacts/maya@sekolah", Value::Null).await;
    assert_eq!(put.status, 204);
    let contacts = world.get(messi, "/contacts").await;
    assert_eq!(contacts["contacts"][0]["address"], "maya@alfa");
    assert_eq!(contacts["contacts"][0]["user"]["realm"], "alfa");
    world.ask(messi, "DELETE", "/contacts/maya@sekolah", Value::Null).await;
    assert_eq!(world.get(messi, "/contacts").await["contacts"], json!([]));

    let id = world.direct(messi, "maya@zeta").await;
    world.say(messi, &id, "halo maya").await;
    let found = world.get(messi, "/search?q=in:@maya%40zeta").await;
    assert_eq!(found["results"][0]["message"]["text"], "halo maya");
    assert_eq!(world.get(messi, "/search?q=from:maya%40zeta").await["results"], json!([]));
    let unknown = world.ask(messi, "GET", "/search?q=from:x%40zeta", Value::Null).await;
    assert_eq!(unknown.code(), "user_unknown");

    let join = async |group| {
        let group = json!({"group": group});
        world.ask(messi, "POST", "/groups/join", group).await.code()
    };
    assert_eq!(join("bola@sekolah").await, "realm_unreachable", "its home does not say");
    assert_eq!(join("bola@nowhere").await, "realm_unknown");
    assert_eq!(join("bola@kampus").await, "group_unknown");

    let group = world.group(messi, "Bola").await;
    let guests = json!({"usernames": ["maya@sekolah", "nobody@alfa", "x@nowhere"]});
    let path = format!("/conversations/{group}/members");
    let joined = world.tell(messi, "POST", &path, guests).await;
    assert_eq!(joined["joined"], json!(["maya@sekolah"]));
    let members = world.get(messi, &path).await;
    let second = &members["members"][1];
    assert_eq!((&second["username"], &second["realm"]), (&json!("maya@alfa"), &json!("alfa")));
    // Even when the link has ended.
    world.tell(messi, "DELETE", "/realms/alfa", Value::Null).await;
    let gone = world.ask(messi, "DELETE", &format!("{path}/maya@alfa"), Value::Null).await;
    assert_eq!(gone.status, 204, "{}", gone.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_makes_nobody_known() {
    let Linked { world, .. } = &Linked::new(Accept::Ask).await;
    let messi = &world.register("messi").await;
    let bot =
        world.tell(messi, "POST", "/tokens", json!({"name": "bot", "scopes": ["read"]})).await;
    let bot = bot["token"].as_str().unwrap();
    let asked = world.ask(bot, "GET", "/people/maya@alfa", Value::Null).await;
    assert_eq!(asked.code(), "user_unknown");
    world.get(messi, "/people/maya@alfa").await;
    assert_eq!(world.get(bot, "/people/maya@alfa").await["realm"], "alfa");
    assert_eq!(world.get(bot, "/realms").await["may_add"], false);
}
