//! The engine: what all the rules share.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use kabar_model::{RealmName, Refusal, SessionId, SessionToken, User, UserId, Username};
use parking_lot::Mutex;
use tracing::warn;

use crate::accounts::RegistrationPolicy;
use crate::blobs::Blobs;
use crate::bus::{Bus, Heard, Hint, Listener};
use crate::clock::Clock;
use crate::deliveries::Linked;
use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::events::Present;
use crate::files::Files;
use crate::hasher::Hasher;
use crate::news::{Announcements, Announcer, Listeners, Listening};
use crate::nodes::Nodes;
use crate::portions::Portions;
use crate::realms::{Accept, Realms};
use crate::rooms::Rooms;
use crate::sessions::{Caller, Connected, Session, Sessions, token_hash};
use crate::set_up::SetUp;
use crate::signals::Signals;
use crate::store::{SessionRecord, Store, TokenHash};
use crate::suspects::Suspects;
use crate::throttle::Throttle;

/// How many sessions are asked after at a time.
const SESSIONS_AT_A_TIME: usize = 500;

/// How long a client's key is remembered.
const CLIENT_KEYS_KEPT: Duration = Duration::from_secs(kabar_model::limits::CLIENT_KEY_SECS_MAX);

/// When sessions that could not be asked after are asked after again.
const SUSPECTS_AGAIN: Duration = Duration::from_secs(1);

/// How often is looked who came and went.
const PRESENCE_EVERY: Duration = Duration::from_secs(5);

/// How old the answer to "could anything be accepted now?" may be.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// What the realm's operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The realm's own name.
    pub realm: RealmName,
    /// Who may make an account.
    pub registration: RegistrationPolicy,
    /// The shortest password that registration takes, in characters.
    pub password_chars_min: usize,
    /// How long somebody stays active after the last use of a session.
    pub active: Duration,
    /// How long a session lives without use.
    pub session_idle: Duration,
    /// The longest file.
    pub file_bytes_max: u64,
    /// The longest file whose contents an inbox carries along.
    pub file_inline_bytes_max: u64,
    /// How realms are linked.
    pub realms: RealmSettings,
}

/// What the operator decides about links to other realms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RealmSettings {
    /// Who may make one.
    pub accept: Accept,
    /// Whether somebody who is no administrator may link a realm on this machine or in a private network.
    pub private: bool,
}

impl Settings {
    /// The defaults, for a realm of that name.
    pub fn new(realm: RealmName) -> Self {
        Self {
            realm,
            registration: RegistrationPolicy::Open,
            password_chars_min: 1,
            active: Duration::from_mins(15),
            session_idle: Duration::from_hours(30 * 24),
            file_bytes_max: kabar_model::limits::FILE_BYTES_MAX,
            file_inline_bytes_max: kabar_model::limits::FILE_INLINE_BYTES_MAX,
            realms: RealmSettings::default(),
        }
    }
}

/// The rules, over what comes in from outside.
pub struct Engine {
    pub(crate) settings: Settings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: Arc<dyn Clock>,
    /// When it started, on the monotonic half of the clock.
    pub(crate) started: Duration,
    pub(crate) directory: Directory,
    pub(crate) sessions: Sessions,
    /// Sessions that may have ended unheard, and have not been asked after yet.
    suspects: Suspects,
    pub(crate) listeners: Arc<Listeners>,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) signals: Signals,
    pub(crate) nodes: Nodes,
    pub(crate) present: Present,
    /// People of other realms who are active.
    pub(crate) active_elsewhere: Mutex<HashSet<UserId>>,
    pub(crate) portions: Arc<Portions>,
    pub(crate) files: Files,
    pub(crate) set_up: SetUp,
    /// Who keeps the links to other realms going.
    pub(crate) realms: OnceLock<Weak<dyn Realms>>,
    pub(crate) linked: Linked,
    /// Taken by who follows.
    announcements: Mutex<Option<Announcements>>,
    /// The same.
    hints: Mutex<Option<Listener>>,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) hasher: Hasher,
    /// When the store was last asked whether it is well, and what it said. Who asks meanwhile waits.
    checked: tokio::sync::Mutex<Option<(Duration, Result<()>)>>,
}

impl Engine {
    /// Starts the engine and takes up the sessions that were active lately.
    pub async fn start(
        settings: Settings,
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>> {
        let listeners = Arc::new(Listeners::default());
        let nodes = Nodes::new();
        let has_nodes = store.nodes().is_some();
        let others = has_nodes.then(|| (Arc::clone(&bus), nodes.me));
        let (announcer, announcements) = Announcer::new(Arc::clone(&listeners));
        store.tell(Arc::new(announcer));
        // Before anything is read: what changes after that is heard of.
        let hints = bus.listen();
        let engine = Self {
            settings,
            rooms: Arc::new(Rooms::new(Arc::clone(&listeners), has_nodes)),
            signals: Signals::new(Arc::clone(&listeners), others),
            nodes,
            listeners,
            present: Present::default(),
            active_elsewhere: Mutex::default(),
            portions: Arc::default(),
            files: Files::new(blobs),
            set_up: SetUp::default(),
            realms: OnceLock::new(),
            linked: Linked::default(),
            announcements: Mutex::new(Some(announcements)),
            hints: Mutex::new(Some(hints)),
            directory: Directory::new(Arc::clone(&store)),
            store,
            bus,
            started: clock.elapsed(),
            clock,
            sessions: Sessions::default(),
            suspects: Suspects::default(),
            throttle: Arc::default(),
            hasher: Hasher::start().map_err(Error::failed)?,
            checked: tokio::sync::Mutex::default(),
        };
        // Before the first beat: until then nobody waits for the next one.
        engine.take_up_lately().await?;
        engine.tell_nodes().await?;
        Ok(Arc::new(engine))
    }

    /// What the operator decided.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The session behind a token, or `SessionUnknown`. Showing a token counts as using the session.
    pub async fn resume(&self, token: SessionToken) -> Result<Caller> {
        let hash = token_hash(token);
        if let Some(session) = self.sessions.with_token(&hash) {
            return self.used(session);
        }
        let session = self.take_up(&hash).await?;
        self.used(session)
    }

    /// Takes up a session from the store, or `SessionUnknown`.
    pub(crate) async fn take_up(&self, token: &TokenHash) -> Result<Arc<Session>> {
        loop {
            let endings = self.sessions.endings();
            let record = self.store.session(token).await?.ok_or(Refusal::SessionUnknown)?;
            let username = self.directory.user(record.user).await?.username.clone();
            if let Some(session) = self.sessions.take_up(self.session(&record, username), endings) {
                session.is_used_here();
                return Ok(session);
            }
        }
    }

    /// A session as stored. One that was used in the future, since the clock has been set back, was used
    /// now: it must not live longer for it.
    pub(crate) fn session(&self, record: &SessionRecord, username: Username) -> Session {
        let used_at = record.used_at.min(self.clock.now());
        Session::new(&SessionRecord { used_at, ..record.clone() }, username)
    }

    /// Whether somebody is still logged in: `SessionUnknown` if the session has ended since.
    pub fn still(&self, caller: &Caller) -> Result<()> {
        self.used(Arc::clone(&caller.0)).map(drop)
    }

    fn used(&self, session: Arc<Session>) -> Result<Caller> {
        let now = self.clock.now();
        let idle = now.since(session.used_at());
        let is_over = idle >= self.settings.session_idle && !session.purpose.is_program();
        if session.has_ended() || is_over {
            return Err(Refusal::SessionUnknown.into());
        }
        session.use_at(now);
        Ok(Caller(session))
    }

    /// Says that this session has a live connection, until the answer is dropped.
    pub fn connected(&self, caller: &Caller) -> Connected {
        Connected::new(Arc::clone(&caller.0), Arc::clone(&self.clock))
    }

    /// Who is active, each once, in the order of their names. `NobodyActive` if nobody is.
    pub async fn active(&self) -> Result<Vec<Arc<User>>> {
        let ids = self.active_here();
        let ids: Vec<UserId> =
            ids.into_iter().take(kabar_model::limits::PEOPLE_LISTED_MAX).collect();
        let mut users: Vec<Arc<User>> = self.directory.users(&ids).await?.into_values().collect();
        if users.is_empty() {
            return Err(Refusal::NobodyActive.into());
        }
        users.sort_unstable_by(|a, b| a.username.cmp(&b.username));
        Ok(users)
    }

    /// What is to be done now and then; about once a minute.
    pub async fn keep_house(&self) -> Result<()> {
        let now = self.clock.now();
        // Noted before they are let go.
        self.note_use().await?;
        self.sessions.sweep(now, self.settings.active);
        self.forget_failures().await?;
        if self.trusts_clock() {
            self.store.expire_sessions(now.before(self.settings.session_idle)).await?;
            self.store.forget_keys(now.before(CLIENT_KEYS_KEPT)).await?;
        }
        Ok(())
    }

    /// Notes in the store when sessions were last used; also the last thing to do before stopping.
    pub async fn note_use(&self) -> Result<()> {
        let used = self.sessions.to_note();
        if used.is_empty() { Ok(()) } else { self.store.touch_sessions(&used).await }
    }

    /// Fails when nothing could be accepted now. Asks the store at most once a second: to ask costs
    /// a write, and anybody may.
    pub async fn check(&self) -> Result<()> {
        let mut last = self.checked.lock().await;
        let now = self.clock.elapsed();
        if let Some((at, outcome)) = &*last
            && now.saturating_sub(*at) < CHECK_EVERY
        {
            return outcome.clone();
        }
        let outcome = self.store.check().await;
        *last = Some((now, outcome.clone()));
        outcome
    }

    /// Hears all news of this person from now on, until the answer is dropped.
    pub fn listen(&self, caller: &Caller) -> Listening {
        self.listeners.add(Arc::clone(&caller.0))
    }

    /// Tells those who listen what happens, and forgets what other nodes change. Without this nobody hears
    /// anything. Run it once; it ends when the bus does.
    pub async fn follow(&self) {
        let announcements = self.announcements.lock().take();
        let announce = async {
            match announcements {
                Some(all) => all.tell(&self.directory, &self.rooms, &self.listeners).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = announce => {}
            () = self.follow_bus() => {}
            () = self.follow_suspects() => {}
            () = self.listeners.let_go_who_missed() => {}
            () = self.follow_presence() => {}
            () = self.follow_nodes() => {}
            () = self.follow_left() => {}
        }
    }

    async fn follow_presence(&self) {
        let mut turns = tokio::time::interval(PRESENCE_EVERY);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            self.tell_presence().await;
        }
    }

    async fn follow_bus(&self) {
        let hints = self.hints.lock().take();
        let mut listener = hints.unwrap_or_else(|| self.bus.listen());
        loop {
            match listener.next().await {
                Heard::Hint(Hint::SessionEnded(id)) => self.end_here(id),
                Heard::Hint(Hint::UserChanged(id)) => self.directory.forget_user(id),
                Heard::Hint(Hint::GroupChanged(id)) => {
                    self.directory.forget_group(id);
                    self.tell_conversation(id, &[]).await;
                }
                Heard::Hint(Hint::Nodes(version)) => self.nodes.hear(version),
                Heard::Hint(Hint::Queued { by, link }) => {
                    if let Some(realms) = self.link_keeper().filter(|_| by != self.nodes.me) {
                        realms.wake(link);
                    }
                }
                // The store follows the order of arrival by itself.
                Heard::Hint(Hint::Arrived(_)) => {}
                Heard::Hint(
                    hint @ (Hint::Typing { .. }
                    | Hint::Read { .. }
                    | Hint::Delivery { .. }
                    | Hint::Left { .. }),
                ) => self.hear(hint).await,
                Heard::Skipped => self.catch_up(),
                Heard::Missed => {
                    self.catch_up();
                    self.listeners.miss();
                }
                Heard::Closed => return,
            }
        }
    }

    /// What a session's end means on this node: nobody uses it any more, and who listens with it stops.
    pub(crate) fn end_here(&self, session: SessionId) {
        self.sessions.end(session);
        self.listeners.end(session);
    }

    /// After hints were lost: forgets what can be read again, and has each session in use asked after. That takes its
    /// time, in which hints must not be lost again, so it is not done here.
    fn catch_up(&self) {
        self.directory.forget_all();
        self.suspects.add(self.sessions.suspect_all());
    }

    async fn follow_suspects(&self) {
        loop {
            self.suspects.added().await;
            while let Err(error) = self.ask_after_suspects().await {
                warn!(%error, "cannot tell which sessions still live");
                tokio::time::sleep(SUSPECTS_AGAIN).await;
            }
        }
    }

    /// Up to those that cannot be asked after: they are the last of the next turn then.
    async fn ask_after_suspects(&self) -> Result<()> {
        loop {
            let suspects = self.suspects.next(SESSIONS_AT_A_TIME);
            if suspects.is_empty() {
                return Ok(());
            }
            let ids: Vec<SessionId> = suspects.iter().map(|session| session.id).collect();
            match self.store.living_sessions(&ids).await {
                Ok(living) => {
                    let living: HashSet<SessionId> = living.into_iter().collect();
                    ids.into_iter()
                        .filter(|id| !living.contains(id))
                        .for_each(|id| self.end_here(id));
                }
                Err(error) => {
                    self.suspects.add(suspects);
                    return Err(error);
                }
            }
        }
    }
}
