//! How fast a session may do what others are told of at once and what leaves nothing behind.

use std::collections::VecDeque;
use std::time::Duration;

use kabar_model::{ConversationId, Refusal};
use parking_lot::Mutex;

use crate::error::Result;

/// In one conversation others are told no more often that somebody is writing.
const TYPING_EVERY: Duration = Duration::from_secs(1);

/// Conversations in which a session is writing within that time. It is not told of others.
const TYPING_PLACES_MAX: usize = 16;

/// Times that a session may go into rooms within [`ENTERING_WINDOW`].
const ENTERED_MAX: usize = 10;

/// How long a coming in counts.
const ENTERING_WINDOW: Duration = Duration::from_secs(10);

/// What one session did lately. The times are those of the clock's monotonic half.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    typing: Mutex<Vec<(ConversationId, Duration)>>,
    entered: Mutex<VecDeque<Duration>>,
}

impl Pace {
    /// Whether nobody need be told again that this session is writing there.
    pub(crate) fn has_typed(&self, now: Duration, conversation: ConversationId) -> bool {
        let typing = &mut *self.typing.lock();
        typing.retain(|(_, at)| now.saturating_sub(*at) < TYPING_EVERY);
        typing.len() >= TYPING_PLACES_MAX || typing.iter().any(|(place, _)| *place == conversation)
    }

    /// Notes that it is writing there; `false` if nobody need be told of it.
    pub(crate) fn types(&self, now: Duration, conversation: ConversationId) -> bool {
        if self.has_typed(now, conversation) {
            return false;
        }
        self.typing.lock().push((conversation, now));
        true
    }

    /// Counts one more coming into a room, or refuses `Busy`.
    pub(crate) fn enters(&self, now: Duration) -> Result<()> {
        let entered = &mut *self.entered.lock();
        while entered.front().is_some_and(|at| now.saturating_sub(*at) >= ENTERING_WINDOW) {
            entered.pop_front();
        }
        if entered.len() >= ENTERED_MAX {
            return Err(Refusal::Busy.into());
        }
        entered.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: ConversationId = ConversationId(1);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn writing_is_told_once_a_second_in_each_conversation() {
        let pace = Pace::default();
        assert!(pace.types(millis(5_000), HERE));
        assert!(!pace.types(millis(5_999), HERE));
        assert!(pace.types(millis(5_999), ConversationId(2)));
        assert!(pace.types(millis(6_000), HERE));
        assert!(!pace.types(millis(6_500), ConversationId(2)));
    }

    #[test]
    fn nobody_writes_in_very_many_conversations_at_once() {
        let pace = Pace::default();
        let places = |now| (1..=100).filter(|id| pace.types(now, ConversationId(*id))).count();
        assert_eq!(places(millis(0)), TYPING_PLACES_MAX);
        assert_eq!(places(millis(999)), 0);
        assert_eq!(places(millis(1_000)), TYPING_PLACES_MAX);
    }

    #[test]
    fn rooms_are_entered_ten_times_in_ten_seconds() {
        let pace = Pace::default();
        for n in 0..10 {
            pace.enters(millis(n * 100)).unwrap();
        }
        let refused = pace.enters(millis(9_999)).unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::Busy));
        pace.enters(millis(10_000)).unwrap();
        assert!(pace.enters(millis(10_099)).is_err(), "the second one counts until 10.1 s");
    }
}
