//! The pages: the front page, the app, the description of the API.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, COOKIE, ETAG, HOST, IF_NONE_MATCH, VARY,
};
use http_body_util::BodyExt;
use kabar_engine::{RegistrationPolicy, Settings};
use kabar_model::RealmName;
use tower::ServiceExt;

use crate::world::{Answer, World, site};

async fn get(routes: &kabar_api::Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(routes, "GET", path, headers).await
}

async fn ask(
    routes: &kabar_api::Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_served_as_the_app_with_its_placeholders_filled_in() {
    let world = World::new().await;
    let web = tempfile::tempdir().unwrap();
    let page =
        "<html lang={{lang}} data-theme={{theme}}><script src={{assets}}/app/main.js></script>";
    std::fs::write(web.path().join("index.html"), page).unwrap();
    std::fs::write(web.path().join("sw.js"), "'{{assets}}'").unwrap();
    std::fs::write(web.path().join("package.json"), "{}").unwrap();
    std::fs::create_dir(web.path().join("app")).unwrap();
    std::fs::write(web.path().join("app/main.js"), "1").unwrap();
    let site = kabar_api::Site { web_dir: Some(web.path().to_owned()), ..site() };
    let routes = kabar_api::router(world.engine.clone(), site);
    for (path, headers, body) in [
        ("/app", vec![], "<html lang=en data-theme=system>"),
        ("/app/c/c12", vec![(ACCEPT_LANGUAGE.as_str(), "id")], "<html lang=id data-theme=system>"),
        ("/app", vec![(COOKIE.as_str(), "theme=dark; lang=id")], "<html lang=id data-theme=dark>"),
        (
            "/app",
            vec![(COOKIE.as_str(), "theme=\"><x; lang=x")],
            "<html lang=en data-theme=system>",
        ),
    ] {
        let answer = get(&routes, path, &headers).await;
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.starts_with(body) && text.contains("/_app/dev/app/main.js"), "{text}");
        assert!(
            answer.headers[CONTENT_SECURITY_POLICY].to_str().unwrap().contains("trusted-types")
        );
        assert_eq!(answer.headers[CACHE_CONTROL], "no-cache");
        let tag = answer.headers[ETAG].to_str().unwrap();
        let cases = [
            (tag.to_owned(), 304),
            (format!("W/{tag}"), 304),
            (format!("\"x\", {tag}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
        ];
        for (said, status) in &cases {
            let mut known = headers.clone();
            known.push((IF_NONE_MATCH.as_str(), said));
            let again = get(&routes, path, &known).await;
            assert_eq!(
                (again.status.as_u16(), &again.headers[ETAG]),
                (*status, &answer.headers[ETAG])
            );
        }
        let head = ask(&routes, "HEAD", path, &headers).await;
        assert_eq!((head.status, head.body.len()), (answer.status, 0));
        assert_eq!(head.headers, answer.headers);
    }
    let worker = get(&routes, "/sw.js", &[]).await;
    assert_eq!(worker.headers["service-worker-allowed"], "/app");
    assert_eq!(worker.body, b"'/_app/dev'");
    let module = get(&routes, "/_app/dev/app/main.js", &[]).await;
    assert_eq!(module.headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
    for none in
        ["/_app/x/app/main.js", "/_app/dev/package.json", "/_app/dev/app/%2e%2e/package.json"]
    {
        assert_eq!(get(&routes, none, &[]).await.status, 404, "{none}");
    }
    let strange = get(&routes, "/app", &[(HOST.as_str(), "x")]).await;
    assert_eq!(strange.status, 200, "the first Host header counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_page_that_starts_the_worker_may_make_an_address_trusted() {
    let world = World::new().await;
    let web = tempfile::tempdir().unwrap();
    std::fs::write(web.path().join("index.html"), "app {{assets}}").unwrap();
    std::fs::write(web.path().join("offline.html"), "offline {{assets}} {{lang}}").unwrap();
    std::fs::write(web.path().join("sw.js"), "1").unwrap();
    let site = kabar_api::Site { web_dir: Some(web.path().to_owned()), ..site() };
    let routes = kabar_api::router(world.engine.clone(), site);
    for (path, body, trusted) in [
        ("/app", "app /_app/dev", "trusted-types 'none'"),
        ("/app/settings/offline", "app /_app/dev", "trusted-types 'none'"),
        ("/app/offline/x", "app /_app/dev", "trusted-types 'none'"),
        ("/app/offline", "offline /_app/dev en", "trusted-types kabar-worker"),
        ("/sw.js", "1", "trusted-types 'none'"),
    ] {
        let answer = get(&routes, path, &[]).await;
        assert_eq!(String::from_utf8(answer.body).unwrap(), body, "{path}");
        let policy = answer.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("require-trusted-types-for 'script';"), "{path}: {policy}");
        assert!(policy.ends_with(trusted), "{path}: {policy}");
    }
    std::fs::remove_file(web.path().join("offline.html")).unwrap();
    let answer = get(&routes, "/app/offline", &[]).await;
    assert_eq!(answer.body, b"app /_app/dev");
    let policy = answer.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.ends_with("trusted-types 'none'"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_program_goes_out_packed_as_the_browser_takes_it() {
    let world = World::new().await;
    let page = get(&world.routes, "/app", &[]).await;
    if page.status == 404 {
        return; // Built without the directory `web`.
    }
    let page = String::from_utf8(page.body).unwrap();
    let assets = page.split_once("/_app/").unwrap().1.split_once('/').unwrap().0;
    let path = format!("/_app/{assets}/app/main.js");
    let plain = get(&world.routes, &path, &[]).await;
    assert_eq!((plain.status.as_u16(), plain.headers.get(CONTENT_ENCODING)), (200, None));
    for (accepted, encoding) in
        [("gzip, br", "br"), ("br;q=0, gzip", "gzip"), ("gzip;q=0.5", "gzip"), ("*", "br")]
    {
        let headers = [(ACCEPT_ENCODING.as_str(), accepted)];
        let packed = get(&world.routes, &path, &headers).await;
        assert_eq!(packed.headers[CONTENT_ENCODING], encoding, "{accepted}");
        assert_eq!(packed.headers[VARY], "Accept-Encoding");
        assert_eq!(packed.headers[CONTENT_TYPE], plain.headers[CONTENT_TYPE]);
        assert!(packed.headers[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        let mut unpacked = Vec::new();
        if encoding == "br" {
            brotli::BrotliDecompress(&mut &packed.body[..], &mut unpacked).unwrap();
        } else {
            let mut packed = flate2::read::GzDecoder::new(&packed.body[..]);
            std::io::Read::read_to_end(&mut packed, &mut unpacked).unwrap();
        }
        assert!(unpacked == plain.body, "{accepted}");
        let head = ask(&world.routes, "HEAD", &path, &headers).await;
        assert_eq!((head.body.len(), head.headers), (0, packed.headers));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_forbids_what_it_does_not_need() {
    let world = World::new().await;
    for path in ["/", "/api/v1/docs"] {
        let page = get(&world.routes, path, &[]).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = page.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{path}: {policy}");
        assert_eq!(page.headers["x-frame-options"], "DENY");
        let text = String::from_utf8(page.body).unwrap();
        assert!(!text.contains("<script") && !text.contains("style=") && !text.contains("src="));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_operation_once() {
    let world = World::new().await;
    let document = get(&world.routes, "/api/v1/openapi.json", &[]).await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let page = get(&world.routes, "/api/v1/docs", &[]).await;
    let page = String::from_utf8(page.body).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let named = format!("<h3><code>{} {path}</code></h3>", method.to_uppercase());
            assert_eq!(page.matches(&named).count(), 1, "{named}");
            assert!(operation["summary"].is_string(), "{named}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_page_says_how_one_gets_an_account() {
    for (registration, words) in [
        (RegistrationPolicy::Open, "register NAME PASSWORD COUNTRY"),
        (RegistrationPolicy::Invite, "invitation link"),
        (RegistrationPolicy::Closed, "Who runs this server"),
    ] {
        let settings = Settings::new(RealmName::parse("kampus").unwrap());
        let world = World::with(Settings { registration, ..settings }).await;
        let front = async || String::from_utf8(get(&world.routes, "/", &[]).await.body).unwrap();
        let page = front().await;
        assert!(page.contains(words) && page.contains("<h1>kampus</h1>"), "{page}");
        assert!(page.contains("nc 127.0.0.1 8889") && !page.contains("first administrator"));
        let secret = world.engine.setup_secret().await.unwrap().unwrap();
        let page = front().await;
        assert!(page.contains("first administrator") && !page.contains(&secret), "{page}");
    }
}
