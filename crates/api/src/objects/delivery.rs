//! How far messages have come on their way to other realms.

use kabar_catalogue::Lang;
use kabar_engine::{Delivery, ShownOutgoing};
use kabar_model::Change as Known;
use serde::Serialize;
use utoipa::ToSchema;

use super::message::{File, Reaction, key};
use super::{Author, time};
use crate::api::Api;
use crate::caller::Reader;
use crate::ids;
use crate::text::Text;

/// How far a message has come.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Delivery)]
pub(crate) enum DeliveryName {
    /// It is durable here and waits.
    Queued,
    /// It is durable in every other realm that is to have it.
    Delivered,
    /// The other person has read it.
    Read,
    /// It was not taken, or could not be delivered.
    Failed,
}

impl From<&Delivery> for DeliveryName {
    fn from(delivery: &Delivery) -> Self {
        match delivery {
            Delivery::Queued => Self::Queued,
            Delivery::Delivered => Self::Delivered,
            Delivery::Read => Self::Read,
            Delivery::Failed(_) => Self::Failed,
        }
    }
}

/// Why a message failed, in words.
pub(super) fn reason(delivery: &Delivery, lang: Lang) -> Option<String> {
    let Delivery::Failed(code) = delivery else { return None };
    let text = match code.as_str() {
        "user_unknown" => Text::FailedUserUnknown,
        "group_unknown" => Text::FailedGroupUnknown,
        "not_member" => Text::FailedNotMember,
        "not_allowed" => Text::FailedNotAllowed,
        "message_unknown" => Text::FailedMessageUnknown,
        "invalid" => Text::FailedInvalid,
        "too_many" => Text::FailedTooMany,
        "bad_signature" => Text::FailedBadSignature,
        "expired" => Text::FailedExpired,
        "link_removed" => Text::FailedLinkRemoved,
        // Of a newer realm, perhaps.
        _ => Text::FailedOtherwise,
    };
    Some(text.say(lang, &[]))
}

/// A message of one's own on its way to the home of its conversation, which is another realm. It is shown as a message,
/// and gets its number there.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Outgoing {
    /// Its id on the way.
    pub(crate) id: String,
    /// The conversation.
    pub(crate) conversation: String,
    /// `null`: it has no number yet.
    #[schema(required)]
    pub(crate) seq: Option<i64>,
    /// What it changes, if it is a change: then the text is the new text, or the emoji, or empty.
    #[schema(required)]
    pub(crate) change: Option<Changes>,
    /// Oneself.
    pub(crate) author: Author,
    /// When it was sent.
    #[schema(format = DateTime)]
    pub(crate) at: String,
    /// What it says.
    pub(crate) text: String,
    /// The file. Its contents can be fetched once the message has a number.
    #[schema(required)]
    pub(crate) file: Option<File>,
    /// The message that it answers.
    #[schema(required)]
    pub(crate) reply_to: Option<i64>,
    /// `null`: it has not been changed.
    #[schema(required, format = DateTime)]
    pub(crate) edited_at: Option<String>,
    /// Whether it is gone: it is not.
    pub(crate) deleted: bool,
    /// What others make of it: nothing yet.
    pub(crate) reactions: Vec<Reaction>,
    /// What one's own client called it.
    #[schema(required)]
    pub(crate) key: Option<String>,
    /// How far it has come: it waits, or it failed.
    pub(crate) delivery: DeliveryName,
    /// Why it failed, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivery_reason: Option<String>,
}

/// What a message changes.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// How.
    pub(crate) kind: ChangeKind,
    /// The message that it changes.
    pub(crate) seq: i64,
}

/// How a message is changed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeKind {
    /// It gets another text.
    Edit,
    /// It is taken away.
    Deletion,
    /// It gets a reaction.
    Reaction,
    /// A reaction is taken back.
    ReactionEnd,
}

impl From<Known> for Changes {
    fn from(change: Known) -> Self {
        let kind = match change {
            Known::Edit(_) => ChangeKind::Edit,
            Known::Deletion(_) => ChangeKind::Deletion,
            Known::Reaction(_) => ChangeKind::Reaction,
            Known::ReactionEnd(_) => ChangeKind::ReactionEnd,
        };
        Self { kind, seq: change.of().0 }
    }
}

impl Api {
    pub(crate) async fn outgoing(&self, reader: &Reader, shown: &ShownOutgoing) -> Outgoing {
        let (message, delivery) = (&shown.message, shown.delivery());
        Outgoing {
            id: ids::of_outgoing(shown.id),
            conversation: ids::of_conversation(message.place.conversation),
            seq: None,
            change: message.change.map(Changes::from),
            author: shown.author.as_ref().into(),
            at: time(message.at),
            text: message.body.clone(),
            file: self.file(message.file.as_ref()).await,
            reply_to: message.reply_to.map(|seq| seq.0),
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            key: message.key.as_ref().map(key),
            delivery: (&delivery).into(),
            delivery_reason: reason(&delivery, reader.lang),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_words_of_its_own_in_both_languages() {
        // Those of docs/realm-links.md, and one that is not known.
        let codes = [
            "user_unknown",
            "group_unknown",
            "not_member",
            "not_allowed",
            "message_unknown",
            "invalid",
            "too_many",
            "bad_signature",
            "expired",
            "link_removed",
            "moon_phase",
        ];
        let mut said = std::collections::HashSet::new();
        for code in codes {
            for lang in [Lang::En, Lang::Id] {
                let failed = Delivery::Failed(code.to_owned());
                said.insert(reason(&failed, lang).expect("what failed has a reason"));
            }
        }
        assert_eq!(said.len(), 2 * codes.len());
        assert_eq!(reason(&Delivery::Queued, Lang::En), None);
    }
}
