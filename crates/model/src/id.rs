//! Numbers that stand for things. Their values mean nothing outside the realm.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);
    };
}

id!(
    /// An account, for as long as the realm lives; never given to another.
    UserId
);
id!(
    /// A conversation: direct, group or room.
    ConversationId
);
id!(
    /// A session: one login on one client.
    SessionId
);
id!(
    /// A hook: a way for a program to write into one conversation.
    HookId
);
id!(
    /// A link to another realm.
    LinkId
);
id!(
    /// A message of somebody here that the home of its conversation, another realm, has not numbered yet.
    OutgoingId
);
id!(
    /// A message's place among all messages of the realm, in the order of arrival: 1 or more, possibly with
    /// gaps.
    Arrival
);

impl Arrival {
    /// The position before the first message.
    pub const NONE: Self = Self(0);
}

/// A message's place in its conversation: 1, 2, 3, … with no gaps. [`Seq::NONE`] comes before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(pub i64);

impl Seq {
    /// The position before the first message.
    pub const NONE: Self = Self(0);

    /// The position after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
