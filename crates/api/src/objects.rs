//! What the API shows: people, messages, conversations.

mod conversation;
mod delivery;
mod link;
mod message;
mod user;

use kabar_model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

pub(crate) use conversation::{Conversation, MemberRole, VisibilityName};
pub(crate) use delivery::Outgoing;
pub(crate) use link::{Check, Link};
pub(crate) use message::Message;
pub(crate) use user::{Author, Me, RoleName, User};

/// What need not stay as it is in an address (RFC 3986 §2.3) or an extended header value (RFC 8187 §3.2.1).
pub(crate) const EXCEPT_UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A time as it is shown: RFC 3339, UTC, microseconds.
pub(crate) fn time(at: Timestamp) -> String {
    let shown = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    shown.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_with_microseconds_in_utc() {
        assert_eq!(time(Timestamp(1_767_323_045_678_901)), "2026-01-02T03:04:05.678901Z");
        assert_eq!(time(Timestamp(1_767_323_045_000_000)), "2026-01-02T03:04:05.000000Z");
    }
}
