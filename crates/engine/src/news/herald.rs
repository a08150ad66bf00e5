//! From the store's word that a message is durable to the queues of those whom it concerns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kabar_model::{ConversationId, UserId};
use tokio::sync::mpsc;
use tracing::warn;

use super::{Listeners, MessageNews, News, Whereto};
use crate::bus::Hint;
use crate::directory::Directory;
use crate::error::Result;
use crate::rooms::Rooms;
use crate::store::{Conversation, Herald, NewMessage, Posted, Target};

/// Messages that wait to be told; with more, everybody who listens has missed some.
const POSTED_QUEUED_MAX: usize = 16_384;

/// Messages that are told together.
const TOLD_TOGETHER: usize = 64;

/// What the store has made durable.
pub(crate) enum Durable {
    /// A message, and its places.
    Message(NewMessage, Vec<Posted>),
    /// A change by another node: what comes after it is not for those who were removed by it.
    Change(Hint),
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
        self.add(Durable::Message(message, places));
    }

    fn changed(&self, hint: Hint) {
        if matches!(hint, Hint::GroupChanged(_) | Hint::UserChanged(_)) {
            self.add(Durable::Change(hint));
        }
    }

    fn hears(&self, hint: Hint) -> bool {
        match hint {
            Hint::Read { user, place, .. } => self.listeners.lacks_read(user, place),
            Hint::Delivery { user: Some(user), .. } | Hint::Left { user, .. } => {
                self.listeners.listens_closely(user)
            }
            _ => self.listeners.close_count() > 0,
        }
    }
}

impl Announcer {
    fn add(&self, durable: Durable) {
        if self.queue.try_send(durable).is_err() {
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
            for durable in batch.drain(..) {
                let told = match durable {
                    Durable::Message(message, places) => {
                        tell(message, places, directory, &mut room).await
                    }
                    Durable::Change(hint) => {
                        forget(hint, directory);
                        Ok(())
                    }
                };
                if let Err(error) = told {
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

/// The hint itself is on its way, too, but not in order with messages.
fn forget(hint: Hint, directory: &Directory) {
    match hint {
        Hint::GroupChanged(group) => directory.forget_group(group),
        Hint::UserChanged(user) => directory.forget_user(user),
        _ => {}
    }
}

async fn tell(
    message: NewMessage,
    places: Vec<Posted>,
    directory: &Directory,
    room: &mut RoomTelling<'_>,
) -> Result<()> {
    let (rooms, listeners) = (room.rooms, room.listeners);
    let NewMessage { author, targets, content, at, session, reply_to, key } = message;
    let from = directory.user(author).await?;
    for (target, Posted { place, arrival, .. }) in targets.into_iter().zip(places) {
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

#[cfg(test)]
mod tests {
    use kabar_model::{Body, GroupName, SessionId, Timestamp, Visibility};

    use super::*;
    use crate::sessions::Session;
    use crate::store::{Content, NewGroup, Purpose, SessionRecord, Store, TokenHash};
    use crate::testing::{MemoryStore, new_user};

    #[tokio::test]
    async fn who_was_removed_on_another_node_is_not_told_what_comes_after_it() {
        for hinted in [false, true] {
            let store = Arc::new(MemoryStore::default());
            let ana = store.create_user(new_user("ana")).await.unwrap();
            let budi = store.create_user(new_user("budi")).await.unwrap();
            let (at, visibility) = (Timestamp(1), Visibility::Public);
            let name = GroupName::parse("klub").unwrap();
            let group = NewGroup { name, creator: ana.id, visibility, at };
            let group = store.create_group(group).await.unwrap().id;
            store.join_group(group, budi.id, at).await.unwrap();
            let directory = Directory::new(Arc::clone(&store) as Arc<dyn Store>);
            assert_eq!(directory.members(group).await.unwrap().len(), 2);
            store.remove_member(group, ana.id, budi.id).await.unwrap();

            let listeners = Arc::new(Listeners::default());
            let rooms = Rooms::new(Arc::clone(&listeners), true);
            let (id, token, purpose) = (SessionId(1), TokenHash([1; 32]), Purpose::Person);
            let user = budi.id;
            let record = SessionRecord { id, user, token, created_at: at, used_at: at, purpose };
            let mut listening = listeners.add(Arc::new(Session::new(&record, budi.username)));
            let (announcer, announcements) = Announcer::new(Arc::clone(&listeners));
            if hinted {
                announcer.changed(Hint::GroupChanged(group));
            }
            let content = Content::Text(Body::parse("rahasia").unwrap());
            let message = NewMessage::new(ana.id, vec![Target::Group(group)], content, at);
            let posted = store.post(message.clone()).await.unwrap().await.unwrap();
            announcer.posted(message, posted);
            drop(announcer);
            announcements.tell(&directory, &rooms, &listeners).await;
            let told = futures_util::FutureExt::now_or_never(listening.next());
            assert_eq!(told.is_some(), !hinted);
        }
    }
}
