//! Ids as clients see them: a letter for the kind, then a number. To clients they are opaque.

use kabar_model::{ConversationId, HookId, OutgoingId, Refusal, Seq, SessionId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::{Answer, Problem};

/// The id of a conversation, such as `c12`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(value_type = String, example = "c12")]
pub(crate) struct ConversationKey(String);

impl ConversationKey {
    pub(crate) fn id(&self) -> Answer<ConversationId> {
        conversation(&self.0).ok_or_else(Problem::conversation_unknown)
    }
}

/// The id of a session, such as `s12`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(value_type = String, example = "s12")]
pub(crate) struct SessionKey(String);

impl SessionKey {
    pub(crate) fn id(&self) -> Answer<SessionId> {
        number(&self.0, "s").map(SessionId).ok_or_else(Problem::not_found)
    }
}

/// The id of a hook, such as `h12`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(value_type = String, example = "h12")]
pub(crate) struct HookKey(String);

impl HookKey {
    pub(crate) fn id(&self) -> Answer<HookId> {
        number(&self.0, "h").map(HookId).ok_or_else(Problem::not_found)
    }
}

/// The id of a message on its way to its home, such as `o12`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(value_type = String, example = "o12")]
pub(crate) struct OutgoingKey(String);

impl OutgoingKey {
    pub(crate) fn id(&self) -> Answer<OutgoingId> {
        let id = number(&self.0, "o").map(OutgoingId);
        id.ok_or_else(|| Refusal::MessageUnknown.into())
    }
}

/// The conversation of that id.
pub(crate) fn conversation(key: &str) -> Option<ConversationId> {
    number(key, "c").map(ConversationId)
}

pub(crate) fn of_conversation(id: ConversationId) -> String {
    format!("c{}", id.0)
}

pub(crate) fn of_outgoing(id: OutgoingId) -> String {
    format!("o{}", id.0)
}

pub(crate) fn of_session(id: SessionId) -> String {
    format!("s{}", id.0)
}

pub(crate) fn of_hook(id: HookId) -> String {
    format!("h{}", id.0)
}

/// A message's number as a client gives it; one that no message can have is that of none.
pub(crate) fn seq(number: i64) -> Seq {
    Seq(number.max(0))
}

fn number(key: &str, prefix: &str) -> Option<i64> {
    let digits = key.strip_prefix(prefix)?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain && !digits.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_no_other_way() {
        assert_eq!(conversation(&of_conversation(ConversationId(12))), Some(ConversationId(12)));
        for bad in ["", "c", "12", "s12", "c+1", "c-1", "c01", "c0", "c1x", "c99999999999999999999"]
        {
            assert_eq!(conversation(bad), None, "{bad}");
        }
    }
}
