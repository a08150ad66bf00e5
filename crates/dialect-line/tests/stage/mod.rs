//! What transcripts are played on: an engine over an in-memory store, a clock that stands still, and
//! a conversation for each person.
//!
//! ```text
//! ! account ana rahasia Indonesia Ana_Maria    an account that is there from the start
//! ! set registration closed                    before anything else: closed, password N, active SECS,
//!                                              file-bytes N, inline-bytes N, realms open
//! ! realms                                     links are made, as `stage/realms.rs` says; none is kept
//! ! clock 60                                   a minute passes
//! ! address ana 192.0.2.7                      where ana connects from; otherwise loopback
//! ! disable ana                                by the operator
//! ! change ana budi 2 edit hai lagi            ana changes message 2 with budi: edit TEXT, delete,
//!                                              react EMOJI, unreact EMOJI
//! ! reply ana budi 2 ya                        ana answers message 2 with budi
//! ```

mod realms;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::TryStreamExt;
use kabar_dialect_line::{LineConversation, Profile};
use kabar_engine::store::Place;
use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{
    Accept, Caller, Engine, LocalBus, NewPost, Operator, Origin, Realms, Registration,
    RegistrationPolicy, Settings,
};
use kabar_model::{
    Address, Body, Country, DisplayName, Emoji, Password, RealmName, Role, Seq, Timestamp, Username,
};
use kabar_wire::conversation::{Conversation, Cut, Output};
use kabar_wire::transcript::Stage;

/// 2026-01-02T03:04:05.678901Z.
const START: Timestamp = Timestamp(1_767_323_045_678_901);

pub(crate) struct TestStage {
    profile: Profile,
    settings: Settings,
    clock: Arc<ManualClock>,
    engine: Option<Arc<Engine>>,
    addresses: HashMap<String, IpAddr>,
    open: HashMap<String, LineConversation>,
    /// The engine does not keep them.
    realms: Option<Arc<dyn Realms>>,
}

impl TestStage {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            settings: Settings::new(RealmName::parse("kampus").unwrap()),
            clock: Arc::new(ManualClock::new(START)),
            engine: None,
            addresses: HashMap::new(),
            open: HashMap::new(),
            realms: None,
        }
    }

    async fn engine(&mut self) -> Arc<Engine> {
        if self.engine.is_none() {
            let store = Arc::new(MemoryStore::default());
            let blobs = Arc::new(MemoryBlobs::default());
            let bus = Arc::new(LocalBus::default());
            let clock = Arc::clone(&self.clock);
            let engine = Engine::start(self.settings.clone(), store, blobs, bus, clock).await;
            self.engine = Some(engine.unwrap());
        }
        Arc::clone(self.engine.as_ref().unwrap())
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{word}: not a number"))
}

impl TestStage {
    /// Somebody, logged in elsewhere with the password of all these transcripts, and a message of theirs.
    async fn place(&mut self, who: &str, with: &str, seq: &str) -> (Caller, Place) {
        let engine = self.engine().await;
        let (username, password) =
            (Username::parse(who).unwrap(), Password::parse("surabaya").unwrap());
        let origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let login = engine.login(origin, &username, password).await.unwrap();
        let with = Address::parse(with).unwrap();
        let conversation = engine.open_direct(&login.caller, &with).await.unwrap();
        let seq = Seq(i64::try_from(number(seq).unwrap()).unwrap());
        (login.caller, Place { conversation, seq })
    }

    async fn change(
        &mut self,
        who: &str,
        with: &str,
        seq: &str,
        change: &[&str],
    ) -> Result<(), String> {
        let (caller, place) = self.place(who, with, seq).await;
        let engine = self.engine().await;
        let done = match change {
            ["edit", text @ ..] => {
                let text = Body::parse(&text.join(" ")).unwrap();
                engine.edit(&caller, place, text).await.map(drop)
            }
            ["delete"] => engine.delete(&caller, place).await.map(drop),
            [deed @ ("react" | "unreact"), emoji] => {
                let emoji = Emoji::parse(emoji).unwrap();
                engine.react(&caller, place, emoji, *deed == "react").await.map(drop)
            }
            other => return Err(format!("no change {other:?}")),
        };
        done.map_err(|error| error.to_string())
    }
}

impl Stage for TestStage {
    async fn direct(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            ["account", username, password, country, name] => {
                let wish = Registration {
                    username: Username::parse(username).unwrap(),
                    password: Password::parse(password).unwrap(),
                    name: Some(DisplayName::parse(&name.replace('_', " ")).unwrap()),
                    country: Some(Country::parse(country).unwrap()),
                    invitation: None,
                };
                let engine = self.engine().await;
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
            ["set", "active", secs] => {
                self.settings.active = Duration::from_secs(number(secs)?);
                Ok(())
            }
            ["set", "file-bytes", bytes] => {
                self.settings.file_bytes_max = number(bytes)?;
                Ok(())
            }
            ["set", "inline-bytes", bytes] => {
                self.settings.file_inline_bytes_max = number(bytes)?;
                Ok(())
            }
            ["set", "realms", "open"] => {
                self.settings.realms.accept = Accept::Open;
                Ok(())
            }
            ["realms"] => {
                let realms: Arc<dyn Realms> = Arc::new(realms::FakeRealms);
                self.engine().await.link_by(&realms);
                self.realms = Some(realms);
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
            ["change", who, with, seq, change @ ..] => self.change(who, with, seq, change).await,
            ["reply", who, with, seq, text @ ..] => {
                let (caller, place) = self.place(who, with, seq).await;
                let text = Some(Body::parse(&text.join(" ")).unwrap());
                let post = NewPost { text, reply_to: Some(place.seq), ..NewPost::default() };
                let engine = self.engine().await;
                engine.post_in(&caller, place.conversation, post).await.unwrap();
                Ok(())
            }
            other => Err(format!("no directive {other:?}")),
        }
    }

    async fn say(&mut self, who: &str, line: &[u8]) -> Vec<String> {
        let engine = self.engine().await;
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let address = self.addresses.get(who).copied().unwrap_or(loopback);
        let profile = self.profile;
        let conversation = self
            .open
            .entry(who.to_owned())
            .or_insert_with(|| LineConversation::new(engine, profile, Origin { address }));
        let mut input = BytesMut::from(line);
        input.extend_from_slice(b"\r\n");
        let mut replies = Vec::new();
        loop {
            match conversation.cut(&mut input) {
                Cut::More | Cut::MoreUnlessQuiet(_) => return replies,
                Cut::Broken(reason) => {
                    replies.push(text(conversation.farewell(reason)));
                    replies.push("(closed)".into());
                    self.open.remove(who);
                    return replies;
                }
                Cut::Contents(piece) => conversation.take_in(piece).await,
                cut @ (Cut::Request(_) | Cut::ContentsEnd) => {
                    let answer = match cut {
                        Cut::Request(request) => conversation.answer(request).await,
                        _ => conversation.finish().await,
                    };
                    let reply = match answer.output {
                        Output::Now(bytes) => bytes,
                        Output::Later(bytes) => bytes.await,
                        Output::Pieces(pieces) => {
                            pieces.try_collect::<Vec<_>>().await.unwrap().concat()
                        }
                    };
                    if reply.is_empty() {
                        continue;
                    }
                    replies.push(text(reply));
                    if let Some(written) = answer.written {
                        written.await;
                    }
                    if answer.close {
                        replies.push("(closed)".into());
                        self.open.remove(who);
                        return replies;
                    }
                }
            }
        }
    }
}

/// A reply without its end, which it must have.
fn text(reply: Vec<u8>) -> String {
    let reply = String::from_utf8(reply).expect("ASCII");
    let (object, end) = reply.split_at(reply.len() - 4);
    assert_eq!(end, "\r\n\r\n");
    assert!(object.bytes().all(|byte| (0x20..0x7F).contains(&byte)), "{object:?}");
    object.to_owned()
}
