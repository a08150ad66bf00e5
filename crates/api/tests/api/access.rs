//! Who may do what: every route, asked by nobody, a stranger, somebody who left, a member and an admin.

use serde_json::{Value, json};

use crate::world::World;

/// Method, path (`G`: the group, `D`: the direct conversation of member and admin), body, and the status for
/// each of the five, in that order: who may least asks first. The stranger, who came first, is the administrator of
/// the realm.
type Row = (&'static str, &'static str, Value, [u16; 5]);

fn rows() -> Vec<Row> {
    let none = Value::Null;
    let text = json!({"text": "halo"});
    let mut rows = vec![
        ("GET", "/realm", none.clone(), [200; 5]),
        ("GET", "/openapi.json", none.clone(), [200; 5]),
        ("GET", "/docs", none.clone(), [200; 5]),
        ("GET", "/nothing", none.clone(), [404; 5]),
        ("PUT", "/realm", none.clone(), [405; 5]),
        ("POST", "/setup", json!({"secret": "x", "username": "x", "password": "x"}), [410; 5]),
        ("GET", "/invitations/abcdef2345", none.clone(), [410; 5]),
        ("POST", "/invitations/abcdef2345", none.clone(), [401, 410, 410, 410, 410]),
        ("POST", "/hooks/nothing", text.clone(), [404; 5]),
        ("GET", "/events", none.clone(), [401, 400, 400, 400, 400]),
        ("GET", "/me", none.clone(), [401, 200, 200, 200, 200]),
        ("PATCH", "/me", json!({"name": "Somebody"}), [401, 200, 200, 200, 200]),
        ("POST", "/me/password", json!({"old": "x", "new": "y"}), [401; 5]),
        ("GET", "/sessions", none.clone(), [401, 200, 200, 200, 200]),
        ("DELETE", "/sessions/s999999", none.clone(), [401, 404, 404, 404, 404]),
        ("POST", "/sessions/token", none.clone(), [401, 201, 201, 201, 201]),
        ("GET", "/people?q=i", none.clone(), [401, 200, 200, 200, 200]),
        ("GET", "/people/izza", none.clone(), [401, 200, 200, 200, 200]),
        ("GET", "/people/nobody", none.clone(), [401, 404, 404, 404, 404]),
        ("GET", "/groups", none.clone(), [401, 200, 200, 200, 200]),
        ("POST", "/groups/join", json!({"group": "nothing"}), [401, 404, 404, 404, 404]),
        ("POST", "/uploads", json!({"name": "a.txt", "size": 1}), [401, 201, 201, 201, 201]),
        ("GET", "/uploads/x", none.clone(), [401, 404, 404, 404, 404]),
        ("PATCH", "/uploads/x", none.clone(), [401, 404, 404, 404, 404]),
        ("DELETE", "/uploads/x", none.clone(), [401, 404, 404, 404, 404]),
        ("GET", "/files/abcdef", none.clone(), [401, 404, 404, 404, 404]),
        ("GET", "/files/abcdef/a.txt", none.clone(), [401, 404, 404, 404, 404]),
        ("GET", "/rooms", none.clone(), [401, 200, 200, 200, 200]),
        ("GET", "/rooms/lobi", none.clone(), [401, 200, 200, 200, 200]),
        ("GET", "/rooms/%0A", none.clone(), [401, 400, 400, 400, 400]),
        ("GET", "/contacts", none.clone(), [401, 200, 200, 200, 200]),
        ("PUT", "/contacts/nobody", none.clone(), [401, 404, 404, 404, 404]),
        ("DELETE", "/contacts/izza", none.clone(), [401, 204, 204, 204, 204]),
        ("GET", "/search?q=halo", none.clone(), [401, 200, 200, 200, 200]),
        ("GET", "/tokens", none.clone(), [401, 200, 200, 200, 200]),
        ("POST", "/tokens", json!({"name": "bot", "scopes": ["read"]}), [401, 201, 201, 201, 201]),
        ("DELETE", "/tokens/s999999", none.clone(), [401, 404, 404, 404, 404]),
        ("GET", "/realms", none.clone(), [401, 200, 200, 200, 200]),
        (
            "POST",
            "/realms",
            json!({"name": "b", "host": "b", "port": 1}),
            [401, 403, 403, 403, 403],
        ),
        ("POST", "/realms", json!({"invite": "x"}), [401, 403, 403, 403, 403]),
        ("POST", "/realms/invite", none.clone(), [401, 403, 403, 403, 403]),
        ("POST", "/realms/b/accept", none.clone(), [401, 404, 403, 403, 403]),
        ("POST", "/realms/b/block", none.clone(), [401, 404, 403, 403, 403]),
        ("DELETE", "/realms/b", none.clone(), [401, 404, 403, 403, 403]),
        ("GET", "/realms/b/checks", none.clone(), [401, 404, 403, 403, 403]),
        ("GET", "/people/izza@b", none.clone(), [401, 404, 404, 404, 404]),
        ("PUT", "/contacts/izza@b", none.clone(), [401, 404, 404, 404, 404]),
        ("GET", "/admin/overview", none.clone(), [401, 200, 403, 403, 403]),
        ("GET", "/admin/users", none.clone(), [401, 200, 403, 403, 403]),
        ("POST", "/admin/users", json!({"username": "baru"}), [401, 201, 403, 403, 403]),
        ("PATCH", "/admin/users/maya", json!({"role": "user"}), [401, 204, 403, 403, 403]),
        ("PATCH", "/admin/users/nobody", json!({}), [401, 404, 403, 403, 403]),
        ("POST", "/admin/users/nobody/password", none.clone(), [401, 404, 403, 403, 403]),
        ("DELETE", "/admin/users/nobody/sessions", none.clone(), [401, 404, 403, 403, 403]),
    ];
    rows.extend(rows_of_conversations());
    // After this they are nobody.
    rows.push(("DELETE", "/sessions/current", none, [401, 204, 204, 204, 204]));
    rows
}

fn rows_of_conversations() -> Vec<Row> {
    let none = Value::Null;
    let text = json!({"text": "halo"});
    vec![
        ("GET", "/conversations", none.clone(), [401, 200, 200, 200, 200]),
        ("POST", "/conversations", json!({"with": "izza"}), [401, 200, 200, 200, 200]),
        ("GET", "/conversations/x", none.clone(), [401, 404, 404, 404, 404]),
        ("GET", "/conversations/c999", none.clone(), [401, 403, 403, 403, 403]),
        ("GET", "/conversations/G", none.clone(), [401, 403, 403, 200, 200]),
        ("GET", "/conversations/D", none.clone(), [401, 403, 403, 200, 200]),
        ("PATCH", "/conversations/G", json!({"visibility": "private"}), [401, 403, 403, 403, 200]),
        ("GET", "/conversations/G/messages", none.clone(), [401, 403, 403, 200, 200]),
        ("GET", "/conversations/D/messages", none.clone(), [401, 403, 403, 200, 200]),
        ("POST", "/conversations/G/messages", text.clone(), [401, 403, 403, 201, 201]),
        ("POST", "/conversations/D/messages", text.clone(), [401, 403, 403, 201, 201]),
        ("PATCH", "/conversations/G/messages/1", text.clone(), [401, 403, 403, 403, 200]),
        ("DELETE", "/conversations/G/messages/1", none.clone(), [401, 403, 403, 403, 204]),
        ("DELETE", "/conversations/G/messages/99", none.clone(), [401, 403, 403, 404, 404]),
        (
            "PUT",
            "/conversations/G/messages/1/reactions/👍",
            none.clone(),
            [401, 403, 403, 204, 204],
        ),
        (
            "DELETE",
            "/conversations/G/messages/1/reactions/👍",
            none.clone(),
            [401, 403, 403, 204, 204],
        ),
        ("PUT", "/conversations/G/read", json!({"seq": 1}), [401, 403, 403, 200, 200]),
        ("POST", "/conversations/G/typing", none.clone(), [401, 403, 403, 204, 204]),
        ("GET", "/conversations/G/waiting", none.clone(), [401, 403, 403, 200, 200]),
        ("GET", "/conversations/D/waiting", none.clone(), [401, 403, 403, 200, 200]),
        ("DELETE", "/conversations/G/waiting/o9", none.clone(), [401, 404, 404, 404, 404]),
        ("GET", "/conversations/G/members", none.clone(), [401, 403, 403, 200, 200]),
        (
            "POST",
            "/conversations/G/members",
            json!({"usernames": ["nania"]}),
            [401, 403, 403, 403, 200],
        ),
        (
            "PATCH",
            "/conversations/G/members/izza",
            json!({"role": "member"}),
            [401, 403, 403, 403, 204],
        ),
        ("DELETE", "/conversations/G/members/messi", none.clone(), [401, 403, 403, 403, 204]),
        ("DELETE", "/conversations/G/members/izza", none.clone(), [401, 403, 403, 204, 404]),
        ("GET", "/conversations/G/invitations", none.clone(), [401, 403, 403, 403, 200]),
        ("POST", "/conversations/G/invitations", json!({}), [401, 403, 403, 403, 201]),
        (
            "DELETE",
            "/conversations/G/invitations/abcdef2345",
            none.clone(),
            [401, 403, 403, 403, 404],
        ),
        ("GET", "/conversations/G/hooks", none.clone(), [401, 403, 403, 200, 200]),
        ("POST", "/conversations/G/hooks", json!({"name": "ci"}), [401, 403, 403, 403, 201]),
        ("DELETE", "/conversations/G/hooks/h99", none.clone(), [401, 403, 403, 404, 404]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_may_do_what_they_may_and_no_more() {
    let world = World::new().await;
    let mut tokens = vec![String::new()];
    for name in ["nania", "maya", "izza", "messi"] {
        tokens.push(world.register(name).await);
    }
    let [_, _, maya, izza, messi] = &tokens[..] else { unreachable!() };
    let direct = world.direct(izza, "messi").await;
    world.say(izza, &direct, "halo").await;
    let mut faults = Vec::new();
    for (n, (method, path, body, expected)) in rows().into_iter().enumerate() {
        let group = world.group(messi, &format!("kelompok {n}")).await;
        let guests = json!({"usernames": ["izza", "maya"]});
        world.tell(messi, "POST", &format!("/conversations/{group}/members"), guests).await;
        let leave = format!("/conversations/{group}/members/maya");
        world.tell(maya, "DELETE", &leave, Value::Null).await;
        world.say(messi, &group, "selamat datang").await;
        let path = path.replace("/G", &format!("/{group}")).replace("/D", &format!("/{direct}"));
        let path = path.replace('👍', "%F0%9F%91%8D");
        for (who, (token, expected)) in tokens.iter().zip(expected).enumerate() {
            let answer = world.ask(token, method, &path, body.clone()).await;
            if answer.status != expected {
                let got = answer.status.as_u16();
                faults.push(format!(
                    "{method} {path} as {who}: {got}, not {expected}; {}",
                    answer.code()
                ));
            }
            let is_refused = answer.status.is_client_error();
            assert_eq!(
                is_refused,
                !answer.code().is_empty(),
                "{method} {path}: a refusal has a code"
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_may_only_read_changes_nothing() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    let note = world.direct(&messi, "messi").await;
    let new = json!({"name": "bot", "scopes": ["read"]});
    let bot = world.tell(&messi, "POST", "/tokens", new).await;
    let reader = bot["token"].as_str().unwrap();
    let new = json!({"name": "bot 2", "scopes": ["read", "write"]});
    let bot = world.tell(&messi, "POST", "/tokens", new).await;
    let writer = bot["token"].as_str().unwrap();
    let path = format!("/conversations/{note}/messages");
    world.get(reader, &path).await;
    let refused = world.ask(reader, "POST", &path, json!({"text": "x"})).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "not_allowed"));
    world.tell(writer, "POST", &path, json!({"text": "x"})).await;
    let refused = world.ask(writer, "GET", "/tokens", Value::Null).await;
    assert_eq!(refused.status, 403, "a program does not let others in");
    let ended = format!("/tokens/{}", bot["id"].as_str().unwrap());
    world.tell(&messi, "DELETE", &ended, Value::Null).await;
    assert_eq!(world.ask(writer, "GET", "/me", Value::Null).await.status, 401);
}
