//! Files as a store knows them.

use kabar_model::{Body, ConversationId, File, FileCode, FileName, Timestamp, UserId};

use super::Place;

/// A file to be sent. Its contents are durable already.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// The file.
    pub file: File,
    /// What is said beside it.
    pub caption: Option<Body>,
    /// Whether it is refused when the person it goes to has a file of that name already, in the list of
    /// [`Store::files`](super::Store::files).
    pub sole: bool,
}

/// Where to look for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileScope {
    /// In all direct conversations and groups of the reader.
    Everywhere,
    /// In the same, among what [`Store::files`](super::Store::files) lists: what others sent, and notes.
    Received,
    /// In this one, as far as the reader may see it.
    In(ConversationId),
    /// In this room. Who may is known to those who know who is in it.
    Room(ConversationId),
}

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileKey {
    /// The file with this code.
    Code(FileCode),
    /// The newest of this name.
    Name(FileName),
}

/// A file, and the message that it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// The file.
    pub file: File,
    /// Where its message stands.
    pub place: Place,
    /// Who sent it.
    pub author: UserId,
    /// When.
    pub at: Timestamp,
}
