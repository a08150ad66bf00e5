//! What a message can do to an earlier one of its conversation.

use crate::id::Seq;

/// A change to an earlier message. It is a message itself: it has a number of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Another text; it is the text of the message that is this change.
    Edit(Seq),
    /// The message is gone, its number stays.
    Deletion(Seq),
    /// An emoji, which is the text of the message that is this change.
    Reaction(Seq),
    /// An emoji that was taken back.
    ReactionEnd(Seq),
}

impl Change {
    /// The message that is changed.
    pub fn of(self) -> Seq {
        match self {
            Self::Edit(of) | Self::Deletion(of) | Self::Reaction(of) | Self::ReactionEnd(of) => of,
        }
    }
}
