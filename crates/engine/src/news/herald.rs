//! From the store's word that a message is durable to the queues of those whom it concerns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kabar_model::{ConversationId, UserId};
use tokio::sync::mpsc;
use tracing::warn;

use super::{Listeners, MessageNews, News, Whereto};
use crate::directory::Directory;
use crate::error::Result;
use crate::rooms::Rooms;
use crate::store::{Conversation, Herald, NewMessage, Place, Target};

/// Messages that wait to be told; with more, everybody who listens has missed some.
const POSTED_QUEUED_MAX: usize = 16_384;

/// A message that the store has made durable.
pub(crate) struct Posted {
    message: NewMessage,
    places: Vec<Place>,
}

/// The store's end: takes its word and never waits.
pub(crate) struct Announcer {
    listeners: Arc<Listeners>,
    queue: mpsc::Sender<Posted>,
    overflowed: Arc<AtomicBool>,
}

impl Announcer {
    /// An announcer, and what it announces.
    pub(crate) fn new(listeners: Arc<Listeners>) -> (Self, Announcements) {
        let (queue, posted) = mpsc::channel(POSTED_QUEUED_MAX);
        let overflowed = Arc::new(AtomicBool::new(false));
        let announcer = Self { listeners, queue, overflowed: Arc::clone(&overflowed) };
        (announcer, Announcements { posted, overflowed })
    }
}

impl Herald for Announcer {
    fn listens(&self) -> bool {
        self.listeners.count() > 0
    }

    fn posted(&self, message: NewMessage, places: Vec<Place>) {
        if self.queue.try_send(Posted { message, places }).is_err() {
            self.overflowed.store(true, Ordering::Release);
        }
    }
}

/// What is to be told.
pub(crate) struct Announcements {
    posted: mpsc::Receiver<Posted>,
    overflowed: Arc<AtomicBool>,
}

impl Announcements {
    /// Tells until the store is gone.
    pub(crate) async fn tell(
        mut self,
        directory: &Directory,
        rooms: &Rooms,
        listeners: &Listeners,
    ) {
        while let Some(posted) = self.posted.recv().await {
            if self.overflowed.swap(false, Ordering::AcqRel) {
                listeners.let_all_go();
            }
            if let Err(error) = tell(posted, directory, rooms, listeners).await {
                warn!(%error, "cannot tell of a message; who listens must read again");
                listeners.let_all_go();
            }
        }
    }
}

async fn tell(
    posted: Posted,
    directory: &Directory,
    rooms: &Rooms,
    listeners: &Listeners,
) -> Result<()> {
    let NewMessage { author, targets, content, at, session } = posted.message;
    let from = directory.user(author).await?;
    for (target, place) in targets.into_iter().zip(posted.places) {
        let news = |whereto| {
            News::Message(Arc::new(MessageNews {
                place,
                whereto,
                from: Arc::clone(&from),
                session,
                body: content.text().to_owned(),
                file: content.file().cloned(),
                at,
            }))
        };
        match target {
            Target::Direct(other) => {
                let to = directory.user(other).await?;
                let both: &[UserId] = if other == author { &[author] } else { &[author, other] };
                listeners.tell(both, &news(Whereto::Direct(to)));
            }
            Target::Group(group) => {
                let members = directory.members(group).await?;
                if let Some(Conversation::Group(group)) = conversation(directory, group).await? {
                    listeners.tell(&members, &news(Whereto::Group(group.name)));
                }
            }
            Target::Room(room) => {
                if let Some(name) = rooms.name(room) {
                    listeners.tell_each(&rooms.listeners_in(room), &news(Whereto::Room(name)));
                }
            }
        }
    }
    Ok(())
}

async fn conversation(directory: &Directory, id: ConversationId) -> Result<Option<Conversation>> {
    let mut found = directory.conversations(&[id]).await?;
    Ok(found.remove(&id).map(|conversation| (*conversation).clone()))
}
