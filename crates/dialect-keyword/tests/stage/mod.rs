//! What transcripts are played on: an engine over an in-memory store, a clock that stands still, and
//! a conversation for each connection.
//!
//! ```text
//! ! account ana rahasia              an account that is there from the start
//! ! set registration closed          before anything else: closed, password N, or file-bytes N
//! ! clock 60                         a minute passes
//! ! address ana 192.0.2.7            where ana connects from; otherwise loopback
//! ! disable ana                      by the operator
//! ! hang up ana                      ana's next line comes over a new connection
//! ```
//!
//! A reply of the text form is shown as one line: ` ⏎ ` between its lines, `⇥` for each TAB, and without
//! the empty line that ends it. The contents of a file are a reply of their own: `(contents)` and their
//! bytes, or `(no contents)`. What is said while contents are awaited is sent as it is, without a line end.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::TryStreamExt;
use kabar_dialect_keyword::KeywordConversation;
use kabar_engine::testing::{ManualClock, MemoryBlobs};
use kabar_engine::{Engine, Operator, Origin, RegistrationPolicy, Settings};
use kabar_model::{RealmName, Role, Timestamp, Username};
use kabar_wire::conversation::{Conversation, Cut, Output};
use kabar_wire::transcript::Stage;

use crate::realm::{engine, registration};

/// 2026-01-02T03:04:05.678901Z.
const START: Timestamp = Timestamp(1_767_323_045_678_901);

/// Which form the transcripts are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// What is said is a line and gets its end.
    Text,
    /// What is said is sent as it is, and every reply is an object.
    Object,
}

pub(crate) struct TestStage {
    form: Form,
    settings: Settings,
    clock: Arc<ManualClock>,
    engine: Option<Arc<Engine>>,
    addresses: HashMap<String, IpAddr>,
    open: HashMap<String, (KeywordConversation, BytesMut)>,
}

impl TestStage {
    pub(crate) fn new(form: Form) -> Self {
        Self {
            form,
            settings: Settings::new(RealmName::parse("kampus").unwrap()),
            clock: Arc::new(ManualClock::new(START)),
            engine: None,
            addresses: HashMap::new(),
            open: HashMap::new(),
        }
    }

    async fn engine(&mut self) -> Arc<Engine> {
        if self.engine.is_none() {
            let clock = Arc::clone(&self.clock);
            let blobs = MemoryBlobs::default();
            self.engine = Some(engine(self.settings.clone(), blobs, clock).await);
        }
        Arc::clone(self.engine.as_ref().unwrap())
    }

    fn shown(&self, reply: Vec<u8>) -> String {
        match self.form {
            Form::Text => text(reply),
            Form::Object => object(reply),
        }
    }

    /// An output that comes in pieces: contents, in the text form behind the reply.
    fn shown_contents(&self, output: &[u8]) -> Vec<String> {
        let head_length = match self.form {
            Form::Text => output.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4,
            Form::Object => 0,
        };
        let (head, contents) = output.split_at(head_length);
        let head = (!head.is_empty()).then(|| self.shown(head.to_vec()));
        let contents = match contents {
            [] => "(no contents)".to_owned(),
            bytes => format!("(contents) {}", bytes.escape_ascii()),
        };
        head.into_iter().chain([contents]).collect()
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{word}: not a number"))
}

impl Stage for TestStage {
    async fn direct(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            ["account", username, password] => {
                let engine = self.engine().await;
                let wish = registration(username, password);
                let added = engine.add_user(Operator::vouched(), wish, Role::User).await;
                added.map(drop).map_err(|error| error.to_string())
            }
            ["set", "registration", "closed"] => {
                self.settings.registration = RegistrationPolicy::Closed;
                Ok(())
            }
            ["set", "password", chars] => {
                self.settings.password_chars_min = usize::try_from(number(chars)?).unwrap();
                Ok(())
            }
            ["set", "file-bytes", bytes] => {
                self.settings.file_bytes_max = number(bytes)?;
                Ok(())
            }
            ["clock", secs] => {
                self.clock.advance(Duration::from_secs(number(secs)?));
                Ok(())
            }
            ["address", who, address] => {
                self.addresses.insert((*who).to_owned(), address.parse().unwrap());
                Ok(())
            }
            ["disable", username] => {
                let username = Username::parse(username).unwrap();
                let engine = self.engine().await;
                let done = engine.set_disabled(Operator::vouched(), &username, true).await;
                done.map(drop).map_err(|error| error.to_string())
            }
            ["hang", "up", who] => {
                self.open.remove(*who).map(drop).ok_or(format!("{who} is not there"))
            }
            other => Err(format!("no directive {other:?}")),
        }
    }

    async fn say(&mut self, who: &str, line: &[u8]) -> Vec<String> {
        let engine = self.engine().await;
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let address = self.addresses.get(who).copied().unwrap_or(loopback);
        let (mut conversation, mut input) = self.open.remove(who).unwrap_or_else(|| {
            (KeywordConversation::new(engine, Origin { address }), BytesMut::new())
        });
        input.extend_from_slice(line);
        if self.form == Form::Text && !conversation.awaits_contents() {
            input.extend_from_slice(b"\r\n");
        }
        let mut replies = Vec::new();
        loop {
            match conversation.cut(&mut input) {
                Cut::More | Cut::MoreUnlessQuiet(_) => break,
                Cut::Broken(reason) => {
                    replies.push(self.shown(conversation.farewell(reason)));
                    replies.push("(closed)".into());
                    return replies;
                }
                Cut::Request(request)
                    if !conversation.is_known() && conversation.is_suspicious(&request) =>
                {
                    replies.push("(closed)".into());
                    return replies;
                }
                Cut::Contents(piece) => conversation.take_in(piece).await,
                cut @ (Cut::Request(_) | Cut::ContentsEnd) => {
                    let answer = match cut {
                        Cut::Request(request) => conversation.answer(request).await,
                        _ => conversation.finish().await,
                    };
                    match answer.output {
                        Output::Now(bytes) => replies.push(self.shown(bytes)),
                        Output::Later(bytes) => replies.push(self.shown(bytes.await)),
                        Output::Pieces(pieces) => {
                            let pieces: Vec<_> = pieces.try_collect().await.unwrap();
                            replies.extend(self.shown_contents(&pieces.concat()));
                        }
                    }
                    if let Some(written) = answer.written {
                        written.await;
                    }
                    if answer.close {
                        replies.push("(closed)".into());
                        return replies;
                    }
                }
            }
        }
        self.open.insert(who.to_owned(), (conversation, input));
        replies
    }
}

/// A reply of the text form on one line.
fn text(reply: Vec<u8>) -> String {
    let reply = String::from_utf8(reply).expect("UTF-8");
    let lines = reply.strip_suffix("\r\n\r\n").expect("an empty line at the end");
    let lines: Vec<&str> = lines.split("\r\n").collect();
    assert!(lines.iter().all(|line| !line.is_empty()), "a line is empty: {reply:?}");
    let plain = |c: char| c == '\t' || !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    assert!(lines.iter().all(|line| line.chars().all(plain)), "a line is not plain: {reply:?}");
    lines.join(" ⏎ ").replace('\t', "⇥")
}

/// An object as it came.
fn object(reply: Vec<u8>) -> String {
    let reply = String::from_utf8(reply).expect("ASCII");
    assert!(reply.bytes().all(|byte| (0x20..0x7F).contains(&byte)), "{reply:?}");
    assert!(reply.starts_with('{') && reply.ends_with('}'), "{reply:?}");
    reply
}
