//! Those who listen, by person.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use kabar_model::{ConversationId, Seq, SessionId, UserId};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, mpsc};

use super::{News, Signal};
use crate::sessions::Session;
use crate::store::Place;

/// News that waits for a slow listener; with more it has missed some.
pub(crate) const NEWS_QUEUED_MAX: usize = 1_000;

/// With more waiting, what others can bring about at no cost to them is left out. So nobody can make somebody
/// else's queue run over with it.
const PASSING_QUEUED_MAX: usize = 500;

/// Read positions that are remembered as told. One that was forgotten may be told twice.
const READS_REMEMBERED: usize = 8_192;

/// After hints were lost so many of those who listen closely are let go at a time, and the next after the pause: they all
/// come back and read anew.
const LET_GO_TOGETHER: usize = 100;
const LET_GO_EVERY: Duration = Duration::from_millis(100);

/// Tells listeners apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ListenerId(u64);

#[derive(Debug, Default)]
pub(crate) struct Listeners {
    by_user: RwLock<HashMap<UserId, Vec<Ear>>>,
    count: AtomicUsize,
    /// How many of them listen closely.
    close: AtomicUsize,
    last_id: AtomicU64,
    /// How far those who listen closely were told that they have read.
    reads: Mutex<HashMap<(UserId, ConversationId), Seq>>,
    /// Those who listen closely may have missed something.
    missed: Notify,
}

/// The near end of a listener's queue.
#[derive(Clone, Debug)]
pub(crate) struct Ear {
    id: ListenerId,
    session: Arc<Session>,
    queue: mpsc::Sender<News>,
    /// Whether signals are heard.
    is_close: bool,
    /// Whether a coming or going in a room was left out.
    missed_moves: Arc<AtomicBool>,
}

impl Ear {
    /// Tells, if the listener's session still lives. A full queue is left to run dry: then the listener
    /// finds that the other end has gone.
    fn tell(&self, news: &News) -> bool {
        if matches!(news, News::Signal(_)) && !self.is_close {
            return true;
        }
        if news.is_passing() && NEWS_QUEUED_MAX - self.queue.capacity() >= PASSING_QUEUED_MAX {
            if matches!(news, News::Entered(_) | News::Left(_)) {
                self.missed_moves.store(true, Ordering::Release);
            }
            return true;
        }
        !self.session.has_ended() && self.queue.try_send(news.clone()).is_ok()
    }
}

impl News {
    /// Whether a later state makes up for it: of somebody who writes or is active the next signal, of a room's
    /// people the list.
    fn is_passing(&self) -> bool {
        match self {
            Self::Entered(_) | Self::Left(_) => true,
            Self::Signal(signal) => {
                matches!(**signal, Signal::Typing { .. } | Signal::Presence { .. })
            }
            Self::Message(_) | Self::Missed => false,
        }
    }
}

impl Listeners {
    /// How many there are. Who begins to listen is counted before they read where they stand, and the store
    /// asks after a commit: one of the two sees the other.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// How many listen closely.
    pub(crate) fn close_count(&self) -> usize {
        self.close.load(Ordering::Relaxed)
    }

    /// Whether anybody listens closely for this person.
    pub(crate) fn listens_closely(&self, user: UserId) -> bool {
        let by_user = self.by_user.read();
        by_user.get(&user).is_some_and(|ears| ears.iter().any(|ear| ear.is_close))
    }

    pub(crate) fn add(self: &Arc<Self>, session: Arc<Session>) -> Listening {
        self.add_ear(session, false)
    }

    /// Adds one who hears signals, too.
    pub(crate) fn add_close(self: &Arc<Self>, session: Arc<Session>) -> Listening {
        self.add_ear(session, true)
    }

    fn add_ear(self: &Arc<Self>, session: Arc<Session>, is_close: bool) -> Listening {
        let (queue, news) = mpsc::channel(NEWS_QUEUED_MAX);
        let id = ListenerId(self.last_id.fetch_add(1, Ordering::Relaxed));
        let user = session.user;
        let missed_moves = Arc::new(AtomicBool::new(false));
        let listening = Listening {
            listeners: Arc::clone(self),
            session: Arc::clone(&session),
            id,
            news,
            missed_moves: Arc::clone(&missed_moves),
        };
        let ear = Ear { id, session, queue, is_close, missed_moves };
        self.by_user.write().entry(user).or_default().push(ear);
        self.count.fetch_add(1, Ordering::SeqCst);
        self.close.fetch_add(usize::from(is_close), Ordering::Relaxed);
        listening
    }

    /// Tells all listeners of these people; those that cannot keep up are let go.
    pub(crate) fn tell(&self, users: &[UserId], news: &News) {
        let mut slow = Vec::new();
        {
            let by_user = self.by_user.read();
            for user in users {
                let ears = by_user.get(user).map_or(&[][..], Vec::as_slice);
                slow.extend(ears.iter().filter(|ear| !ear.tell(news)).map(|ear| (*user, ear.id)));
            }
        }
        for (user, id) in slow {
            self.remove(user, id);
        }
    }

    /// Signals to those listeners of these people who listen closely.
    pub(crate) fn signal(&self, users: &[UserId], signal: &Signal) {
        if self.close_count() > 0 {
            self.tell(users, &News::Signal(Arc::new(signal.clone())));
        }
    }

    /// Signals how far somebody has read.
    pub(crate) fn signal_read(&self, user: UserId, place: Place) {
        if !self.listens_closely(user) {
            return;
        }
        {
            let reads = &mut *self.reads.lock();
            if reads.len() >= READS_REMEMBERED {
                reads.clear();
            }
            let told = reads.entry((user, place.conversation)).or_insert(place.seq);
            *told = place.seq.max(*told);
        }
        self.signal(&[user], &Signal::Read(place));
    }

    /// Whether somebody listens closely who is not known to have been told that they have read so far.
    pub(crate) fn lacks_read(&self, user: UserId, place: Place) -> bool {
        let told = || self.reads.lock().get(&(user, place.conversation)).copied();
        self.listens_closely(user) && told().is_none_or(|told| told < place.seq)
    }

    /// Those who listen closely may have missed something: each is let go and comes back, a few at a time.
    pub(crate) fn miss(&self) {
        self.reads.lock().clear();
        self.missed.notify_one();
    }

    /// Lets go whoever has missed something, for as long as it is polled.
    pub(crate) async fn let_go_who_missed(&self) {
        loop {
            self.missed.notified().await;
            let missed: Vec<(UserId, ListenerId)> = {
                let by_user = self.by_user.read();
                let close = by_user.iter().flat_map(|(user, ears)| {
                    ears.iter().filter(|ear| ear.is_close).map(|ear| (*user, ear.id))
                });
                close.collect()
            };
            for some in missed.chunks(LET_GO_TOGETHER) {
                for (user, id) in some {
                    self.remove(*user, *id);
                }
                tokio::time::sleep(LET_GO_EVERY).await;
            }
        }
    }

    /// Signals to those of these listeners who listen closely.
    pub(crate) fn signal_each(&self, listeners: &[(UserId, ListenerId)], signal: &Signal) {
        if self.close_count() > 0 {
            self.tell_each(listeners, &[News::Signal(Arc::new(signal.clone()))]);
        }
    }

    /// Tells these listeners alone, one after the other.
    pub(crate) fn tell_each(&self, listeners: &[(UserId, ListenerId)], news: &[News]) {
        let mut slow = Vec::new();
        {
            let by_user = self.by_user.read();
            for (user, id) in listeners {
                let ears = by_user.get(user).map_or(&[][..], Vec::as_slice);
                let ear = ears.iter().find(|ear| ear.id == *id);
                if ear.is_some_and(|ear| !news.iter().all(|news| ear.tell(news))) {
                    slow.push((*user, *id));
                }
            }
        }
        for (user, id) in slow {
            self.remove(user, id);
        }
    }

    /// Lets everybody go who listens: news was lost.
    pub(crate) fn let_all_go(&self) {
        let gone = std::mem::take(&mut *self.by_user.write());
        for ears in gone.values() {
            self.count_off(ears);
        }
    }

    /// Those who listen with this session hear no more.
    pub(crate) fn end(&self, session: SessionId) {
        let by_user = &mut *self.by_user.write();
        by_user.retain(|_, ears| {
            let gone: Vec<Ear> = ears.extract_if(.., |ear| ear.session.id == session).collect();
            self.count_off(&gone);
            !ears.is_empty()
        });
    }

    fn count_off(&self, gone: &[Ear]) {
        self.count.fetch_sub(gone.len(), Ordering::Relaxed);
        let close = gone.iter().filter(|ear| ear.is_close).count();
        self.close.fetch_sub(close, Ordering::Relaxed);
    }

    fn remove(&self, user: UserId, id: ListenerId) {
        let by_user = &mut *self.by_user.write();
        let Some(ears) = by_user.get_mut(&user) else { return };
        let gone: Vec<Ear> = ears.extract_if(.., |ear| ear.id == id).collect();
        self.count_off(&gone);
        if ears.is_empty() {
            by_user.remove(&user);
        }
    }
}

/// One who listens, until dropped.
#[derive(Debug)]
pub struct Listening {
    listeners: Arc<Listeners>,
    session: Arc<Session>,
    id: ListenerId,
    news: mpsc::Receiver<News>,
    missed_moves: Arc<AtomicBool>,
}

impl Listening {
    pub(crate) fn who(&self) -> (UserId, ListenerId) {
        (self.session.user, self.id)
    }

    /// Waits for the next piece of news. After [`News::Missed`] nothing more comes; the same is heard
    /// once the session has ended, whatever waits.
    pub async fn next(&mut self) -> News {
        let news = self.news.recv().await;
        news.filter(|_| !self.session.has_ended()).unwrap_or(News::Missed)
    }

    /// Whether a coming or going in a room was left out since this was last asked, and all that waited has
    /// been heard: then the list of those who are there makes up for it.
    pub fn has_missed_moves(&self) -> bool {
        self.news.is_empty() && self.missed_moves.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.listeners.remove(self.session.user, self.id);
    }
}

#[cfg(test)]
mod tests;
