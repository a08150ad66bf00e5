//! Those who listen, by person.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use kabar_model::{SessionId, UserId};
use parking_lot::RwLock;
use tokio::sync::mpsc;

use super::{News, Signal};
use crate::sessions::Session;

/// News that waits for a slow listener; with more it has missed some.
pub(crate) const NEWS_QUEUED_MAX: usize = 1_000;

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
}

/// The near end of a listener's queue.
#[derive(Clone, Debug)]
pub(crate) struct Ear {
    id: ListenerId,
    session: Arc<Session>,
    queue: mpsc::Sender<News>,
    /// Whether signals are heard.
    is_close: bool,
}

impl Ear {
    /// Tells, if the listener's session still lives. A full queue is left to run dry: then the listener
    /// finds that the other end has gone.
    fn tell(&self, news: &News) -> bool {
        if matches!(news, News::Signal(_)) && !self.is_close {
            return true;
        }
        !self.session.has_ended() && self.queue.try_send(news.clone()).is_ok()
    }
}

impl Listeners {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// How many listen closely.
    pub(crate) fn close_count(&self) -> usize {
        self.close.load(Ordering::Relaxed)
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
        let ear = Ear { id, session, queue, is_close };
        self.by_user.write().entry(user).or_default().push(ear);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.close.fetch_add(usize::from(is_close), Ordering::Relaxed);
        Listening { listeners: Arc::clone(self), user, id, news }
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
    user: UserId,
    id: ListenerId,
    news: mpsc::Receiver<News>,
}

impl Listening {
    pub(crate) fn who(&self) -> (UserId, ListenerId) {
        (self.user, self.id)
    }

    /// Waits for the next piece of news. After [`News::Missed`] nothing more comes; the same is heard
    /// once the session has ended.
    pub async fn next(&mut self) -> News {
        self.news.recv().await.unwrap_or(News::Missed)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.listeners.remove(self.user, self.id);
    }
}
