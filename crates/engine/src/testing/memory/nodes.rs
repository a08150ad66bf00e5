//! What nodes know of each other, in plain maps behind one lock.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kabar_model::{Field, Refusal, SessionId, Username};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::store::nodes::{
    Active, Beat, Coming, Entered, Failures, GONE_KEPT, InRoom, NodeId, NodeStore, SILENT, STALLED,
    Seen, Stands, Token, Version, is_short_enough,
};

/// Shared by all handles of a store.
pub(super) struct MemoryNodes {
    clock: Arc<dyn Clock>,
    all: Mutex<All>,
    /// Whether nothing but beats can be written.
    is_failing: AtomicBool,
    /// Whether who asks after sessions is to wait.
    is_held: watch::Sender<bool>,
}

#[derive(Default)]
struct All {
    /// When each was last heard of.
    living: BTreeMap<NodeId, Duration>,
    version: Version,
    /// Changes up to this one are only known as far as they stand.
    floor: Version,
    /// Where the floor will be next, and since when that is decided.
    mark: (Version, Duration),
    active: HashMap<(NodeId, Active), (bool, Version)>,
    rooms: BTreeMap<SessionId, InRoom>,
    failures: Vec<(Username, IpAddr, Duration)>,
    facts: BTreeMap<(NodeId, String), Vec<u8>>,
    leases: HashMap<String, Lease>,
}

struct Lease {
    node: NodeId,
    token: Token,
    until: Duration,
}

impl MemoryNodes {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            all: Mutex::default(),
            is_failing: AtomicBool::default(),
            is_held: watch::Sender::default(),
        }
    }

    pub(super) fn set_failing(&self, is_failing: bool) {
        self.is_failing.store(is_failing, Ordering::Relaxed);
    }

    pub(super) fn is_well(&self) -> Result<()> {
        let is_failing = self.is_failing.load(Ordering::Relaxed);
        if is_failing { Err(Error::failed("the database does not answer")) } else { Ok(()) }
    }

    pub(super) fn hold_sessions(&self, is_held: bool) {
        self.is_held.send_replace(is_held);
    }

    pub(super) fn holds_up_somebody(&self) -> bool {
        self.is_held.receiver_count() > 0
    }

    /// Waits while that is what a test wants.
    pub(super) async fn ask_after_sessions(&self) -> Result<()> {
        let mut held = self.is_held.subscribe();
        // The sender is this.
        let _ = held.wait_for(|is_held| !is_held).await;
        self.is_well()
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn next(&mut self) -> Version {
        self.version.0 += 1;
        self.version
    }

    fn lives(&self, node: NodeId) -> bool {
        self.living.contains_key(&node)
    }

    fn remove(&mut self, node: NodeId, now: Duration) {
        self.living.remove(&node);
        self.facts.retain(|(owner, _), _| *owner != node);
        for lease in self.leases.values_mut().filter(|lease| lease.node == node) {
            lease.until = now;
        }
        let version = self.next();
        for (_, stands) in self.active.iter_mut().filter(|((owner, _), _)| *owner == node) {
            *stands = (false, version);
        }
        let there = |row: &&mut InRoom| row.node == node && row.stands == Stands::There;
        for row in self.rooms.values_mut().filter(there) {
            (row.stands, row.changed) = (Stands::Gone, version);
        }
    }

    fn leave(&mut self, is_meant: impl Fn(&InRoom) -> bool) -> Option<Version> {
        let version = Version(self.version.0 + 1);
        let rows = self.rooms.values_mut();
        let meant = rows.filter(|row| row.stands == Stands::There && is_meant(row));
        let left = meant.map(|row| (row.stands, row.changed) = (Stands::Left, version)).count();
        (left > 0).then(|| self.next())
    }

    /// Forgets what is no longer there since long.
    fn tidy(&mut self, now: Duration) {
        if now.saturating_sub(self.mark.1) < GONE_KEPT {
            return;
        }
        self.floor = self.mark.0;
        let floor = self.floor;
        self.active.retain(|_, (there, version)| *there || *version > floor);
        self.rooms.retain(|_, row| row.stands == Stands::There || row.changed > floor);
        self.mark = (self.version, now);
    }
}

#[async_trait]
impl NodeStore for MemoryNodes {
    async fn beat(&self, node: NodeId) -> Result<Beat> {
        let now = self.clock.elapsed();
        let all = &mut *self.all();
        let latest = all.living.values().max().copied().unwrap_or(now);
        if now.saturating_sub(latest) >= STALLED {
            all.living.values_mut().for_each(|at| *at = now);
        }
        let silent = all.living.iter().filter(|(_, at)| now.saturating_sub(**at) >= SILENT);
        let silent: Vec<NodeId> = silent.map(|(node, _)| *node).collect();
        for gone in silent {
            all.remove(gone, now);
        }
        let is_new = all.living.insert(node, now).is_none();
        all.tidy(now);
        Ok(Beat {
            is_new,
            at: self.clock.now(),
            living: all.living.keys().copied().collect(),
            version: all.version,
            facts: all.facts.keys().cloned().collect(),
        })
    }

    async fn retire(&self, node: NodeId) -> Result<()> {
        self.all().remove(node, self.clock.elapsed());
        Ok(())
    }

    async fn active(
        &self,
        node: NodeId,
        came: &[Active],
        went: &[Active],
    ) -> Result<Option<Version>> {
        is_short_enough(came, went)?;
        let all = &mut *self.all();
        if !all.lives(node) {
            return Ok(None);
        }
        let version = all.next();
        for (people, is_active) in [(came, true), (went, false)] {
            all.active.extend(people.iter().map(|who| ((node, *who), (is_active, version))));
        }
        Ok(Some(version))
    }

    async fn enter(&self, node: NodeId, coming: Coming, max: usize) -> Result<Entered> {
        self.is_well()?;
        let all = &mut *self.all();
        if !all.lives(node) {
            return Ok(Entered::NotLiving);
        }
        let Coming { session, user, room, visit, again } = coming;
        let before = all.rooms.get(&session).filter(|row| row.stands == Stands::There).copied();
        if let Some(row) = before {
            let is_later = row.node == node && row.visit > visit;
            if is_later || (again && row.node != node) {
                return Ok(Entered::Elsewhere);
            }
        }
        let others = all.rooms.values().filter(|row| {
            row.stands == Stands::There && row.room == room && row.session != session
        });
        if all.rooms.len() >= max && others.count() >= max {
            return Err(Refusal::TooMany(Field::Room).into());
        }
        let version = all.next();
        let came = before.filter(|row| row.room == room).map_or(version, |row| row.came);
        let stands = Stands::There;
        let row = InRoom { session, user, room, node, visit, came, changed: version, stands };
        all.rooms.insert(session, row);
        Ok(Entered::Here(version))
    }

    async fn leave(&self, node: NodeId, visits: &[(SessionId, u64)]) -> Result<Option<Version>> {
        self.is_well()?;
        let visits: HashMap<_, _> = visits.iter().copied().collect();
        let is_meant =
            |row: &InRoom| row.node == node && visits.get(&row.session) == Some(&row.visit);
        Ok(self.all().leave(is_meant))
    }

    async fn take_out(&self, sessions: &[SessionId]) -> Result<Option<Version>> {
        self.is_well()?;
        Ok(self.all().leave(|row| sessions.contains(&row.session)))
    }

    async fn seen(&self, since: Version) -> Result<Seen> {
        let all = &*self.all();
        // What comes from a database that was restored may be ahead.
        let whole = since == Version::NONE || since < all.floor || since > all.version;
        let active = all.active.iter().filter(
            |(_, (there, version))| {
                if whole { *there } else { *version > since }
            },
        );
        let mut active: Vec<_> =
            active.map(|((node, who), (there, _))| (*node, *who, *there)).collect();
        active.sort_unstable();
        let rooms = all
            .rooms
            .values()
            .filter(|row| if whole { row.stands == Stands::There } else { row.changed > since });
        Ok(Seen { version: all.version, whole, active, rooms: rooms.copied().collect() })
    }

    async fn note_failure(&self, account: &Username, network: IpAddr) -> Result<()> {
        let now = self.clock.elapsed();
        self.all().failures.push((account.clone(), network, now));
        Ok(())
    }

    async fn failures(
        &self,
        account: &Username,
        network: IpAddr,
        within: Duration,
        limit: usize,
    ) -> Result<Failures> {
        let now = self.clock.elapsed();
        let all = self.all();
        let ages = |meant: &dyn Fn(&Username, IpAddr) -> bool| {
            let found = all.failures.iter().rev().filter(|(name, from, _)| meant(name, *from));
            let ages = found.map(|(_, _, at)| now.saturating_sub(*at));
            ages.filter(|age| *age < within).take(limit).collect()
        };
        Ok(Failures {
            account: ages(&|name, _| name == account),
            network: ages(&|_, from| from == network),
        })
    }

    async fn forget_failures(&self, age: Duration) -> Result<()> {
        let now = self.clock.elapsed();
        self.all().failures.retain(|(_, _, at)| now.saturating_sub(*at) < age);
        Ok(())
    }

    async fn keep_fact(&self, node: NodeId, name: &str, fact: Option<&[u8]>) -> Result<bool> {
        self.is_well()?;
        let all = &mut *self.all();
        if !all.lives(node) {
            return Ok(false);
        }
        let key = (node, name.to_owned());
        match fact {
            Some(fact) => drop(all.facts.insert(key, fact.to_vec())),
            None => drop(all.facts.remove(&key)),
        }
        Ok(true)
    }

    async fn has_fact(&self, name: &str, fact: &[u8]) -> Result<bool> {
        let all = self.all();
        Ok(all.facts.iter().any(|((_, kept_as), kept)| kept_as == name && kept == fact))
    }

    async fn forget_facts(&self, name: &str) -> Result<()> {
        self.all().facts.retain(|(_, kept_as), _| kept_as != name);
        Ok(())
    }

    async fn lease(&self, name: &str, node: NodeId, time: Duration) -> Result<Option<Token>> {
        let now = self.clock.elapsed();
        let all = &mut *self.all();
        let until = now + time;
        let Some(lease) = all.leases.get_mut(name) else {
            all.leases.insert(name.to_owned(), Lease { node, token: Token(1), until });
            return Ok(Some(Token(1)));
        };
        if lease.until <= now {
            (lease.node, lease.token) = (node, Token(lease.token.0 + 1));
        } else if lease.node != node {
            lease.until = lease.until.min(until);
            return Ok(None);
        }
        lease.until = until;
        Ok(Some(lease.token))
    }

    async fn release(&self, name: &str, token: Token) -> Result<()> {
        if let Some(lease) = self.all().leases.get_mut(name)
            && lease.token == token
        {
            lease.until = Duration::ZERO;
        }
        Ok(())
    }
}
