//! Uploads that can be taken up again where they stand. They are kept in memory: a restart of the server gives
//! them up, and clients begin anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use kabar_engine::store::Place;
use kabar_engine::{Error, Upload};
use kabar_model::{ConversationId, FileCode, FileName, OutgoingId, Refusal, UserId};
use parking_lot::Mutex;
use tokio::sync::mpsc::Receiver;
use tokio::sync::{Mutex as Turn, Notify, OwnedMutexGuard};
use tokio::time::Instant;
use uuid::Uuid;

use crate::api::Api;
use crate::problem::{Answer, Code, Problem};
use crate::text::Text;

/// The uploads of one account that are under way.
pub(crate) const UPLOADS_EACH_MAX: usize = 16;
/// The uploads of everybody that are under way.
const UPLOADS_OPEN_MAX: usize = 4_096;
/// How long an upload waits to be taken up again.
const UPLOAD_IDLE: Duration = Duration::from_hours(1);
/// How long an upload may take in all. Contents that are whole but no message's are kept no longer either.
const UPLOAD_LIFE: Duration = Duration::from_hours(24);
/// How often is looked for those that nobody took up again.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// All uploads, by id.
#[derive(Default)]
pub(crate) struct Uploads {
    all: Mutex<HashMap<Uuid, Arc<Entry>>>,
    /// Whether somebody looks for those that nobody took up again.
    swept: std::sync::OnceLock<()>,
}

/// One upload.
pub(crate) struct Entry {
    owner: UserId,
    pub(crate) name: FileName,
    /// How long it is to be.
    pub(crate) size: u64,
    /// How far it is.
    offset: AtomicU64,
    begun_at: Instant,
    /// When something came last, or it began to rest.
    used_at: Mutex<Instant>,
    pub(crate) state: Arc<Turn<State>>,
    /// Told when a newer request wants to go on, or none is to.
    pub(crate) newer: Notify,
    is_given_up: AtomicBool,
}

/// What became of it so far.
pub(crate) enum State {
    /// More may come.
    Open(Box<Upload>),
    /// It was sent with this message. Kept for who did not hear of that and sends it again.
    Sent(SentAs),
    /// Of no use any more.
    Over,
}

/// What an upload was sent with.
#[derive(Clone, Copy)]
pub(crate) enum SentAs {
    /// The message that stands there.
    Message(Place),
    /// One on its way to its home, another realm.
    Outgoing {
        /// The conversation.
        conversation: ConversationId,
        /// Its number on the way.
        id: OutgoingId,
        /// The file, by which it is found when it has got there.
        file: Option<FileCode>,
    },
}

impl Entry {
    pub(crate) fn offset(&self) -> u64 {
        self.offset.load(Ordering::Acquire)
    }

    /// Something came.
    pub(crate) fn stands_at(&self, offset: u64) {
        self.offset.store(offset, Ordering::Release);
        self.touch();
    }

    /// Its time to rest begins.
    pub(crate) fn touch(&self) {
        *self.used_at.lock() = Instant::now();
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Acquire)
    }

    fn is_over(&self) -> bool {
        // Whoever is at it holds the state.
        let is_forgotten =
            self.used_at.lock().elapsed() > UPLOAD_IDLE && self.state.try_lock().is_ok();
        is_forgotten || self.begun_at.elapsed() > UPLOAD_LIFE
    }

    /// Who is still sending to it stops, and what came is gone with the last who holds it.
    fn end(&self) {
        self.is_given_up.store(true, Ordering::Release);
        self.newer.notify_waiters();
    }

    fn is_open(&self) -> bool {
        self.state.try_lock().map_or(true, |state| matches!(*state, State::Open(_)))
    }
}

/// A request that sends to an upload. While none does, the upload keeps no other from being written.
pub(crate) struct Sending {
    entry: Arc<Entry>,
    state: OwnedMutexGuard<State>,
}

impl Sending {
    /// Waits until no other request sends to it.
    pub(crate) async fn to(entry: &Arc<Entry>) -> Self {
        let state = Arc::clone(&entry.state).lock_owned().await;
        Self { entry: Arc::clone(entry), state }
    }

    /// How far it is; `None`: it takes nothing any more.
    pub(crate) fn size(&self) -> Option<u64> {
        match &*self.state {
            State::Open(upload) => Some(upload.size()),
            State::Sent(_) | State::Over => None,
        }
    }

    /// Takes pieces until no more come, then rests. To be run to its end, whether somebody waits for it or not:
    /// half a piece spoils all.
    pub(crate) async fn take(mut self, mut pieces: Receiver<Bytes>) -> Result<(), Error> {
        let mut taken = Ok(());
        while taken.is_ok()
            && let Some(piece) = pieces.recv().await
        {
            taken = self.write(piece).await;
        }
        pieces.close();
        let rested = match &mut *self.state {
            State::Open(upload) if upload.is_of_use() => upload.rest().await,
            _ => Ok(()),
        };
        self.entry.touch();
        let taken = taken.and(rested);
        match &taken {
            Ok(()) => {}
            // It stands where it stood.
            Err(error) if error.refusal() == Some(&Refusal::Busy) => {}
            Err(_) => *self.state = State::Over,
        }
        taken
    }

    async fn write(&mut self, piece: Bytes) -> Result<(), Error> {
        let State::Open(upload) = &mut *self.state else {
            return Err(Error::failed("no upload takes this"));
        };
        upload.write(piece).await?;
        self.entry.stands_at(upload.size());
        Ok(())
    }
}

impl Uploads {
    /// Begins an upload. Refuses when there are too many of the same person, or of all.
    pub(crate) fn begin(
        self: &Arc<Self>,
        owner: UserId,
        (name, size): (FileName, u64),
        upload: Upload,
        under: &Api,
    ) -> Answer<Uuid> {
        self.swept.get_or_init(|| self.sweep_now_and_then(under));
        let all = &mut *self.all.lock();
        let mut open = 0;
        let mut own = 0;
        for entry in all.values().filter(|entry| entry.is_open()) {
            open += 1;
            own += usize::from(entry.owner == owner);
        }
        if own >= UPLOADS_EACH_MAX {
            return Err(Problem::too_many_at_once("uploads"));
        }
        if open >= UPLOADS_OPEN_MAX {
            return Err(Refusal::Busy.into());
        }
        let id = Uuid::new_v4();
        let entry = Entry {
            owner,
            name,
            size,
            offset: AtomicU64::new(0),
            begun_at: Instant::now(),
            used_at: Mutex::new(Instant::now()),
            state: Arc::new(Turn::new(State::Open(Box::new(upload)))),
            newer: Notify::new(),
            is_given_up: AtomicBool::new(false),
        };
        all.insert(id, Arc::new(entry));
        Ok(id)
    }

    /// An upload of this person's.
    pub(crate) fn find(&self, owner: UserId, id: &str) -> Answer<Arc<Entry>> {
        let entry = Uuid::try_parse(id).ok().and_then(|id| self.all.lock().get(&id).cloned());
        let entry = entry.filter(|entry| entry.owner == owner);
        entry.ok_or_else(|| Problem::new(Code::FileUnknown, Text::UploadUnknown))
    }

    /// Gives an upload up.
    pub(crate) fn give_up(&self, id: &str) {
        if let Ok(id) = Uuid::try_parse(id)
            && let Some(entry) = self.all.lock().remove(&id)
        {
            entry.end();
        }
    }

    /// Gives up those that nobody took up again, and those that take too long.
    fn sweep(&self) {
        self.all.lock().retain(|_, entry| {
            let is_over = entry.is_over();
            if is_over {
                entry.end();
            }
            !is_over
        });
    }

    fn sweep_now_and_then(self: &Arc<Self>, api: &Api) {
        let (uploads, stop) = (Arc::downgrade(self), api.site.stop.all());
        let engine = Arc::downgrade(&api.engine);
        api.site.tasks.spawn(async move {
            let mut turns = tokio::time::interval(SWEEP_EVERY);
            loop {
                tokio::select! {
                    _ = turns.tick() => {}
                    () = stop.cancelled() => return,
                }
                let Some(uploads) = uploads.upgrade() else { return };
                uploads.sweep();
                let Some(engine) = engine.upgrade() else { return };
                engine.sweep_refused().await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(uploads: &Uploads) -> Arc<Entry> {
        let entry = Arc::new(Entry {
            owner: UserId(1),
            name: FileName::clean("a").unwrap(),
            size: 1,
            offset: AtomicU64::new(0),
            begun_at: Instant::now(),
            used_at: Mutex::new(Instant::now()),
            state: Arc::new(Turn::new(State::Over)),
            newer: Notify::new(),
            is_given_up: AtomicBool::new(false),
        });
        uploads.all.lock().insert(Uuid::new_v4(), Arc::clone(&entry));
        entry
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_rests_for_an_hour_and_lives_for_a_day() {
        let uploads = Uploads::default();
        let forgotten = add(&uploads);
        let nursed = add(&uploads);
        let busy = add(&uploads);
        let at_it = Arc::clone(&busy.state).lock_owned().await;
        for minutes in (50..24 * 60).step_by(50) {
            tokio::time::advance(Duration::from_mins(50)).await;
            nursed.stands_at(minutes);
            uploads.sweep();
            assert_eq!(forgotten.is_given_up(), minutes > 60);
            assert!(!nursed.is_given_up() && !busy.is_given_up(), "after {minutes} minutes");
        }
        let told = busy.newer.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        tokio::time::advance(Duration::from_mins(50)).await;
        uploads.sweep();
        assert!(nursed.is_given_up() && busy.is_given_up() && uploads.all.lock().is_empty());
        told.await;
        drop(at_it);
    }
}
