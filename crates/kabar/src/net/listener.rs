//! Accepting connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use kabar_dialect_form::FormConversation;
use kabar_dialect_keyword::KeywordConversation;
use kabar_dialect_line::{LineConversation, Profile};
use kabar_engine::{Engine, Origin};
use kabar_wire::Protocol;
use kabar_wire::conversation::Conversation;
use tokio::net::{TcpListener, TcpStream};
use tracing::{debug, warn};

use super::gate::Pass;
use super::sniffing::{Spoken, listen_for, says_something};
use super::{Peer, Shared, http, text};
use crate::config::{Dialect, Listen};

/// How long to pause when accepting fails, as it does when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Connections that wait in the kernel to be accepted.
const BACKLOG: u32 = 1_024;

/// A listener that is bound.
pub(crate) struct Bound {
    /// Where, with the real port, and what it speaks.
    pub(crate) listen: Listen,
    listener: TcpListener,
}

impl Bound {
    /// Binds; port 0 becomes the port that was free.
    pub(crate) fn bind(wanted: Listen) -> io::Result<Self> {
        let socket = match wanted.address {
            SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
            SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(wanted.address)?;
        let listener = socket.listen(BACKLOG)?;
        let listen = Listen { address: listener.local_addr()?, ..wanted };
        Ok(Self { listen, listener })
    }
}

/// Accepts until the server is to stop; every connection gets a task of its own.
pub(crate) async fn accept(bound: Bound, shared: Arc<Shared>) {
    let stop = shared.stop.accepting();
    loop {
        let accepted = tokio::select! {
            accepted = bound.listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(pass) = shared.gate.enter(peer.ip()) else {
                    debug!(%peer, "too many connections");
                    continue;
                };
                let dialect = bound.listen.dialect;
                let shared_here = Arc::clone(&shared);
                shared.tasks.spawn(converse(stream, peer, dialect, pass, shared_here));
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(
    mut stream: TcpStream,
    peer: Peer,
    dialect: Dialect,
    pass: Pass,
    shared: Arc<Shared>,
) {
    if let Err(error) = prepare(&stream) {
        debug!(%peer, %error, "a connection cannot be set up");
        return;
    }
    let stop = shared.stop.connection();
    let mut input = BytesMut::new();
    let spoken = match dialect {
        Dialect::Line(profile) => Text::Line(profile),
        Dialect::Form => Text::Form,
        Dialect::Keyword => Text::Keyword,
        Dialect::Http => {
            let speaks = tokio::select! {
                speaks = says_something(&stream) => speaks,
                () = stop.cancelled() => return,
            };
            if speaks {
                http::serve(input, stream, peer, pass, &shared, stop).await;
            }
            return;
        }
        Dialect::Auto => {
            let spoken = tokio::select! {
                spoken = listen_for(&mut stream, &mut input) => spoken,
                () = stop.cancelled() => return,
            };
            match spoken {
                Spoken::Protocol(Protocol::Line) => Text::Line(Profile::Realm),
                Spoken::Protocol(Protocol::Form) => Text::Form,
                Spoken::Protocol(Protocol::Keyword) => Text::Keyword,
                Spoken::Protocol(Protocol::Http) => {
                    return http::serve(input, stream, peer, pass, &shared, stop).await;
                }
                Spoken::NotUnderstood => {
                    // One fixed answer; nothing of the input is in it.
                    let words = kabar_dialect_line::not_understood(Profile::Realm);
                    return text::say_and_close(stream, &words).await;
                }
                // Neither is served here, so neither is told apart.
                Spoken::Protocol(Protocol::Tls | Protocol::Irc) | Spoken::Nothing => return,
            }
        }
    };
    let origin = Origin { address: peer.ip() };
    let conversation = spoken.conversation(Arc::clone(&shared.engine), origin);
    let mut loop_ = text::TextLoop::new(stream, conversation, input, peer.ip(), pass, stop);
    if dialect == Dialect::Keyword {
        loop_.say(kabar_dialect_keyword::greeting());
    }
    match loop_.run().await {
        Ok(end) => debug!(%peer, ?end, "a connection ended"),
        Err(error) => debug!(%peer, %error, "a connection broke"),
    }
}

/// A text dialect.
enum Text {
    Line(Profile),
    Form,
    Keyword,
}

impl Text {
    fn conversation(&self, engine: Arc<Engine>, origin: Origin) -> Box<dyn Conversation> {
        match *self {
            Self::Line(profile) => Box::new(LineConversation::new(engine, profile, origin)),
            Self::Form => Box::new(FormConversation::new(engine, origin)),
            Self::Keyword => Box::new(KeywordConversation::new(engine, origin)),
        }
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt;
    stream.set_nodelay(true)?;
    // A peer that vanished without a word is found within some two minutes.
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_mins(1))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(15))?;
    sockopt::set_tcp_keepcnt(stream, 4)?;
    Ok(())
}
