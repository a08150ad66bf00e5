//! Signing in, the cookie, hosts, languages, and bodies that are not as they must be.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN, RETRY_AFTER, SET_COOKIE,
};
use kabar_api::Peer;
use serde_json::{Value, json};

use crate::world::{Answer, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_with_the_right_password_and_ends_when_it_is_ended() {
    let world = World::new().await;
    let first = world.register("messi").await;
    let me = world.get(&first, "/me").await;
    assert_eq!((&me["role"], &me["settings"]), (&json!("administrator"), &json!({})));
    for (username, password, code) in [
        ("messi", "wrong", "wrong_password"),
        ("nobody", "x", "user_unknown"),
        ("a b", "x", "user_unknown"),
    ] {
        let body = json!({"username": username, "password": password});
        let answer = world.ask("", "POST", "/sessions", body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, code));
    }
    let body = json!({"username": " Messi ", "password": "surabaya"});
    let second = world.tell("", "POST", "/sessions", body).await;
    let second = second["token"].as_str().unwrap();
    let listed = world.get(second, "/sessions").await;
    let other = listed["sessions"].as_array().unwrap().iter().find(|s| s["current"] == false);
    let other = other.unwrap()["id"].as_str().unwrap().to_owned();
    world.tell(second, "DELETE", &format!("/sessions/{other}"), Value::Null).await;
    assert_eq!(world.ask(&first, "GET", "/me", Value::Null).await.code(), "unauthorized");
    let new = json!({"old": "surabaya", "new": "jakarta"});
    let third = world.tell(second, "POST", "/sessions/token", Value::Null).await;
    world.tell(second, "POST", "/me/password", new).await;
    let third = third["token"].as_str().unwrap();
    assert_eq!(world.ask(third, "GET", "/me", Value::Null).await.status, 401);
    world.tell(second, "DELETE", "/sessions", Value::Null).await;
    assert_eq!(world.ask(second, "GET", "/me", Value::Null).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_takes_itself_for_another_person_does_nothing() {
    let world = World::new().await;
    let (messi, rene) = (world.register("messi").await, world.register("rené").await);
    for (token, meant, status) in [
        (&messi, "messi", 200),
        (&messi, "izza", 401),
        (&messi, "", 401),
        (&rene, "ren%C3%A9", 200),
        (&rene, "rene", 401),
        (&rene, "%FF", 401),
    ] {
        let request = Request::get("/api/v1/me")
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header("Kabar-User", meant);
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{meant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_is_told_how_long_to_wait() {
    let world = World::new().await;
    world.register("messi").await;
    let body = json!({"username": "messi", "password": "wrong"});
    for _ in 0..5 {
        assert_eq!(world.ask("", "POST", "/sessions", body.clone()).await.code(), "wrong_password");
    }
    let answer = world.ask("", "POST", "/sessions", body).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "too_many_attempts"));
    assert_eq!(answer.headers[RETRY_AFTER], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_changes_things_only_from_a_page_of_ours() {
    let world = World::new().await;
    let body = json!({"username": "messi", "password": "surabaya", "cookie": true});
    let answer = world.ask("", "POST", "/accounts", body).await;
    assert_eq!(answer.json()["token"], Value::Null);
    let set = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(
        set.contains("; HttpOnly; SameSite=Strict; Path=/;") && !set.contains("Secure"),
        "{set}"
    );
    let cookie = set.split(';').next().unwrap();
    let ask = async |method: &str, path: &str, origin: Option<&str>, upgrade: bool| {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        request = request.header(COOKIE, format!("theme=dark; {cookie}"));
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        if upgrade {
            request = request.header("upgrade", "websocket");
        }
        world.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(ask("GET", "/me", None, false).await.status, 200);
    let ours = Some("http://127.0.0.1:8889");
    for theirs in [None, Some("null"), Some("http://127.0.0.1:9"), Some("https://evil.example")] {
        for (method, path, upgrade) in
            [("POST", "/sessions/token", false), ("GET", "/events", true)]
        {
            let answer = ask(method, path, theirs, upgrade).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "origin_mismatch"));
        }
    }
    assert_eq!(ask("POST", "/sessions/token", ours, false).await.status, 201);
    let ended = ask("DELETE", "/sessions/current", ours, false).await;
    assert!(ended.headers[SET_COOKIE].to_str().unwrap().contains("kabar_session=;"));
    assert_eq!(ask("GET", "/me", None, false).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_the_cookie_is_secure_and_bound_to_the_host() {
    let world = World::new().await;
    let ask = async |method: &str, path: &str, cookie: &str, body: Value| {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request
            .header(HOST, "localhost")
            .header(ORIGIN, "https://localhost")
            .header(CONTENT_TYPE, "application/json")
            .header(COOKIE, cookie)
            .extension(Peer { address: "192.0.2.7".parse().unwrap(), is_https: true });
        world.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let cookies = |answer: &Answer| -> Vec<String> {
        let all = answer.headers.get_all(SET_COOKIE).iter();
        all.map(|value| value.to_str().unwrap().to_owned()).collect()
    };
    let body = json!({"username": "messi", "password": "surabaya", "cookie": true});
    let answer = ask("POST", "/accounts", "", body).await;
    assert_eq!(
        answer.json()["user"]["role"],
        "user",
        "who comes by a proxy is not on this machine"
    );
    let [set, gone] = &cookies(&answer)[..] else { panic!("two cookies") };
    // What makes a browser take the prefix: Secure, Path=/ and no Domain (RFC 6265bis, cookie name prefixes).
    assert!(set.starts_with("__Host-kabar_session=") && set.ends_with("; Secure"), "{set}");
    assert!(set.contains("; Path=/;") && !set.contains("Domain"), "{set}");
    assert!(gone.starts_with("kabar_session=;") && gone.contains("Max-Age=0"), "{gone}");
    let secure = set.split(';').next().unwrap();
    let plain = secure.strip_prefix("__Host-").unwrap();
    for (cookie, status) in [
        (secure.to_owned(), 200),
        (plain.to_owned(), 401),
        (format!("kabar_session=x; {secure}"), 200),
        (format!("{plain}; __Host-kabar_session=x"), 401),
    ] {
        assert_eq!(ask("GET", "/me", &cookie, Value::Null).await.status, status, "{cookie}");
    }
    let from_plain = Request::post("/api/v1/sessions/token")
        .header(HOST, "localhost")
        .header(ORIGIN, "http://localhost")
        .header(COOKIE, secure)
        .extension(Peer { address: "192.0.2.7".parse().unwrap(), is_https: true });
    let answer = world.send(from_plain.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.code(), "origin_mismatch", "a page that came unencrypted may be anybody's");
    let ended = ask("DELETE", "/sessions/current", secure, Value::Null).await;
    for cookie in cookies(&ended) {
        assert!(cookie.contains("kabar_session=;") && cookie.contains("Max-Age=0"), "{cookie}");
    }
    assert_eq!(cookies(&ended).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strange_host_is_turned_away_in_the_language_asked_for() {
    let world = World::new().await;
    for (host, lang, status, words) in [
        ("evil.example", "en", 421, "does not know itself as evil.example"),
        ("evil.example", "id-ID, en;q=0.5", 421, "tidak mengenal dirinya"),
        ("localhost", "en", 200, ""),
    ] {
        let request =
            Request::get("/api/v1/realm").header(HOST, host).header(ACCEPT_LANGUAGE, lang);
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status);
        assert!(String::from_utf8(answer.body).unwrap().contains(words), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_as_it_must_be_is_named() {
    let world = World::new().await;
    let long = format!("{{\"username\":\"{}\"}}", "x".repeat(256 * 1024));
    for (kind, body, status, code, field) in [
        ("application/json", "{", 400, "not_json", ""),
        ("application/json", "{\"username\":\"x\",\"password\":\"x\"} {}", 400, "not_json", ""),
        ("text/plain", "{}", 415, "not_json", ""),
        ("application/json", "{\"password\":\"x\"}", 400, "missing_field", "username"),
        (
            "application/json",
            "{\"username\":1,\"password\":\"x\"}",
            400,
            "invalid_field",
            "username",
        ),
        (
            "application/json",
            "{\"username\":\"a b\",\"password\":\"x\"}",
            400,
            "invalid_field",
            "username",
        ),
        ("application/json", long.as_str(), 413, "too_large", ""),
    ] {
        let request = Request::post("/api/v1/accounts").header(CONTENT_TYPE, kind);
        let answer = world.send(request.body(Body::from(body.to_owned())).unwrap()).await;
        let start = &body[..body.len().min(60)];
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{start}");
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains(field), "{message}");
    }
    let messi = world.register("messi").await;
    for (path, field) in [("/people?limit=x", "limit"), ("/search?q=to:x", "to: ")] {
        let answer = world.ask(&messi, "GET", path, Value::Null).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "invalid_field"));
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains(field), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_absent_stays_and_null_takes_away() {
    let world = World::new().await;
    let messi = world.register("messi").await;
    let large = json!({"settings": {"x": "y".repeat(16 * 1024)}});
    assert_eq!(world.ask(&messi, "PATCH", "/me", large).await.code(), "too_long");
    let settings = json!({"enter": "newline"});
    for (change, country, kept) in [
        (json!({"country": "Argentina", "settings": settings}), json!("Argentina"), &settings),
        (json!({"name": "Lionel Messi"}), json!("Argentina"), &settings),
        (json!({"country": null}), Value::Null, &settings),
        (json!({"settings": {}}), Value::Null, &json!({})),
    ] {
        let me = world.tell(&messi, "PATCH", "/me", change.clone()).await;
        assert_eq!((&me["country"], &me["settings"]), (&country, kept), "{change}");
    }
    assert_eq!(world.get(&messi, "/people/messi").await["name"], "Lionel Messi");
}
