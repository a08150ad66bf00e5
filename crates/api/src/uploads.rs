//! Uploads that can be taken up again where they stand. They are kept in memory: a restart of the server gives
//! them up, and clients begin anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kabar_engine::Upload;
use kabar_engine::store::Place;
use kabar_model::{FileName, UserId};
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, Notify};
use tokio::time::Instant;
use uuid::Uuid;

use crate::problem::{Answer, Code, Problem};
use crate::site::Site;
use crate::text::Text;

/// The uploads of one account that are under way.
pub(crate) const UPLOADS_EACH_MAX: usize = 16;
/// How long an upload waits to be taken up again.
pub(crate) const UPLOAD_IDLE: Duration = Duration::from_hours(1);
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
    used_at: Mutex<Instant>,
    pub(crate) state: Turn<State>,
    /// Told when a newer request wants to go on.
    pub(crate) newer: Notify,
}

/// What became of it so far.
pub(crate) enum State {
    /// More may come.
    Open(Box<Upload>),
    /// It was sent with this message. Kept for who did not hear of that and sends it again.
    Sent(Place),
    /// Of no use any more.
    Over,
}

impl Entry {
    pub(crate) fn offset(&self) -> u64 {
        self.offset.load(Ordering::Acquire)
    }

    /// Something came.
    pub(crate) fn stands_at(&self, offset: u64) {
        self.offset.store(offset, Ordering::Release);
        *self.used_at.lock() = Instant::now();
    }

    fn is_forgotten(&self) -> bool {
        // Whoever is at it holds the state.
        self.used_at.lock().elapsed() > UPLOAD_IDLE && self.state.try_lock().is_ok()
    }

    fn is_open(&self) -> bool {
        self.state.try_lock().map_or(true, |state| matches!(*state, State::Open(_)))
    }
}

impl Uploads {
    /// Begins an upload. Refuses when there are too many of the same person.
    pub(crate) fn begin(
        self: &Arc<Self>,
        owner: UserId,
        (name, size): (FileName, u64),
        upload: Upload,
        under: &Site,
    ) -> Answer<Uuid> {
        self.swept.get_or_init(|| self.sweep_now_and_then(under));
        let all = &mut *self.all.lock();
        let own = all.values().filter(|entry| entry.owner == owner && entry.is_open()).count();
        if own >= UPLOADS_EACH_MAX {
            return Err(Problem::new(Code::TooMany, Text::TooMany).with("field", "uploads"));
        }
        let id = Uuid::new_v4();
        let entry = Entry {
            owner,
            name,
            size,
            offset: AtomicU64::new(0),
            used_at: Mutex::new(Instant::now()),
            state: Turn::new(State::Open(Box::new(upload))),
            newer: Notify::new(),
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
            // Who is still sending to it stops.
            entry.newer.notify_waiters();
        }
    }

    fn sweep_now_and_then(self: &Arc<Self>, site: &Site) {
        let (uploads, stop) = (Arc::downgrade(self), site.stop.clone());
        site.tasks.spawn(async move {
            let mut turns = tokio::time::interval(SWEEP_EVERY);
            loop {
                tokio::select! {
                    _ = turns.tick() => {}
                    () = stop.cancelled() => return,
                }
                let Some(uploads) = uploads.upgrade() else { return };
                uploads.all.lock().retain(|_, entry| !entry.is_forgotten());
            }
        });
    }
}
