//! Somebody who uses the HTTP API.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Client, eventually};

/// Signed in over HTTP.
pub(crate) struct Api {
    address: SocketAddr,
    token: String,
}

impl Api {
    /// With the password of the demo's accounts.
    pub(crate) fn login(address: SocketAddr, user: &str) -> Self {
        let mut api = Self { address, token: String::new() };
        let wish = json!({"username": user, "password": "surabaya"});
        let (status, said) = api.ask("POST /sessions", &wish);
        assert_eq!(status, 201, "{said}");
        said["token"].as_str().unwrap_or_else(|| panic!("{said}")).clone_into(&mut api.token);
        api
    }

    /// As whoever that session is of.
    pub(crate) fn of(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.to_owned() }
    }

    /// Asks; the status, and the answer if that is JSON.
    pub(crate) fn ask(&self, request: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let (status, said) = self.http(request, headers, body.as_bytes());
        (status, serde_json::from_slice(&said).unwrap_or(Value::Null))
    }

    /// Asks what must succeed.
    #[track_caller]
    pub(crate) fn must(&self, request: &str, body: &Value) -> Value {
        let (status, said) = self.ask(request, body);
        assert!((200..300).contains(&status), "{request} {body}: {status} {said}");
        said
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.must(&format!("GET {path}"), &Value::Null)
    }

    /// Asks with these headers, each with its line's end; the status and the body.
    pub(crate) fn http(&self, request: &str, headers: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let (method, path) = request.split_once(' ').unwrap();
        let Self { address, token } = self;
        let path =
            if path.starts_with("/api/") { path.to_owned() } else { format!("/api/v1{path}") };
        let signed = if token.is_empty() {
            String::new()
        } else {
            format!("Authorization: Bearer {token}\r\n")
        };
        let mut client = Client::connect(*address);
        let length = body.len();
        client.write(
            format!(
                "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
                 {signed}{headers}Content-Length: {length}\r\n\r\n"
            )
            .as_bytes(),
        );
        client.write(body);
        let answer = client.hear_bytes();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&answer[..end]).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer[end + 4..].to_vec())
    }

    /// The conversation with somebody.
    #[track_caller]
    pub(crate) fn direct(&self, with: &str) -> String {
        id(&self.must("POST /conversations", &json!({"with": with})))
    }

    /// The conversation of a group that one is in, by its name here.
    pub(crate) fn group(&self, name: &str) -> String {
        eventually(name, || {
            let all = self.get("/conversations")["conversations"].clone();
            let all = all.as_array().unwrap().clone();
            all.iter().find(|talk| talk.to_string().contains(&format!("\"{name}\""))).map(id)
        })
    }

    #[track_caller]
    pub(crate) fn say(&self, conversation: &str, text: &str) -> Value {
        self.must(&format!("POST /conversations/{conversation}/messages"), &json!({"text": text}))
    }

    /// All that was said, in order.
    #[track_caller]
    pub(crate) fn messages(&self, conversation: &str) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let path = format!("/conversations/{conversation}/messages?after={after}&limit=200");
            let page = self.get(&path)["messages"].as_array().unwrap().clone();
            let Some(last) = page.last() else { return all };
            after = last["seq"].as_i64().unwrap();
            all.extend(page);
        }
    }

    /// The message with that text, once it is there.
    #[track_caller]
    pub(crate) fn message(&self, conversation: &str, text: &str) -> Value {
        eventually(text, || {
            self.messages(conversation).into_iter().find(|message| message["text"] == text)
        })
    }

    /// What is on its way to its home, and what failed.
    #[track_caller]
    pub(crate) fn waiting(&self, conversation: &str) -> Vec<Value> {
        self.get(&format!("/conversations/{conversation}/waiting"))["messages"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Uploads a file and posts it.
    #[track_caller]
    pub(crate) fn send_file(&self, conversation: &str, name: &str, contents: &[u8]) -> Value {
        let size = contents.len();
        let upload = id(&self.must("POST /uploads", &json!({"name": name, "size": size})));
        let headers = "Content-Type: application/octet-stream\r\nUpload-Offset: 0\r\n";
        let (status, said) = self.http(&format!("PATCH /uploads/{upload}"), headers, contents);
        assert_eq!(status, 200, "{}", said.escape_ascii());
        let path = format!("POST /conversations/{conversation}/messages");
        self.must(&path, &json!({"upload": upload}))
    }
}

#[track_caller]
fn id(said: &Value) -> String {
    said["id"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
}
