//! Messages as a store knows them.

use kabar_model::{
    Arrival, Body, Change, ClientKey, ConversationId, Emoji, File, GroupRole, OutgoingId, Seq,
    SessionId, Timestamp, UserId, Username,
};

use super::{Conversation, NewFile};

/// A message to be stored.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Who wrote it.
    pub author: UserId,
    /// Where it goes.
    pub targets: Vec<Target>,
    /// What it says.
    pub content: Content,
    /// When it was sent.
    pub at: Timestamp,
    /// The session that it was sent from. Not stored; the herald is told.
    pub session: Option<SessionId>,
    /// The message of the same conversation that it answers, as its author says.
    pub reply_to: Option<Seq>,
    /// What its author's client calls it.
    pub key: Option<ClientKey>,
}

impl NewMessage {
    /// A message from nowhere in particular: no session, no reply, no key.
    pub fn new(author: UserId, targets: Vec<Target>, content: Content, at: Timestamp) -> Self {
        Self { author, targets, content, at, session: None, reply_to: None, key: None }
    }

    /// Whether a message that stands says the same. Of one that was changed since nobody knows any more what it
    /// said: then it does.
    pub fn says_the_same_as(&self, stands: &Message) -> bool {
        let is_changed = stands.edited_at.is_some() || stands.deleted;
        let same_file = match (self.content.file(), &stands.file) {
            (Some(new), Some(file)) => (new.hash, &new.name) == (file.hash, &file.name),
            (new, file) => new.is_none() && file.is_none(),
        };
        let same_text = self.content.text() == stands.body;
        let same_about = self.content.change() == stands.change && self.reply_to == stands.reply_to;
        is_changed || (same_text && same_file && same_about)
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Where it stands.
    pub place: Place,
    /// Where it stands among all messages; `None`: it was not stored, since that stood there already.
    pub arrival: Option<Arrival>,
    /// Its number on the way to its home, when that is another realm: then its place has no number yet.
    pub outgoing: Option<OutgoingId>,
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum Content {
    /// A text.
    Text(Body),
    /// A file.
    File(Box<NewFile>),
    /// Another text for a message, or for what is said beside its file.
    Edit {
        /// The message.
        of: Seq,
        /// Its new text.
        text: Body,
    },
    /// The end of a message.
    Deletion {
        /// The message.
        of: Seq,
    },
    /// A reaction to a message, or its end.
    Reaction {
        /// The message.
        of: Seq,
        /// The reaction.
        emoji: Emoji,
        /// Whether it stands from now on.
        on: bool,
    },
}

impl Content {
    /// The text: what is said, what is said beside the file, the new text, or the emoji; empty if there is
    /// none.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(body) | Self::Edit { text: body, .. } => body.as_str(),
            Self::File(new) => new.caption.as_ref().map_or("", Body::as_str),
            Self::Reaction { emoji, .. } => emoji.as_str(),
            Self::Deletion { .. } => "",
        }
    }

    /// What it changes, if it is a change.
    pub fn change(&self) -> Option<Change> {
        match *self {
            Self::Text(_) | Self::File(_) => None,
            Self::Edit { of, .. } => Some(Change::Edit(of)),
            Self::Deletion { of } => Some(Change::Deletion(of)),
            Self::Reaction { of, on: true, .. } => Some(Change::Reaction(of)),
            Self::Reaction { of, on: false, .. } => Some(Change::ReactionEnd(of)),
        }
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&File> {
        match self {
            Self::File(new) => Some(&new.file),
            Self::Text(_) | Self::Edit { .. } | Self::Deletion { .. } | Self::Reaction { .. } => {
                None
            }
        }
    }
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To this person; to oneself is a note.
    Direct(UserId),
    /// To this group.
    Group(ConversationId),
    /// To this room; refuses `NotInRoom` when it is none. Who may is known to those who know who is in
    /// it: the store does not ask.
    Room(ConversationId),
    /// To this direct conversation or group of the author's; refuses `NotMember` when it is none.
    Own(ConversationId),
}

/// A place in a conversation: a message's, or how far somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The conversation.
    pub conversation: ConversationId,
    /// The number in it.
    pub seq: Seq,
}

/// A message as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it stands.
    pub place: Place,
    /// Who wrote it.
    pub author: UserId,
    /// Its text; beside a file it may be empty.
    pub body: String,
    /// The file, if it is one.
    pub file: Option<File>,
    /// When it was sent.
    pub at: Timestamp,
    /// Where it stands among all messages of the realm.
    pub arrival: Arrival,
    /// What it changes, if it is a change.
    pub change: Option<Change>,
    /// The message of its conversation that it answers, as its author said.
    pub reply_to: Option<Seq>,
    /// When its text was last changed.
    pub edited_at: Option<Timestamp>,
    /// Whether it is gone; then it has no text and no file.
    pub deleted: bool,
    /// What its author's client calls it, while that is remembered: only where it is said to, and only in
    /// what the reader wrote.
    pub key: Option<ClientKey>,
}

impl Message {
    /// What it costs to say it, with contents of a file as long as these or shorter.
    pub fn said_bytes(&self, file_bytes_max: u64) -> usize {
        let contents = self.file.as_ref().map_or(0, |file| file.size);
        let contents = if contents > file_bytes_max { 0 } else { base64_bytes(contents) };
        kabar_model::escaped_bytes(&self.body) + contents
    }
}

/// What so many bytes take in base64.
pub(crate) fn base64_bytes(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(3).saturating_mul(4)).unwrap_or(usize::MAX)
}

/// How much one part may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartMax {
    /// Messages.
    pub messages: usize,
    /// Bytes, as [`Message::said_bytes`] counts them.
    pub bytes: usize,
    /// The contents of a file that are said with it; of a longer one none are.
    pub file_bytes: u64,
}

/// Which messages of a conversation are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The last ones.
    Last,
    /// The last ones before this number.
    Before(Seq),
    /// The first ones after this number.
    After(Seq),
    /// This one, with about as many before as after it; more on one side if there are fewer on the other.
    Around(Seq),
}

/// A page of a conversation. `key` is told of the reader's own messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// The first number that the reader may see, whether there is such a message yet or not.
    pub first: Seq,
    /// The last number that was given; [`Seq::NONE`] if none was.
    pub last: Seq,
}

/// A reaction that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReaction {
    /// The message that it is on.
    pub of: Seq,
    /// Whose it is.
    pub user: UserId,
    /// The reaction.
    pub emoji: Emoji,
}

/// A conversation as one person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The conversation.
    pub conversation: Conversation,
    /// The other person of a direct conversation; in a note, oneself.
    pub with: Option<UserId>,
    /// How many are in it.
    pub members: u64,
    /// What the person is in the group.
    pub role: Option<GroupRole>,
    /// The first number that the person may see.
    pub first: Seq,
    /// The last number that was given.
    pub last: Seq,
    /// How far the person has read.
    pub read: Seq,
    /// What is past `read`: of others, or in a note one's own; no changes, nothing deleted. Counted up to
    /// [`limits::UNREAD_COUNTED_MAX`](kabar_model::limits::UNREAD_COUNTED_MAX).
    pub unread: u64,
    /// How many of these name the person, as [`names`] says.
    pub mentions: u64,
    /// The last message that is no change, as far as the person may see it.
    pub latest: Option<Message>,
}

/// What everybody is named by: in English and Indonesian.
const EVERYBODY: [&str; 2] = ["all", "semua"];

/// Whether a text names a person: `@username`, `@all` or `@semua` as a whole word, in any case.
pub fn names(text: &str, username: &Username) -> bool {
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find('@') {
        let ahead = rest[..at].chars().next_back().or(before);
        before = Some('@');
        rest = &rest[at + 1..];
        if ahead.is_some_and(is_of_name) {
            // The middle of an address, `somebody@somewhere`.
            continue;
        }
        let word = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
        // A sentence may end right after the name.
        let bare = word.trim_end_matches(['.', '_', '-']);
        if [word, bare].into_iter().any(|word| is_name_of(word, username)) {
            return true;
        }
    }
    false
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn is_name_of(word: &str, username: &Username) -> bool {
    let is_everybody = EVERYBODY.iter().any(|all| all.eq_ignore_ascii_case(word));
    is_everybody || Username::parse(word).is_ok_and(|name| name == *username)
}

/// A part of what somebody has not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// The messages, in the order of arrival.
    pub messages: Vec<Message>,
    /// How far each conversation has been read once these are. May name a conversation of which no
    /// message is returned, when one's own messages there were passed over.
    pub positions: Vec<Place>,
}
