//! Conversations.

use kabar_engine::ShownConversation;
use kabar_engine::store::Conversation as Known;
use kabar_model::{ConversationId, GroupRole, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Message, User};
use crate::api::Api;
use crate::caller::Reader;
use crate::ids;
use crate::problem::Answer;

/// A conversation as one person sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Conversation {
    /// Its id.
    pub(crate) id: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// What it is shown as: the other person's name, or that of the group or room.
    pub(crate) name: String,
    /// The other person of a direct conversation; in a note, oneself.
    #[schema(required)]
    pub(crate) with: Option<User>,
    /// The code of a group.
    #[schema(required)]
    pub(crate) code: Option<String>,
    /// Who can find a group.
    #[schema(required)]
    pub(crate) visibility: Option<VisibilityName>,
    /// How many are in it.
    pub(crate) members: u64,
    /// What one is in a group.
    #[schema(required)]
    pub(crate) role: Option<MemberRole>,
    /// The last number that was given.
    pub(crate) last_seq: i64,
    /// The first number that one may read.
    pub(crate) first_seq: i64,
    /// How far one has read.
    pub(crate) read_seq: i64,
    /// Unread messages of others, counted up to 1,000.
    pub(crate) unread: u64,
    /// Those of them that name one.
    pub(crate) mentions: u64,
    /// The last message.
    #[schema(required)]
    pub(crate) last: Option<Message>,
}

/// What a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Between two people.
    Direct,
    /// To oneself.
    Note,
    /// A group.
    Group,
    /// A room.
    Room,
}

/// Who can find a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Visibility)]
pub(crate) enum VisibilityName {
    /// Anyone.
    Public,
    /// Who has its code or an invitation.
    Private,
}

/// What somebody is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Role)]
pub(crate) enum MemberRole {
    /// Looks after the group.
    Admin,
    /// Reads and writes.
    Member,
}

impl From<Visibility> for VisibilityName {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Public,
            Visibility::Private => Self::Private,
        }
    }
}

impl From<VisibilityName> for Visibility {
    fn from(name: VisibilityName) -> Self {
        match name {
            VisibilityName::Public => Self::Public,
            VisibilityName::Private => Self::Private,
        }
    }
}

impl From<GroupRole> for MemberRole {
    fn from(role: GroupRole) -> Self {
        match role {
            GroupRole::Admin => Self::Admin,
            GroupRole::Member => Self::Member,
        }
    }
}

impl From<MemberRole> for GroupRole {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Admin => Self::Admin,
            MemberRole::Member => Self::Member,
        }
    }
}

impl Api {
    /// A conversation of the person's, or a room.
    pub(crate) async fn conversation(
        &self,
        reader: &Reader,
        id: ConversationId,
    ) -> Answer<Conversation> {
        let shown = self.engine.conversation(reader, id).await?;
        Ok(self.shown_conversation(reader, shown).await)
    }

    pub(crate) async fn shown_conversation(
        &self,
        reader: &Reader,
        shown: ShownConversation,
    ) -> Conversation {
        let ShownConversation { overview, with, latest } = shown;
        let with = with.map(|user| (self.user(&user), user.id == reader.user()));
        let (kind, name, code, visibility) = match &overview.conversation {
            Known::Direct(_) => {
                let kind = if with.as_ref().is_some_and(|(_, own)| *own) {
                    Kind::Note
                } else {
                    Kind::Direct
                };
                let name = with.as_ref().map(|(user, _)| user.name.clone());
                (kind, name.unwrap_or_default(), None, None)
            }
            Known::Group(group) => {
                let visibility = group.visibility.into();
                let name = group.name.as_str().to_owned();
                (Kind::Group, name, Some(group.code.to_string()), Some(visibility))
            }
            Known::Room(_, name) => (Kind::Room, name.as_str().to_owned(), None, None),
        };
        let is_group = kind == Kind::Group;
        Conversation {
            id: ids::of_conversation(overview.conversation.id()),
            kind,
            name,
            with: with.map(|(user, _)| user),
            code,
            visibility,
            members: overview.members,
            role: overview.role.filter(|_| is_group).map(MemberRole::from),
            last_seq: overview.last.0,
            first_seq: overview.first.0,
            read_seq: overview.read.0,
            unread: overview.unread,
            mentions: overview.mentions,
            last: match &latest {
                Some(latest) => Some(self.message(reader, latest).await),
                None => None,
            },
        }
    }
}
