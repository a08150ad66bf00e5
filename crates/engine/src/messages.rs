//! Sending messages and reading what is new.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};
use kabar_model::limits::RECIPIENTS_MAX;
use kabar_model::{
    Address, Body, Change, DisplayName, Field, File, Refusal, Timestamp, User, UserId,
};
use tracing::error;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::portions::Portion;
use crate::sessions::Caller;
use crate::signals::Signals;
use crate::store::{
    Content, Conversation, Group, Message, NewMessage, Place, Posted, Target, Ticket, base64_bytes,
};

/// A message on its way to stable storage. It is accepted once [`Posting::durable`] says so; dropping
/// this does not take it back.
pub struct Posting {
    ticket: Ticket<Vec<Posted>>,
    author: UserId,
    signals: Signals,
    /// What to answer someone who is not in the group.
    stranger: Refusal,
}

impl Posting {
    /// Waits until the message is durable, and says where it stands in each conversation. Where the conversation's home
    /// is another realm it has no number yet.
    pub async fn durable(self) -> Result<Vec<Place>> {
        let posted = match self.ticket.await {
            Err(Error::Refused(Refusal::NotMember)) => return Err(self.stranger.into()),
            outcome => outcome?,
        };
        for posted in posted.iter().filter(|posted| posted.outgoing.is_some()) {
            self.signals.delivery(self.author, posted.place.conversation);
        }
        Ok(posted.into_iter().map(|posted| posted.place).collect())
    }
}

/// A part of what somebody has not read.
#[derive(Debug)]
pub struct Inbox {
    /// The messages, in the order of arrival.
    pub items: Vec<InboxItem>,
    /// To be confirmed once the items have reached the reader; absent: nothing to confirm.
    pub receipt: Option<Receipt>,
}

impl Inbox {
    /// The messages by the username of who wrote them, in the order of each one's first.
    pub fn by_sender(&self) -> Vec<(&str, Vec<&InboxItem>)> {
        let mut by_sender: Vec<(&str, Vec<&InboxItem>)> = Vec::new();
        for item in &self.items {
            let sender = item.from.username.as_str();
            match by_sender.iter_mut().find(|(name, _)| *name == sender) {
                Some((_, items)) => items.push(item),
                None => by_sender.push((sender, vec![item])),
            }
        }
        by_sender
    }
}

/// A message in an inbox.
#[derive(Clone, Debug)]
pub struct InboxItem {
    /// Who wrote it.
    pub from: Arc<User>,
    /// What the reader is shown as.
    pub to: DisplayName,
    /// The group it was written to, if any.
    pub group: Option<Group>,
    /// Its text; beside a file it may be empty.
    pub body: String,
    /// The file, if it is one.
    pub file: Option<File>,
    /// The contents of the file, where they were asked for and are short.
    pub contents: Option<Bytes>,
    /// When it was sent.
    pub at: Timestamp,
    /// What it changes, if it is a change: then the body is the new text, or the emoji, or empty.
    pub change: Option<Change>,
}

/// How far somebody will have read once what they were given has reached them.
#[derive(Debug)]
#[must_use = "what is not confirmed stays unread"]
pub struct Receipt {
    pub(crate) user: UserId,
    pub(crate) positions: Vec<Place>,
    /// What the reader has been given counts as on its way until this is dropped.
    _portion: Portion,
}

impl Receipt {
    /// Nothing, if there is nothing to confirm.
    fn new(user: UserId, positions: Vec<Place>, portion: Portion) -> Option<Self> {
        (!positions.is_empty()).then_some(Self { user, positions, _portion: portion })
    }
}

impl Engine {
    /// Sends a text to people: to all of them, or to none. Refuses `ReceiverUnknown` with all the names
    /// that are not known, `RealmUnknown`, and `TooMany` or `Invalid` receivers.
    pub async fn send(&self, caller: &Caller, to: &[Address], body: Body) -> Result<Posting> {
        match to.len() {
            0 => return Err(Refusal::Invalid(Field::Recipients).into()),
            1..=RECIPIENTS_MAX => {}
            _ => return Err(Refusal::TooMany(Field::Recipients).into()),
        }
        let (targets, unknown) = self.look_up(to).await?;
        if !unknown.is_empty() {
            return Err(Refusal::ReceiverUnknown(unknown).into());
        }
        self.post(caller, targets, body, Refusal::NotMember).await
    }

    /// The names among these that nobody has.
    pub async fn unknown_among(&self, addresses: &[Address]) -> Result<Vec<String>> {
        Ok(self.look_up(addresses).await?.1)
    }

    async fn look_up(&self, addresses: &[Address]) -> Result<(Vec<Target>, Vec<String>)> {
        let mut targets = Vec::with_capacity(addresses.len());
        let mut unknown = Vec::new();
        for address in addresses {
            match self.somebody(address).await? {
                Some(user) if !targets.contains(&Target::Direct(user.id)) => {
                    targets.push(Target::Direct(user.id));
                }
                Some(_) => {}
                None => unknown.push(address.to_string()),
            }
        }
        Ok((targets, unknown))
    }

    pub(crate) async fn post(
        &self,
        caller: &Caller,
        targets: Vec<Target>,
        body: Body,
        stranger: Refusal,
    ) -> Result<Posting> {
        caller.may_write()?;
        let at = self.clock.now();
        let new = NewMessage::new(caller.user(), targets, Content::Text(body), at);
        let message = NewMessage { session: Some(caller.session()), ..new };
        let ticket = self.store.post(message).await?;
        let signals = self.signals.clone();
        Ok(Posting { ticket, author: caller.user(), signals, stranger })
    }

    /// What somebody has not read, oldest first. It stays unread until the receipt is confirmed.
    pub async fn inbox(&self, caller: &Caller) -> Result<Inbox> {
        self.part_of_inbox(caller, 0).await
    }

    /// As [`Engine::inbox`], with the contents of short files.
    pub async fn inbox_with_contents(&self, caller: &Caller) -> Result<Inbox> {
        self.part_of_inbox(caller, self.settings.file_inline_bytes_max).await
    }

    async fn part_of_inbox(&self, caller: &Caller, file_bytes: u64) -> Result<Inbox> {
        let portion = self.portions.take();
        let unread = self.store.unread(caller.user(), portion.part(file_bytes)).await?;
        self.inbox_of(caller, unread.messages, unread.positions, portion, file_bytes).await
    }

    /// Messages as their reader is shown them, with contents of files as long as `file_bytes` or shorter.
    pub(crate) async fn inbox_of(
        &self,
        caller: &Caller,
        messages: Vec<Message>,
        positions: Vec<Place>,
        mut portion: Portion,
        file_bytes: u64,
    ) -> Result<Inbox> {
        let texts: usize = messages.iter().map(|message| message.said_bytes(0)).sum();
        let mut authors: Vec<_> = messages.iter().map(|message| message.author).collect();
        authors.push(caller.user());
        authors.sort_unstable();
        authors.dedup();
        let people = self.directory.users(&authors).await?;
        let mut places: Vec<_> =
            messages.iter().map(|message| message.place.conversation).collect();
        places.sort_unstable();
        places.dedup();
        let conversations = self.directory.conversations(&places).await?;

        let person = |id| {
            people.get(&id).cloned().ok_or_else(|| Error::failed("a message without an author"))
        };
        let reader = person(caller.user())?;
        let items = messages.into_iter().map(|message| {
            let group = match conversations.get(&message.place.conversation).map(AsRef::as_ref) {
                Some(Conversation::Group(group)) => Some(group.clone()),
                Some(Conversation::Direct(_) | Conversation::Room(..)) | None => None,
            };
            Ok(InboxItem {
                from: person(message.author)?,
                to: reader.name.clone(),
                group,
                body: message.body,
                file: message.file,
                contents: None,
                at: message.at,
                change: message.change,
            })
        });
        let mut items = items.collect::<Result<Vec<_>>>()?;
        // Contents go along only while the portion has room for them: they can be fetched by themselves.
        let mut said = texts;
        for item in &mut items {
            let short = item.file.as_ref().filter(|file| file_bytes > 0 && file.size <= file_bytes);
            let fits = |file: &&File| said + base64_bytes(file.size) <= portion.bytes();
            if let Some(file) = short.filter(fits) {
                said += base64_bytes(file.size);
                item.contents = self.contents_at_hand(file).await;
            }
        }
        portion.need(said);
        // Who may only read moves no read position either.
        let positions = if caller.writes() { positions } else { Vec::new() };
        Ok(Inbox { items, receipt: Receipt::new(caller.user(), positions, portion) })
    }

    /// The contents of a file, if they can be read: without them the message is still one.
    async fn contents_at_hand(&self, file: &File) -> Option<Bytes> {
        let whole = async {
            let pieces: Vec<Bytes> = self.contents(file).await?.try_collect().await?;
            Ok::<_, Error>(pieces.concat().into())
        };
        whole.await.inspect_err(|error| error!(%error, "cannot read a file")).ok()
    }

    /// As [`Engine::confirm`], for who has nobody left to tell of a failure: the messages stay unread, and that is
    /// logged.
    pub fn confirmation(self: &Arc<Self>, receipt: Receipt) -> BoxFuture<'static, ()> {
        let engine = Arc::clone(self);
        async move {
            if let Err(error) = engine.confirm(receipt).await {
                error!(%error, "messages that were read stay unread");
            }
        }
        .boxed()
    }

    /// Marks as read what the receipt stands for. Call it only when the reader has been given it whole.
    pub async fn confirm(&self, receipt: Receipt) -> Result<()> {
        self.store.mark_read(receipt.user, &receipt.positions).await?;
        for position in &receipt.positions {
            self.signals.read(receipt.user, *position);
        }
        Ok(())
    }
}
