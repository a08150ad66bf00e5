//! An engine over an in-memory store, and clients of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, TryStreamExt};
use kabar_dialect_form::{BLOCK_BYTES, FormConversation};
use kabar_engine::testing::{MemoryBlobs, MemoryStore};
use kabar_engine::{Engine, LocalBus, Operator, Origin, Registration, Settings, SystemClock};
use kabar_model::{DisplayName, Password, RealmName, Role, Username};
use kabar_wire::conversation::{Conversation, Cut, Output, Unasked};
use serde_json::{Value, json};

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest file, unless a test says otherwise.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

const ORIGIN: Origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };

/// A realm with alam, budi and cici in it.
pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_files_of(FILE_BYTES_MAX).await
    }

    /// As [`World::new`], where files have so many bytes at most.
    pub(crate) async fn with_files_of(file_bytes_max: u64) -> Self {
        let settings = Settings::new(RealmName::parse("kampus").unwrap());
        let engine = Engine::start(
            Settings { file_bytes_max, ..settings },
            Arc::new(MemoryStore::default()),
            Arc::new(MemoryBlobs::default()),
            Arc::new(LocalBus::default()),
            Arc::new(SystemClock::default()),
        );
        let engine = engine.await.unwrap();
        for (username, name) in [("alam", "Alam Cahya"), ("budi", "Budi"), ("cici", "Cici")] {
            let wish = Registration {
                username: Username::parse(username).unwrap(),
                password: Password::parse("rahasia").unwrap(),
                name: Some(DisplayName::parse(name).unwrap()),
                country: None,
                invitation: None,
            };
            engine.add_user(Operator::vouched(), wish, Role::User).await.unwrap();
        }
        let follower = Arc::clone(&engine);
        // It ends with the runtime of the test.
        tokio::spawn(async move { follower.follow().await });
        Self { engine }
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> Client {
        let conversation = FormConversation::new(Arc::clone(&self.engine), ORIGIN);
        Client { conversation, in_blocks: false, token: String::new() }
    }

    /// A new connection that sends and reads blocks.
    pub(crate) fn connect_in_blocks(&self) -> Client {
        Client { in_blocks: true, ..self.connect() }
    }

    /// A new connection on which somebody logged in, with a session of its own.
    pub(crate) async fn login(&self, username: &str) -> Client {
        let mut client = self.connect();
        client.login(username).await;
        client
    }

    /// As [`World::login`], then joins this room.
    pub(crate) async fn join(&self, username: &str, room: &str) -> Client {
        let mut client = self.login(username).await;
        client.ok(&format!("room_join roomname={room}")).await;
        client
    }
}

/// One connection.
pub(crate) struct Client {
    pub(crate) conversation: FormConversation,
    in_blocks: bool,
    /// The token of its login.
    pub(crate) token: String,
}

impl Client {
    pub(crate) async fn login(&mut self, username: &str) {
        let reply = self.ok(&format!("auth username={username}&password=rahasia")).await;
        reply["tokenid"].as_str().unwrap().clone_into(&mut self.token);
    }

    /// A request as it is sent.
    pub(crate) fn wrap(&self, request: &str) -> Vec<u8> {
        let mut sent = request.as_bytes().to_vec();
        if self.in_blocks {
            sent.resize(request.len().next_multiple_of(BLOCK_BYTES), b' ');
        } else {
            sent.push(b'\n');
        }
        sent
    }

    /// Cuts a request as it would come from the network.
    pub(crate) fn cut(&mut self, request: &str) -> Bytes {
        let mut input = BytesMut::from(&self.wrap(request)[..]);
        let Cut::Request(request) = self.conversation.cut(&mut input) else {
            panic!("not a whole request: {request}");
        };
        request
    }

    /// The reply to a request.
    pub(crate) async fn say(&mut self, request: &str) -> Value {
        let sent = self.wrap(request);
        let mut replies = self.hear_out(&[&sent]).await;
        let reply = replies.pop().unwrap_or_else(|| panic!("no reply: {request}"));
        assert!(replies.is_empty(), "{request}: {replies:?}");
        reply
    }

    /// The replies to what comes in these pieces, and then quiet.
    pub(crate) async fn hear_out(&mut self, pieces: &[&[u8]]) -> Vec<Value> {
        let (mut input, mut replies) = (BytesMut::new(), Vec::new());
        for (number, piece) in (1..).zip(pieces) {
            input.extend_from_slice(piece);
            let mut quiet = false;
            loop {
                let cut = if std::mem::take(&mut quiet) {
                    self.conversation.cut_quiet(&mut input)
                } else {
                    self.conversation.cut(&mut input)
                };
                let output = match cut {
                    Cut::MoreUnlessQuiet(_) if number == pieces.len() => {
                        quiet = true;
                        continue;
                    }
                    Cut::More | Cut::MoreUnlessQuiet(_) => break,
                    Cut::Broken(reason) => {
                        replies.push(self.read(&self.conversation.farewell(reason)));
                        return replies;
                    }
                    Cut::Request(request) => self.conversation.answer(request).await.output,
                    Cut::Contents(piece) => {
                        self.conversation.take_in(piece).await;
                        continue;
                    }
                    Cut::ContentsEnd => self.conversation.finish().await.output,
                };
                let bytes = whole(output).await;
                if self.conversation.awaits_contents() {
                    assert!(bytes.is_empty(), "an answer before the contents");
                } else {
                    replies.push(self.read(&bytes));
                }
            }
        }
        replies
    }

    /// The reply to a request, which is a success.
    pub(crate) async fn ok(&mut self, request: &str) -> Value {
        let reply = self.say(request).await;
        assert_eq!(reply["status"], "OK", "{request}: {reply}");
        reply
    }

    /// The next thing that is said unasked.
    pub(crate) async fn hear(&mut self) -> Value {
        match self.unasked().await {
            Unasked::Say(bytes) => self.read(&bytes),
            Unasked::Close(bytes) => panic!("closed: {}", self.read(&bytes)),
        }
    }

    /// The last words before the connection is closed.
    pub(crate) async fn hear_last_words(&mut self) -> Value {
        match self.unasked().await {
            Unasked::Close(bytes) => self.read(&bytes),
            Unasked::Say(bytes) => panic!("not closed: {}", self.read(&bytes)),
        }
    }

    async fn unasked(&mut self) -> Unasked {
        let unasked = tokio::time::timeout(PATIENCE, self.conversation.unasked());
        unasked.await.expect("something is said in time")
    }

    /// Whether nothing is to be said now. Only of use after somebody who is told later has heard.
    pub(crate) fn hears_nothing(&mut self) -> bool {
        self.conversation.unasked().now_or_never().is_none()
    }

    /// An output, which is one object with its end.
    pub(crate) fn read(&self, bytes: &[u8]) -> Value {
        if self.in_blocks {
            assert!(bytes.len().is_multiple_of(BLOCK_BYTES));
        } else {
            assert_eq!(bytes.iter().position(|byte| *byte == b'\n'), Some(bytes.len() - 1));
        }
        serde_json::from_slice(bytes).unwrap()
    }
}

/// All of an output.
pub(crate) async fn whole(output: Output) -> Vec<u8> {
    match output {
        Output::Now(bytes) => bytes,
        Output::Later(bytes) => bytes.await,
        Output::Pieces(pieces) => pieces.try_concat().await.unwrap(),
    }
}

/// A message in the room.
pub(crate) fn message(username: &str, display: &str, text: &str) -> Value {
    json!({"status": "OK", "type": "broadcast", "display": display, "messages": text, "username": username})
}

/// Somebody came into the room.
pub(crate) fn joined(name: &str) -> Value {
    message("[System]", "[System]", &format!("User [{name}] telah bergabung dengan chat!"))
}

/// Somebody left it.
pub(crate) fn left(name: &str) -> Value {
    message("[System]", "[System]", &format!("User [{name}] telah meninggalkan chat!"))
}
