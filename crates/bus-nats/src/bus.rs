//! The bus: what comes from here, and what comes from the others.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_nats::{Client, Event, Subject, Subscriber};
use futures_util::{FutureExt, StreamExt};
use kabar_engine::{Bus, Hint, Listener, LocalBus};
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, unconstrained};
use tracing::{debug, info, warn};

use crate::payload::{Node, Said};
use crate::quiet::Quiet;
use crate::settings::{NatsSettings, SettingsError};

/// The hints that wait for the connection. What does not fit is lost; others are then behind by the second in which
/// they look into the store by themselves.
const WAITING_HINTS_MAX: usize = 4_096;

/// The hints of others that wait to be told here. When there are more, listeners are told that they missed some.
const HEARD_HINTS_MAX: usize = 4_096;

/// A bus between the nodes of one realm. Keeps connecting for as long as it lives.
pub struct NatsBus {
    inner: Arc<Inner>,
    client: Client,
    reader: AbortHandle,
}

/// What is shared with those who read and hear of the connection.
struct Inner {
    local: Arc<LocalBus>,
    node: Node,
    subject: Subject,
    state: watch::Sender<State>,
    /// A connection came up.
    came_up: Notify,
    lost: AtomicU64,
    quiet: Quiet,
}

/// How far this node takes part. The number counts changes of the connection, so that a mark sent over an earlier one
/// says nothing of the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// There is no connection.
    Away(u64),
    /// There is one, and the subscription is on its way.
    Joining(u64),
    /// What others publish arrives.
    Joined(u64),
}

impl State {
    fn number(self) -> u64 {
        match self {
            Self::Away(number) | Self::Joining(number) | Self::Joined(number) => number,
        }
    }
}

impl fmt::Debug for NatsBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = *self.inner.state.borrow();
        f.debug_struct("NatsBus").field("state", &state).finish_non_exhaustive()
    }
}

impl NatsBus {
    /// Begins to connect, and goes on with that for as long as this lives: an error is one of the settings. Must be
    /// called on a runtime.
    pub async fn start(settings: &NatsSettings) -> Result<Self, SettingsError> {
        let parsed = settings.parse()?;
        let inner = Arc::new(Inner {
            local: Arc::default(),
            node: Node::random(),
            subject: parsed.subject.into(),
            state: watch::Sender::new(State::Away(0)),
            came_up: Notify::new(),
            lost: AtomicU64::new(0),
            quiet: Quiet::default(),
        });
        let told = Arc::clone(&inner);
        let options = parsed
            .options
            .client_capacity(WAITING_HINTS_MAX)
            .subscription_capacity(HEARD_HINTS_MAX)
            .event_callback(move |event| {
                told.hear_of_the_connection(&event);
                std::future::ready(())
            });
        // It does not wait for a connection, so only the settings can be at fault.
        let client = options.connect(parsed.servers).await;
        let client = client.map_err(|error| SettingsError::Url(error.to_string()))?;
        let subscriber = client.subscribe(inner.subject.clone()).await;
        let subscriber = subscriber.map_err(|error| SettingsError::Url(error.to_string()))?;
        let reader = tokio::spawn(read(Arc::clone(&inner), client.clone(), subscriber));
        Ok(Self { inner, client, reader: reader.abort_handle() })
    }

    /// Waits until what others publish arrives here.
    pub async fn joined(&self) {
        let mut state = self.inner.state.subscribe();
        // The sender is in `inner`, which is alive.
        let _ = state.wait_for(|state| matches!(state, State::Joined(_))).await;
    }

    /// Whether what others publish arrives here, as far as is known.
    pub fn is_joined(&self) -> bool {
        matches!(*self.inner.state.borrow(), State::Joined(_))
    }

    /// What tells the listeners of this node alone.
    pub fn here(&self) -> Arc<LocalBus> {
        Arc::clone(&self.inner.local)
    }

    /// How many hints of this node did not leave it.
    pub fn lost(&self) -> u64 {
        self.inner.lost.load(Ordering::Relaxed)
    }
}

impl Drop for NatsBus {
    fn drop(&mut self) {
        // With the last client the connection goes.
        self.reader.abort();
    }
}

impl Bus for NatsBus {
    fn publish(&self, hint: Hint) {
        self.inner.local.publish(hint);
        // While there is no connection nothing is kept for later: it would be told when it is no longer true.
        let is_away = matches!(*self.inner.state.borrow(), State::Away(_));
        let sent = !is_away && {
            let publish =
                self.client.publish(self.inner.subject.clone(), self.inner.node.hint(hint));
            // Either there is room at once or there is not; a budget of the runtime does not count here.
            unconstrained(publish).now_or_never().is_some_and(|outcome| outcome.is_ok())
        };
        if !sent {
            self.inner.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn listen(&self) -> Listener {
        self.inner.local.listen()
    }
}

impl Inner {
    fn hear_of_the_connection(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.state.send_modify(|state| *state = State::Joining(state.number() + 1));
                self.came_up.notify_one();
            }
            Event::Disconnected | Event::Closed => {
                self.state.send_modify(|state| *state = State::Away(state.number() + 1));
                self.warn("the connection is lost");
            }
            Event::SlowConsumer(_) => self.local.skip(),
            Event::ClientError(error) => self.warn(&error.to_string()),
            Event::ServerError(error) => self.warn(&error.to_string()),
            Event::LameDuckMode | Event::Draining => {}
        }
    }

    fn warn(&self, reason: &str) {
        if self.quiet.is_over() {
            warn!(reason, "NATS is away: other nodes are heard of once a second");
        }
    }

    fn hear(&self, payload: &[u8]) {
        match self.node.read(payload) {
            Said::Hint(hint) => self.local.publish(hint),
            Said::Mark(number) => self.join(number),
            Said::Echo => {}
            Said::Nothing => debug!(bytes = payload.len(), "a hint that is not understood"),
        }
    }

    /// The subscription stands. What was said before it is missed, also the first time.
    fn join(&self, number: u64) {
        let joined = self.state.send_if_modified(|state| {
            let is_this = *state == State::Joining(number);
            if is_this {
                // Before anybody sees that this node has joined: who listens from then on has missed nothing.
                self.local.skip();
                *state = State::Joined(number);
            }
            is_this
        });
        if joined && self.quiet.is_well() {
            info!("NATS is there again");
        }
    }
}

/// Hears the others. After each new connection it sends a mark to itself: a server does one thing after the other, so
/// when the mark comes back, the subscription that was sent before it stands.
async fn read(inner: Arc<Inner>, client: Client, mut subscriber: Subscriber) {
    loop {
        tokio::select! {
            () = inner.came_up.notified() => {
                let mark = inner.node.mark(inner.state.borrow().number());
                if client.publish(inner.subject.clone(), mark).await.is_err() {
                    return;
                }
            }
            heard = subscriber.next() => match heard {
                Some(message) => inner.hear(&message.payload),
                None => return,
            },
        }
    }
}
