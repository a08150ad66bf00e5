//! A realm that is only played: it has keys, a port and a way of answering, and it says whatever a test wants.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kabar_federation::keys::{KeyStatement, SecretKey};
use kabar_federation::random;
use kabar_federation::signature::{
    DIGEST_HEADER, FROM_HEADER, INPUT_HEADER, RequestParts, ResponseParts, SIGNATURE_HEADER,
    SignedHeaders, TO_HEADER, sign_request, sign_response,
};
use kabar_federation::wire::{self, JSON, PostBody, SignedPost};
use kabar_model::{RealmName, Timestamp};
use serde_json::{Value, json};

use super::{PATIENCE, eventually};

/// How it answers.
#[derive(Clone, Debug, Default)]
pub(crate) enum Manner {
    /// As it should: it takes everything.
    #[default]
    Honest,
    /// Never.
    Silent,
    /// To a hello once it behaves otherwise; else as it should.
    Hesitates,
    /// With so many bytes.
    Huge(usize),
    /// With headers that do not end.
    EndlessHeaders,
    /// That one should ask there.
    Redirect(SocketAddr),
    /// With what was signed for another request.
    ForAnother,
    /// With an answer to an earlier request.
    Replayed,
    /// In the name of another realm.
    As(&'static str),
    /// With what another key signed.
    OtherKey,
    /// With these bytes, well signed.
    Says(String),
    /// Items with this, and a wish for some with its `pulled`; else as it should.
    Acknowledges(Value),
}

/// A request that it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// All of it, as it came.
    pub(crate) bytes: Vec<u8>,
}

/// A realm that is played.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) ways: Arc<Ways>,
    /// Whom it talks to.
    to: (SocketAddr, RealmName),
    /// The number of the next item.
    next: AtomicU64,
}

/// What its threads share.
pub(crate) struct Ways {
    pub(crate) realm: RealmName,
    root: SecretKey,
    key: SecretKey,
    stated: KeyStatement,
    manner: Mutex<Manner>,
    pub(crate) asked: Mutex<Vec<Asked>>,
    asked_count: AtomicUsize,
    kept: Mutex<Option<Vec<u8>>>,
    gone: AtomicBool,
}

impl Peer {
    /// A realm of that name that nobody knows yet. `to`: where the realm is that it will talk to, and what that is
    /// called.
    pub(crate) fn new(name: &str, to: (SocketAddr, &str)) -> Self {
        let realm = RealmName::parse(name).unwrap();
        let [root, key] = [(); 2].map(|()| SecretKey::generate().unwrap());
        let stated = KeyStatement::sign(&root, realm.clone(), key.public(), Timestamp(1));
        let ways = Arc::new(Ways {
            realm,
            root,
            key,
            stated,
            manner: Mutex::default(),
            asked: Mutex::default(),
            asked_count: AtomicUsize::new(0),
            kept: Mutex::default(),
            gone: AtomicBool::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answering = Arc::clone(&ways);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if answering.is_gone() {
                    return;
                }
                let ways = Arc::clone(&answering);
                thread::spawn(move || ways.answer_all(stream));
            }
        });
        let to = (to.0, RealmName::parse(to.1).unwrap());
        Self { address, ways, to, next: AtomicU64::new(1) }
    }

    /// The same, linked to it.
    pub(crate) fn linked(name: &str, to: (SocketAddr, &str)) -> Self {
        let peer = Self::new(name, to);
        let (status, said) = peer.hello();
        assert_eq!((status, &said["linked"]), (200, &json!(true)), "{said}");
        peer
    }

    /// Hangs up; nobody listens at its port from then on.
    pub(crate) fn leave(&self) {
        self.ways.gone.store(true, Ordering::SeqCst);
        // So it sees that it is to go.
        drop(TcpStream::connect(self.address));
        eventually("nobody listens", || TcpStream::connect(self.address).err());
    }

    /// Says hello.
    pub(crate) fn hello(&self) -> (u16, Value) {
        let mut hello = self.ways.identity();
        hello["port"] = json!(self.address.port());
        self.ask(wire::HELLO, &hello)
    }

    pub(crate) fn behaves(&self, manner: Manner) {
        *self.ways.manner.lock().unwrap() = manner;
    }

    /// How often it was asked something.
    pub(crate) fn asked(&self) -> usize {
        self.ways.asked_count.load(Ordering::SeqCst)
    }

    /// Its own somebody.
    pub(crate) fn somebody(&self, user: &str) -> String {
        format!("{user}@{}", self.ways.realm)
    }

    /// Asks with a signature, as its realm should.
    pub(crate) fn ask(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask_bytes(path, body.to_string().as_bytes())
    }

    /// The same with any body.
    pub(crate) fn ask_bytes(&self, path: &str, body: &[u8]) -> (u16, Value) {
        send(self.to.0, &self.request(path, body))
    }

    /// A signed request, as it goes over the line.
    pub(crate) fn request(&self, path: &str, body: &[u8]) -> Vec<u8> {
        let parts = RequestParts {
            method: "POST",
            path,
            query: "",
            content_type: JSON,
            body,
            from: &self.ways.realm,
            to: &self.to.1,
        };
        let signed = sign_request(&self.ways.key, &parts, now(), random::bytes().unwrap());
        let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.to.0);
        let headers = headers(&signed, self.ways.realm.as_str(), self.to.1.as_str(), body.len());
        [head.as_bytes(), headers.as_bytes(), body].concat()
    }

    /// A batch of these items, as the next.
    pub(crate) fn batch(&self, items: &[Value]) -> Value {
        let first = self.next.load(Ordering::SeqCst);
        let uids = (0..items.len() as u64).map(|n| encode(&uid(first + n)));
        json!({
            "epoch": 1, "first": first, "before": encode(&uid(first - 1)),
            "uids": uids.collect::<Vec<_>>(), "items": items,
        })
    }

    /// Sends these items; which of them were refused, by their places here, and why.
    #[track_caller]
    pub(crate) fn say(&self, items: &[Value]) -> Vec<(u64, String)> {
        let (status, ack) = self.ask(wire::ITEMS, &self.batch(items));
        assert_eq!(status, 200, "{ack}");
        let first = self.next.fetch_add(items.len() as u64, Ordering::SeqCst);
        let last = first + items.len() as u64 - 1;
        assert_eq!(ack["received"], last, "{ack}");
        let refused = ack["refused"].as_array().cloned().unwrap_or_default();
        let refused = refused
            .iter()
            .map(|item| (item[0].as_u64().unwrap(), item[1].as_str().unwrap().to_owned()));
        let refused = refused.filter(|(n, _)| *n >= first).map(|(n, code)| (n - first, code));
        refused.collect()
    }

    /// That one of its own wants this said; with its signature.
    pub(crate) fn post(&self, to: &Value, from: &str, text: &str) -> Value {
        self.post_with(to, from, &json!({"text": text}))
    }

    /// The same with other fields than the text, too.
    pub(crate) fn post_with(&self, to: &Value, from: &str, with: &Value) -> Value {
        let mut body = json!({
            "home": self.to.1.as_str(), "to": to, "from": from, "name": "Somebody",
            "uid": encode(&random::bytes().unwrap()), "at": now() * 1_000_000,
        });
        let fields = body.as_object_mut().unwrap();
        fields.extend(with.as_object().unwrap().clone());
        let body: PostBody = serde_json::from_value(body).unwrap();
        let Ways { root, key, stated, .. } = &*self.ways;
        let post = SignedPost::sign(&body, root.public(), stated.clone(), key).unwrap();
        let mut item = serde_json::to_value(post).unwrap();
        item["kind"] = json!("post");
        item
    }
}

impl Ways {
    fn identity(&self) -> Value {
        json!({
            "versions": [1], "realm": self.realm.as_str(), "root": self.root.public(),
            "keys": [self.stated],
        })
    }

    fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    fn answer_all(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut out = stream.try_clone().unwrap();
        let mut lines = BufReader::new(stream);
        while let Some(asked) = hear(&mut lines) {
            if self.is_gone() {
                return;
            }
            let manner = self.manner.lock().unwrap().clone();
            self.asked_count.fetch_add(1, Ordering::SeqCst);
            let mut all = self.asked.lock().unwrap();
            if all.len() < 1_000 {
                all.push(asked.clone());
            }
            drop(all);
            if self.answer(&mut out, &asked, &manner).is_err() {
                return;
            }
        }
    }

    fn answer(&self, out: &mut TcpStream, asked: &Asked, manner: &Manner) -> std::io::Result<()> {
        match *manner {
            Manner::Silent => {
                while matches!(*self.manner.lock().unwrap(), Manner::Silent) {
                    thread::sleep(Duration::from_millis(20));
                }
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            Manner::EndlessHeaders => {
                out.write_all(b"HTTP/1.1 200 OK\r\n")?;
                loop {
                    out.write_all(format!("x: {}\r\n", "x".repeat(1_000)).as_bytes())?;
                }
            }
            Manner::Huge(bytes) => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: {bytes}\r\n\r\n"
                );
                out.write_all(head.as_bytes())?;
                let piece = vec![b' '; 64 * 1024];
                for _ in 0..bytes / piece.len() {
                    out.write_all(&piece)?;
                }
                return Ok(());
            }
            Manner::Redirect(to) => {
                let head = format!(
                    "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{to}{}\r\nContent-Length: 0\r\n\r\n",
                    asked.path
                );
                return out.write_all(head.as_bytes());
            }
            _ => {}
        }
        if asked.path == wire::WHO {
            let body = self.identity().to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            return out.write_all(&[head.as_bytes(), body.as_bytes()].concat());
        }
        while asked.path == wire::HELLO && matches!(*self.manner.lock().unwrap(), Manner::Hesitates)
        {
            thread::sleep(Duration::from_millis(20));
        }
        let is_items = asked.path == wire::ITEMS;
        let said = match manner {
            Manner::Says(text) => text.clone(),
            Manner::Acknowledges(with) if is_items => {
                let mut ack = self.honest(asked);
                let fields = ack.as_object_mut().unwrap();
                fields.extend(with.as_object().unwrap().clone());
                ack.to_string()
            }
            Manner::Acknowledges(with) if asked.path == wire::PULL => with["pulled"].to_string(),
            Manner::Acknowledges(with) if asked.path == wire::READ_ON => with["read"].to_string(),
            _ => self.honest(asked).to_string(),
        };
        let answer = self.signed(asked, said.as_bytes(), manner);
        if matches!(manner, Manner::Replayed) {
            let kept = self.kept.lock().unwrap().clone();
            if let Some(kept) = kept {
                return out.write_all(&kept);
            }
        }
        if is_items && matches!(manner, Manner::Honest) {
            *self.kept.lock().unwrap() = Some(answer.clone());
        }
        out.write_all(&answer)
    }

    fn honest(&self, asked: &Asked) -> Value {
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        match &*asked.path {
            wire::HELLO => {
                let mut welcome = self.identity();
                welcome["linked"] = json!(true);
                welcome
            }
            wire::ITEMS => {
                let count = body["items"].as_array().map_or(0, Vec::len) as u64;
                let received = body["first"].as_u64().unwrap_or(1) + count - 1;
                json!({"epoch": body["epoch"], "received": received})
            }
            wire::LOOK_UP => json!({"found": true, "name": "Ana"}),
            wire::READ_ON => json!({"items": [], "whole": true}),
            _ => json!({}),
        }
    }

    fn signed(&self, asked: &Asked, body: &[u8], manner: &Manner) -> Vec<u8> {
        let given = asked.headers.get(SIGNATURE_HEADER).map_or("", |text| text);
        let given = given.trim_start_matches("rl=:").trim_end_matches(':');
        let given = STANDARD.decode(given).ok().and_then(|bytes| bytes.try_into().ok());
        let signature = match manner {
            Manner::ForAnother => [7; 64],
            _ => given.unwrap_or([0; 64]),
        };
        let name = if let Manner::As(name) = manner { name } else { self.realm.as_str() };
        let (from, to) = (RealmName::parse(name).unwrap(), &asked.headers[FROM_HEADER]);
        let to = RealmName::parse(to).unwrap();
        let parts = ResponseParts { status: 200, content_type: JSON, body, from: &from, to: &to };
        let key = if matches!(manner, Manner::OtherKey) { &self.root } else { &self.key };
        let signed = sign_response(key, &parts, &signature, now(), random::bytes().unwrap());
        let headers = headers(&signed, from.as_str(), to.as_str(), body.len());
        [b"HTTP/1.1 200 OK\r\n", headers.as_bytes(), body].concat()
    }
}

fn headers(signed: &SignedHeaders, from: &str, to: &str, length: usize) -> String {
    let SignedHeaders { content_digest, signature_input, signature, .. } = signed;
    format!(
        "Content-Type: {JSON}\r\n{FROM_HEADER}: {from}\r\n{TO_HEADER}: {to}\r\n\
         {DIGEST_HEADER}: {content_digest}\r\n{INPUT_HEADER}: {signature_input}\r\n\
         {SIGNATURE_HEADER}: {signature}\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// Sends a request as it is; the status, and the answer if that is JSON.
pub(crate) fn send(to: SocketAddr, request: &[u8]) -> (u16, Value) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may answer before it has read all; what it says counts.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    (status.unwrap_or(0), serde_json::from_str(body).unwrap_or_default())
}

fn hear(lines: &mut BufReader<TcpStream>) -> Option<Asked> {
    let (mut bytes, mut headers) = (Vec::new(), HashMap::new());
    let mut path = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        bytes.extend_from_slice(line.as_bytes());
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some((name, value)) => drop(headers.insert(name.to_lowercase(), value.to_owned())),
            None => line.split(' ').nth(1)?.split('?').next()?.clone_into(&mut path),
        }
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    bytes.extend_from_slice(&body);
    Some(Asked { path, headers, body, bytes })
}

/// That this was said in a conversation whose home says so.
pub(crate) fn message(to: &Value, seq: i64, from: &str, text: &str) -> Value {
    json!({
        "kind": "message", "to": to, "seq": seq, "from": from, "name": "Somebody",
        "at": now() * 1_000_000 + seq.rem_euclid(1_000_000), "text": text,
    })
}

/// Seconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

pub(crate) fn encode(uid: &[u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(uid)
}

/// The uid of an item by its number: the same each time it is sent.
fn uid(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}
