//! What transcripts are played on: an engine over an in-memory store, a clock that stands still, and
//! a conversation for each person.
//!
//! ```text
//! ! account ana rahasia Indonesia Ana_Maria    an account that is there from the start
//! ! set registration closed                    before anything else: closed, password N, file-bytes N
//! ! clock 60                                   a minute passes
//! ! blocks ana                                 ana's client sends and reads blocks, not lines
//! ! hang-up ana                                ana's connection breaks
//! ! group kelompok ana budi                    a public group that ana made and budi is in
//! ! to-group ana kelompok halo                 ana writes there, in another dialect
//! ```

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::TryStreamExt;
use kabar_dialect_form::{BLOCK_BYTES, FormConversation};
use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{
    Caller, Engine, LocalBus, Operator, Origin, Registration, RegistrationPolicy, Settings,
};
use kabar_model::{
    Body, Country, DisplayName, GroupName, Password, RealmName, Role, Timestamp, Username,
    Visibility,
};
use kabar_wire::conversation::{Conversation, Cut, Output};
use kabar_wire::transcript::Stage;

/// 2026-01-02T03:04:05.678901Z.
const START: Timestamp = Timestamp(1_767_323_045_678_901);

const ORIGIN: Origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };

pub(crate) struct TestStage {
    settings: Settings,
    clock: Arc<ManualClock>,
    engine: Option<Arc<Engine>>,
    in_blocks: HashSet<String>,
    open: HashMap<String, FormConversation>,
}

impl TestStage {
    pub(crate) fn new() -> Self {
        Self {
            settings: Settings::new(RealmName::parse("kampus").unwrap()),
            clock: Arc::new(ManualClock::new(START)),
            engine: None,
            in_blocks: HashSet::new(),
            open: HashMap::new(),
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

    /// Somebody in another dialect. Every account here has the same password.
    async fn elsewhere(&mut self, username: &str) -> Result<Caller, String> {
        let username = Username::parse(username).unwrap();
        let password = Password::parse("rahasia").unwrap();
        let login = self.engine().await.login(ORIGIN, &username, password).await;
        login.map(|login| login.caller).map_err(|error| error.to_string())
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{word}: not a number"))
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
            ["set", "file-bytes", bytes] => {
                self.settings.file_bytes_max = number(bytes)?;
                Ok(())
            }
            ["clock", secs] => {
                self.clock.advance(Duration::from_secs(number(secs)?));
                Ok(())
            }
            ["blocks", who] => {
                self.in_blocks.insert((*who).to_owned());
                Ok(())
            }
            ["hang-up", who] => {
                self.open.remove(*who).map(drop).ok_or_else(|| format!("{who} is not here"))
            }
            ["group", name, creator, others @ ..] => {
                let engine = self.engine().await;
                let creator = self.elsewhere(creator).await?;
                let group = GroupName::parse(name).unwrap();
                engine.create_group(&creator, group, Visibility::Public).await.unwrap();
                for other in others {
                    let other = self.elsewhere(other).await?;
                    engine.join_group(&other, name).await.unwrap();
                }
                Ok(())
            }
            ["to-group", who, group, text] => {
                let engine = self.engine().await;
                let who = self.elsewhere(who).await?;
                let body = Body::parse(text).unwrap();
                engine.send_to_group(&who, group, body).await.unwrap().durable().await.unwrap();
                Ok(())
            }
            other => Err(format!("no directive {other:?}")),
        }
    }

    async fn say(&mut self, who: &str, line: &[u8]) -> Vec<String> {
        let engine = self.engine().await;
        let in_blocks = self.in_blocks.contains(who);
        let mut input = BytesMut::from(line);
        if in_blocks {
            input.resize(line.len().next_multiple_of(BLOCK_BYTES), b' ');
        } else {
            input.extend_from_slice(b"\n");
        }
        let conversation = self
            .open
            .entry(who.to_owned())
            .or_insert_with(|| FormConversation::new(engine, ORIGIN));
        let mut replies = Vec::new();
        let mut quiet = false;
        loop {
            let cut = if std::mem::take(&mut quiet) {
                conversation.cut_quiet(&mut input)
            } else {
                conversation.cut(&mut input)
            };
            let answer = match cut {
                Cut::More => return replies,
                Cut::MoreUnlessQuiet(_) => {
                    quiet = true;
                    continue;
                }
                Cut::Broken(reason) => {
                    replies.push(text(conversation.farewell(reason), in_blocks));
                    replies.push("(closed)".into());
                    self.open.remove(who);
                    return replies;
                }
                Cut::Request(request) => {
                    if !conversation.is_known() && conversation.is_suspicious(&request) {
                        replies.push("(closed)".into());
                        self.open.remove(who);
                        return replies;
                    }
                    conversation.answer(request).await
                }
                Cut::Contents(piece) => {
                    conversation.take_in(piece).await;
                    continue;
                }
                Cut::ContentsEnd => conversation.finish().await,
            };
            let output = match answer.output {
                Output::Now(bytes) => bytes,
                Output::Later(bytes) => bytes.await,
                Output::Pieces(pieces) => pieces.try_concat().await.unwrap(),
            };
            if conversation.awaits_contents() {
                assert!(output.is_empty(), "an answer before the contents");
                continue;
            }
            replies.push(text(output, in_blocks));
            if let Some(written) = answer.written {
                written.await;
            }
            assert!(!answer.close, "no command of this dialect ends the connection");
        }
    }
}

/// A reply without its end, which it must have.
fn text(reply: Vec<u8>, in_blocks: bool) -> String {
    let reply = String::from_utf8(reply).expect("ASCII");
    let object = if in_blocks {
        assert!(reply.len().is_multiple_of(BLOCK_BYTES), "{} bytes are no blocks", reply.len());
        reply.trim_end_matches(' ')
    } else {
        reply.strip_suffix('\n').expect("a line")
    };
    assert!(object.bytes().all(|byte| (0x20..0x7F).contains(&byte)), "{object:?}");
    object.to_owned()
}
