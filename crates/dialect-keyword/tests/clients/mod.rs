//! People over one engine, each with a conversation that is driven as the loop drives it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};
use kabar_dialect_keyword::KeywordConversation;
use kabar_engine::testing::{ManualClock, MemoryBlobs};
use kabar_engine::{Blobs, Engine, Operator, Origin, Settings};
use kabar_model::{RealmName, Role, Timestamp};
use kabar_wire::conversation::{Conversation, Cut, Output, Unasked};

use crate::realm;

/// Far longer than any of this takes.
const SOON: Duration = Duration::from_secs(10);

/// A realm in memory.
pub(crate) struct Realm(pub(crate) Arc<Engine>);

impl Realm {
    /// These people, with the password `rahasia`.
    pub(crate) async fn of(people: &[&str]) -> Self {
        let settings = Settings::new(RealmName::parse("kampus").unwrap());
        Self::with(settings, MemoryBlobs::default(), people).await
    }

    /// The same, where files are kept elsewhere or other settings hold.
    pub(crate) async fn with(settings: Settings, blobs: impl Blobs, people: &[&str]) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(1_767_323_045_678_901)));
        let engine = realm::engine(settings, blobs, clock).await;
        for name in people {
            let wish = realm::registration(name, "rahasia");
            engine.add_user(Operator::vouched(), wish, Role::User).await.unwrap();
        }
        Self(engine)
    }

    /// A connection of a stranger.
    pub(crate) fn connect(&self) -> Client {
        let origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        Client(KeywordConversation::new(Arc::clone(&self.0), origin))
    }

    /// Somebody logged in with the text form.
    pub(crate) async fn text(&self, name: &str) -> Client {
        let mut client = self.connect();
        client.say(&format!("AUTH-LOGIN {name} rahasia\n")).await;
        client
    }

    /// Somebody logged in with the object form.
    pub(crate) async fn object(&self, name: &str) -> Client {
        let mut client = self.connect();
        let login = r#"{"COMMAND":"AUTH-LOGIN","username":"NAME","password":"rahasia"}"#;
        client.say(&login.replace("NAME", name)).await;
        client
    }
}

/// One side of a connection.
pub(crate) struct Client(pub(crate) KeywordConversation);

impl Client {
    /// Sends one request that must succeed; its answer, once it has been written.
    pub(crate) async fn say(&mut self, request: &str) -> String {
        let (reply, written) = self.answer(request).await;
        if let Some(written) = written {
            written.await;
        }
        reply
    }

    /// The answer to one request that must succeed, and what is to be done once it has been written.
    pub(crate) async fn answer(
        &mut self,
        request: &str,
    ) -> (String, Option<BoxFuture<'static, ()>>) {
        let mut input = BytesMut::from(request.as_bytes());
        let Cut::Request(request) = self.0.cut(&mut input) else { panic!("{request}: no request") };
        let answer = self.0.answer(request).await;
        let bytes = match answer.output {
            Output::Now(bytes) => bytes,
            Output::Later(bytes) => bytes.await,
            Output::Pieces(pieces) => pieces.try_collect::<Vec<_>>().await.unwrap().concat(),
        };
        let reply = String::from_utf8(bytes).unwrap();
        assert!(reply.contains("success"), "{reply}");
        (reply, answer.written)
    }

    /// What is said next unasked.
    pub(crate) async fn hears(&mut self) -> String {
        let unasked = tokio::time::timeout(SOON, self.0.unasked()).await;
        match unasked.expect("something is said") {
            Unasked::Say(bytes) => String::from_utf8(bytes).unwrap(),
            Unasked::Close(bytes) => format!("(closed) {}", String::from_utf8(bytes).unwrap()),
        }
    }

    /// Whether nothing has been said, once somebody else has heard of all that could be.
    pub(crate) fn heard_nothing(&mut self) -> bool {
        self.0.unasked().now_or_never().is_none()
    }
}
