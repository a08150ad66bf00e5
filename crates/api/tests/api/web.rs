//! The pages: the front page, the app, the description of the API.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, ETAG, HOST,
    IF_NONE_MATCH,
};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::world::{Answer, World, site};

async fn get(routes: &kabar_api::Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path).header(HOST, "localhost");
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
        let mut known = headers.clone();
        known.push((IF_NONE_MATCH.as_str(), tag));
        assert_eq!(get(&routes, path, &known).await.status, 304);
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
