//! What an admin decides about a group, and invitations to it.

use kabar_model::{
    ConversationId, GroupCode, GroupName, InvitationCode, Timestamp, UserId, Visibility,
};

/// What is to be another in a group. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Another name.
    pub name: Option<GroupName>,
    /// Who can find it.
    pub visibility: Option<Visibility>,
}

impl GroupChange {
    /// Another name, and nothing else.
    pub fn name(name: GroupName) -> Self {
        Self { name: Some(name), visibility: None }
    }

    /// Who can find it, and nothing else.
    pub fn visibility(visibility: Visibility) -> Self {
        Self { name: None, visibility: Some(visibility) }
    }
}

/// An invitation to be made.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// The group.
    pub group: ConversationId,
    /// Who invites.
    pub by: UserId,
    /// What who is invited shows.
    pub code: InvitationCode,
    /// When it is made.
    pub at: Timestamp,
    /// From when on it is no longer good.
    pub expires_at: Timestamp,
    /// How many may join with it.
    pub uses: u32,
}

/// An invitation that is good still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// What who is invited shows.
    pub code: InvitationCode,
    /// From when on it is no longer good.
    pub expires_at: Timestamp,
    /// How many may join with it yet.
    pub uses_left: u32,
}

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its name.
    pub name: GroupName,
    /// Who makes it.
    pub creator: UserId,
    /// Who can find it.
    pub visibility: Visibility,
    /// When it is made.
    pub at: Timestamp,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its number.
    pub id: ConversationId,
    /// Its name.
    pub name: GroupName,
    /// Its code.
    pub code: GroupCode,
    /// Who can find it.
    pub visibility: Visibility,
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    /// The group.
    pub group: Group,
    /// How many are in it.
    pub members: u64,
    /// Whether the one who asks is.
    pub joined: bool,
}
