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
use crate::store::{Conversation, Herald, NewMessage, Posted, Target};

/// Messages that wait to be told; with more, everybody who listens has missed some.
const POSTED_QUEUED_MAX: usize = 16_384;

/// Messages that are told together.
const TOLD_TOGETHER: usize = 64;

/// A message that the store has made durable.
pub(crate) struct Durable {
    message: NewMessage,
    places: Vec<Posted>,
}

/// The store's end: takes its word and never waits.
pub(crate) struct Announcer {
    listeners: Arc<Listeners>,
    queue: mpsc::Sender<Durable>,
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

    fn posted(&self, message: NewMessage, places: Vec<Posted>) {
        if self.queue.try_send(Durable { message, places }).is_err() {
            self.overflowed.store(true, Ordering::Release);
        }
    }
}

/// What is to be told.
pub(crate) struct Announcements {
    posted: mpsc::Receiver<Durable>,
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
        let mut batch = Vec::new();
        while self.posted.recv_many(&mut batch, TOLD_TOGETHER).await > 0 {
            if self.overflowed.swap(false, Ordering::AcqRel) {
                listeners.let_all_go();
            }
            let mut room = RoomTelling { rooms, listeners, id: None, news: Vec::new() };
            for posted in batch.drain(..) {
                if let Err(error) = tell(posted, directory, &mut room).await {
                    warn!(%error, "cannot tell of a message; who listens must read again");
                    listeners.let_all_go();
                }
            }
            room.tell();
        }
    }
}

/// Messages that follow each other in one room, told listener by listener: each is woken once for them.
struct RoomTelling<'a> {
    rooms: &'a Rooms,
    listeners: &'a Listeners,
    id: Option<ConversationId>,
    news: Vec<News>,
}

impl RoomTelling<'_> {
    fn add(&mut self, room: ConversationId, news: News) {
        if self.id != Some(room) {
            self.tell();
            self.id = Some(room);
        }
        self.news.push(news);
    }

    /// Tells what was added. To be called before anything else is told, so that order is kept.
    fn tell(&mut self) {
        if let Some(room) = self.id.take() {
            self.listeners.tell_each(&self.rooms.listeners_in(room), &self.news);
            self.news.clear();
        }
    }
}

async fn tell(posted: Durable, directory: &Directory, room: &mut RoomTelling<'_>) -> Result<()> {
    let (rooms, listeners) = (room.rooms, room.listeners);
    let NewMessage { author, targets, content, at, session, reply_to, key } = posted.message;
    let from = directory.user(author).await?;
    for (target, Posted { place, arrival, .. }) in targets.into_iter().zip(posted.places) {
        // One that was not stored is not told.
        let Some(arrival) = arrival else { continue };
        let news = |whereto| {
            News::Message(Arc::new(MessageNews {
                place,
                whereto,
                from: Arc::clone(&from),
                session,
                body: content.text().to_owned(),
                file: content.file().cloned(),
                at,
                arrival,
                change: content.change(),
                reply_to,
                key: key.clone(),
            }))
        };
        match settled(target, author, directory).await? {
            // The store took it, so it is one of the author's.
            Target::Own(_) => {}
            Target::Direct(other) => {
                let to = directory.user(other).await?;
                room.tell();
                let both: &[UserId] = if other == author { &[author] } else { &[author, other] };
                listeners.tell(both, &news(Whereto::Direct(to)));
            }
            Target::Group(group) => {
                let members = directory.members(group).await?;
                if let Some(Conversation::Group(group)) = conversation(directory, group).await? {
                    room.tell();
                    listeners.tell(&members, &news(Whereto::Group(group.name)));
                }
            }
            Target::Room(id) => {
                if let Some(name) = rooms.name(id) {
                    room.add(id, news(Whereto::Room(name)));
                }
            }
        }
    }
    Ok(())
}

/// Whom a message to one of the author's own conversations goes to.
async fn settled(target: Target, author: UserId, directory: &Directory) -> Result<Target> {
    let Target::Own(id) = target else { return Ok(target) };
    Ok(match conversation(directory, id).await? {
        Some(Conversation::Direct(_)) => {
            let people = directory.members(id).await?;
            let other = people.iter().copied().find(|user| *user != author);
            Target::Direct(other.unwrap_or(author))
        }
        Some(Conversation::Group(_)) => Target::Group(id),
        Some(Conversation::Room(..)) | None => target,
    })
}

async fn conversation(directory: &Directory, id: ConversationId) -> Result<Option<Conversation>> {
    let mut found = directory.conversations(&[id]).await?;
    Ok(found.remove(&id).map(|conversation| (*conversation).clone()))
}
