//! Hooks: a program that knows a hook's secret writes into one conversation.

use kabar_model::{ConversationId, HookId, Label, SessionId, Timestamp, UserId};

use super::TokenHash;

/// A hook to be made.
#[derive(Clone, Debug)]
pub struct NewHook {
    /// Where it writes.
    pub conversation: ConversationId,
    /// Who makes it: it writes in that person's name.
    pub by: UserId,
    /// The session that asks for it, which must not have ended; absent if none does.
    pub asked_by: Option<SessionId>,
    /// What it is called.
    pub name: Label,
    /// The hash of its secret.
    pub secret: TokenHash,
    /// When it is made.
    pub at: Timestamp,
}

/// A hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Its number.
    pub id: HookId,
    /// Where it writes.
    pub conversation: ConversationId,
    /// Who made it.
    pub by: UserId,
    /// What it is called.
    pub name: Label,
}
