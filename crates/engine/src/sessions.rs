//! Sessions that are in use: who is logged in, and who is active.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use kabar_model::{Refusal, SessionId, SessionToken, Timestamp, UserId, Username};
use parking_lot::RwLock;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::error::Result;
use crate::pace::Pace;
use crate::store::{Purpose, SessionRecord, TokenHash};

/// How exact the stored time of a session's last use is: a crash forgets no more than this.
const NOTED_EVERY: Duration = Duration::from_mins(1);

/// Where a wish comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// The address at the other end of the connection.
    pub address: IpAddr,
}

impl Origin {
    /// Whether the wish comes from this very machine.
    pub fn is_loopback(self) -> bool {
        self.address.to_canonical().is_loopback()
    }

    /// What counts as one address where addresses are counted: an IPv4 address, or an IPv6 /64, since a
    /// host has all of its /64.
    pub fn network(self) -> IpAddr {
        match self.address.to_canonical() {
            IpAddr::V6(v6) if !v6.is_loopback() => {
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)))
            }
            other => other,
        }
    }
}

/// Proof that somebody logged in. Only the engine makes one; it may have ended since.
#[derive(Clone, Debug)]
pub struct Caller(pub(crate) Arc<Session>);

impl Caller {
    /// Whose session it is.
    pub fn user(&self) -> UserId {
        self.0.user
    }

    /// The name of that account.
    pub fn username(&self) -> &Username {
        &self.0.username
    }

    /// The session.
    pub fn session(&self) -> SessionId {
        self.0.id
    }

    /// Whether it may change anything: all but programs that may only read. Everything that changes something
    /// asks this first.
    pub fn writes(&self) -> bool {
        !matches!(self.0.purpose, Purpose::Program { writes: false, .. })
    }

    /// Refuses `NotAllowed` to a program that may only read.
    pub(crate) fn may_write(&self) -> Result<()> {
        if self.writes() { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }

    /// Refuses `NotAllowed` to a program: it must not let others in, nor lock its person out.
    pub(crate) fn must_be_a_person(&self) -> Result<()> {
        if self.0.purpose.is_program() { Err(Refusal::NotAllowed.into()) } else { Ok(()) }
    }
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) purpose: Purpose,
    username: Username,
    token: TokenHash,
    used_at: AtomicI64,
    noted_at: AtomicI64,
    connections: AtomicU32,
    /// Somebody has used it on this node; otherwise it was only taken up, as on every node.
    used_here: AtomicBool,
    ended: AtomicBool,
    /// How fast it does what others are told of at once.
    pub(crate) pace: Pace,
}

impl Session {
    pub(crate) fn new(record: &SessionRecord, username: Username) -> Self {
        Self {
            id: record.id,
            user: record.user,
            purpose: record.purpose.clone(),
            username,
            token: record.token,
            used_at: AtomicI64::new(record.used_at.0),
            noted_at: AtomicI64::new(record.used_at.0),
            connections: AtomicU32::new(0),
            used_here: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            pace: Pace::default(),
        }
    }

    pub(crate) fn use_at(&self, now: Timestamp) {
        self.used_at.store(now.0, Ordering::Relaxed);
        self.is_used_here();
    }

    /// Other nodes are to be told of it.
    pub(crate) fn is_used_here(&self) {
        self.used_here.store(true, Ordering::Relaxed);
    }

    pub(crate) fn used_at(&self) -> Timestamp {
        Timestamp(self.used_at.load(Ordering::Relaxed))
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn is_active(&self, now: Timestamp, active: Duration) -> bool {
        let connected = self.connections.load(Ordering::Relaxed) > 0;
        let is_there = connected || now.since(self.used_at()) < active;
        is_there && !self.has_ended() && !self.purpose.is_program()
    }
}

/// While this lives, the session has a live connection.
pub struct Connected {
    session: Arc<Session>,
    clock: Arc<dyn Clock>,
}

impl Connected {
    pub(crate) fn new(session: Arc<Session>, clock: Arc<dyn Clock>) -> Self {
        session.connections.fetch_add(1, Ordering::Relaxed);
        Self { session, clock }
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.session.use_at(self.clock.now());
        self.session.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The sessions in use on this node. Others are in the store and are taken up when they are shown.
#[derive(Debug, Default)]
pub(crate) struct Sessions(RwLock<InUse>);

#[derive(Debug, Default)]
struct InUse {
    by_token: HashMap<TokenHash, Arc<Session>>,
    by_id: HashMap<SessionId, Arc<Session>>,
    /// Counts endings, so that a session that was on its way from the store meanwhile is not taken up.
    endings: u64,
}

impl Sessions {
    pub(crate) fn with_token(&self, token: &TokenHash) -> Option<Arc<Session>> {
        self.0.read().by_token.get(token).cloned()
    }

    pub(crate) fn endings(&self) -> u64 {
        self.0.read().endings
    }

    /// Takes up a session that was read when there had been `endings` endings; `None`: read it again.
    pub(crate) fn take_up(&self, session: Session, endings: u64) -> Option<Arc<Session>> {
        let in_use = &mut *self.0.write();
        if in_use.endings != endings {
            return None;
        }
        let read_at = session.used_at();
        let session = in_use.by_token.entry(session.token).or_insert_with(|| Arc::new(session));
        // Used on another node since it was used here.
        session.used_at.fetch_max(read_at.0, Ordering::Relaxed);
        in_use.by_id.insert(session.id, Arc::clone(session));
        Some(Arc::clone(session))
    }

    pub(crate) fn end(&self, id: SessionId) {
        let in_use = &mut *self.0.write();
        in_use.endings += 1;
        if let Some(session) = in_use.by_id.remove(&id) {
            session.ended.store(true, Ordering::Release);
            in_use.by_token.remove(&session.token);
        }
    }

    /// All that are in use, each of which may have ended unheard.
    pub(crate) fn suspect_all(&self) -> Vec<Arc<Session>> {
        let in_use = &mut *self.0.write();
        in_use.endings += 1;
        in_use.by_id.values().cloned().collect()
    }

    pub(crate) fn active_users(&self, now: Timestamp, active: Duration) -> HashSet<UserId> {
        self.users(|session| session.is_active(now, active))
    }

    /// Those of them whose sessions are used on this node.
    pub(crate) fn users_active_here(&self, now: Timestamp, active: Duration) -> HashSet<UserId> {
        self.users(|session| {
            session.used_here.load(Ordering::Relaxed) && session.is_active(now, active)
        })
    }

    fn users(&self, is_meant: impl Fn(&Session) -> bool) -> HashSet<UserId> {
        let in_use = self.0.read();
        let sessions = in_use.by_id.values().filter(|session| is_meant(session));
        sessions.map(|session| session.user).collect()
    }

    /// The sessions whose last use is to be noted in the store.
    pub(crate) fn to_note(&self) -> Vec<(SessionId, Timestamp)> {
        let in_use = self.0.read();
        let due = in_use.by_id.values().filter(|session| {
            let noted = Timestamp(session.noted_at.load(Ordering::Relaxed));
            session.used_at().since(noted) >= NOTED_EVERY
        });
        due.map(|session| {
            let used = session.used_at();
            session.noted_at.store(used.0, Ordering::Relaxed);
            (session.id, used)
        })
        .collect()
    }

    /// Marks the use of all that are connected, then lets go of those that nobody uses any more.
    pub(crate) fn sweep(&self, now: Timestamp, active: Duration) {
        let in_use = &mut *self.0.write();
        in_use.by_id.retain(|_, session| {
            if session.connections.load(Ordering::Relaxed) > 0 {
                session.use_at(now);
            }
            // Two of them are in the maps; more means that a connection holds it.
            Arc::strong_count(session) > 2 || session.is_active(now, active)
        });
        let by_id = &in_use.by_id;
        in_use.by_token.retain(|_, session| by_id.contains_key(&session.id));
    }
}

pub(crate) fn token_hash(token: SessionToken) -> TokenHash {
    TokenHash(Sha256::digest(token.expose()).into())
}
