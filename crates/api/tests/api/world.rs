//! A realm in memory with an admin, a member, somebody who left, and a stranger.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use kabar_api::{Listener, Peer, Place, Router, Site, Speaks};
use kabar_engine::testing::{MemoryBlobs, MemoryStore};
use kabar_engine::{Engine, LocalBus, Settings, Store, SystemClock};
use kabar_model::RealmName;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::schema::Document;

/// Where requests seem to come from.
const HERE: Peer = Peer { address: IpAddr::V4(Ipv4Addr::LOCALHOST), is_https: false };

pub(crate) struct World {
    pub(crate) routes: Router,
    pub(crate) engine: Arc<Engine>,
    pub(crate) site: Site,
    document: Document,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) fn site() -> Site {
    let address = (Ipv4Addr::LOCALHOST, 8889).into();
    let listeners = vec![Listener { address, speaks: Speaks::Auto }];
    Site::from(Place { realm: "kampus".into(), listeners, demo: None })
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::new(RealmName::parse("kampus").unwrap())).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::over(settings, MemoryBlobs::default()).await
    }

    pub(crate) async fn over(settings: Settings, blobs: MemoryBlobs) -> Self {
        Self::on(settings, Arc::new(MemoryStore::default()), blobs).await
    }

    pub(crate) async fn on(settings: Settings, store: Arc<dyn Store>, blobs: MemoryBlobs) -> Self {
        let engine = Engine::start(
            settings,
            store,
            Arc::new(blobs),
            Arc::new(LocalBus::default()),
            Arc::new(SystemClock::default()),
        );
        let engine = engine.await.unwrap();
        let follower = Arc::clone(&engine);
        tokio::spawn(async move { follower.follow().await });
        tokio::task::yield_now().await;
        let site = site();
        let routes = kabar_api::router(Arc::clone(&engine), site.clone());
        let document = Document::of(&routes).await;
        Self { routes, engine, site, document }
    }

    /// Makes an account and signs in.
    pub(crate) async fn register(&self, username: &str) -> String {
        let body = json!({"username": username, "password": "surabaya"});
        let answer = self.ask("", "POST", "/accounts", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// Asks with a token (none: `""`) and a JSON body (none: `null`). The answer must be as documented.
    pub(crate) async fn ask(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if !token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }

    /// The JSON of an answer that is no refusal.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Value {
        let answer = self.ask(token, "GET", path, Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json());
        answer.json()
    }

    /// As [`World::get`], for what is sent.
    pub(crate) async fn tell(&self, token: &str, method: &str, path: &str, body: Value) -> Value {
        let answer = self.ask(token, method, path, body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.json());
        answer.json()
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<Peer>().is_none() {
            request.extensions_mut().insert(HERE);
        }
        if !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, "127.0.0.1:8889".parse().unwrap());
        }
        let (method, uri): (Method, _) = (request.method().clone(), request.uri().clone());
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        if let Some(path) = uri.path().strip_prefix("/api/v1") {
            self.document.check(&method, path, &answer);
        }
        answer
    }

    /// What is wrong with a value that is to be a documented object of that name.
    pub(crate) fn faults_of(&self, name: &str, value: &Value) -> Vec<String> {
        self.document.faults_of(name, value)
    }

    /// The direct conversation of two people.
    pub(crate) async fn direct(&self, token: &str, with: &str) -> String {
        let conversation = self.tell(token, "POST", "/conversations", json!({"with": with})).await;
        conversation["id"].as_str().unwrap().to_owned()
    }

    /// The id of something that was made or shown.
    pub(crate) fn id_of(shown: &Value) -> String {
        shown["id"].as_str().unwrap().to_owned()
    }

    /// A group of this admin's.
    pub(crate) async fn group(&self, token: &str, name: &str) -> String {
        let group = self.tell(token, "POST", "/groups", json!({"name": name})).await;
        group["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn say(&self, token: &str, conversation: &str, text: &str) -> Value {
        let path = format!("/conversations/{conversation}/messages");
        self.tell(token, "POST", &path, json!({"text": text})).await
    }
}
