//! What one of those who write has said, and how far each message has come. Pure: no sockets.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::template::Template;
use crate::text::Text;

/// One author's messages, numbered 0, 1, 2, …
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) text: Text,
    pub(crate) template: Option<Template>,
    /// Those who have to get each message.
    hearers: u32,
    pub(crate) issued: u64,
    pub(crate) answered: u64,
    /// Numbers answered with an error; bounded, since the load stops after too many.
    pub(crate) refused: Vec<u64>,
    /// Messages not done yet, the oldest first, and those done behind one that is not.
    under_way: VecDeque<UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    sent: Instant,
    answered: bool,
    missing: u32,
}

impl Talk {
    pub(crate) fn new(text: Text, hearers: u32) -> Self {
        Self {
            text,
            template: None,
            hearers,
            issued: 0,
            answered: 0,
            refused: Vec::new(),
            under_way: VecDeque::new(),
        }
    }

    /// Messages that are under way, or wait for an older one.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// The number of a message that is being sent now.
    pub(crate) fn issue(&mut self, now: Instant) -> u64 {
        let number = self.issued;
        self.issued += 1;
        self.under_way.push_back(UnderWay { sent: now, answered: false, missing: self.hearers });
        number
    }

    /// The oldest message without an answer has one; how long that message took if it is done by
    /// this. Nothing was outstanding: an error.
    pub(crate) fn answer(&mut self, ok: bool, now: Instant) -> Result<Option<Duration>, Unasked> {
        if self.answered == self.issued {
            return Err(Unasked);
        }
        let number = self.answered;
        self.answered += 1;
        let Some(message) = self.find(number) else { return Ok(None) };
        message.answered = true;
        if !ok {
            message.missing = 0;
            self.refused.push(number);
            self.settle();
            return Ok(None);
        }
        Ok(self.done(number, now))
    }

    /// One of those who have to get message `number` has it, for the first time; how long it took
    /// if that was the last of them.
    pub(crate) fn heard(&mut self, number: u64, now: Instant) -> Option<Duration> {
        let message = self.find(number)?;
        message.missing = message.missing.saturating_sub(1);
        self.done(number, now)
    }

    fn done(&mut self, number: u64, now: Instant) -> Option<Duration> {
        let message = self.find(number)?;
        if message.missing > 0 || !message.answered {
            return None;
        }
        let took = now.saturating_duration_since(message.sent);
        self.settle();
        Some(took)
    }

    fn settle(&mut self) {
        while self.under_way.front().is_some_and(|first| first.missing == 0 && first.answered) {
            self.under_way.pop_front();
        }
    }

    fn find(&mut self, number: u64) -> Option<&mut UnderWay> {
        let oldest = self.issued - self.under_way.len() as u64;
        self.under_way.get_mut(usize::try_from(number.checked_sub(oldest)?).ok()?)
    }
}

/// An answer to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unasked;

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(hearers: u32) -> (Talk, Instant) {
        (Talk::new(Text::new(7, 0, 64), hearers), Instant::now())
    }

    #[test]
    fn a_message_is_done_when_it_is_answered_and_the_last_has_it() {
        let (mut talk, start) = talk(2);
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!((talk.issue(start), talk.issue(at(1))), (0, 1));
        assert_eq!(talk.answer(true, at(2)), Ok(None));
        assert_eq!(talk.heard(0, at(3)), None);
        assert_eq!(talk.heard(1, at(3)), None);
        assert_eq!(talk.heard(0, at(4)), Some(Duration::from_millis(4)));
        assert_eq!(talk.under_way(), 1);
        assert_eq!(talk.heard(1, at(5)), None, "not answered yet");
        assert_eq!(talk.answer(true, at(6)), Ok(Some(Duration::from_millis(5))));
        assert_eq!((talk.under_way(), talk.answer(true, at(7))), (0, Err(Unasked)));
        assert_eq!(talk.heard(0, at(8)), None, "long done");
    }

    #[test]
    fn who_is_done_early_waits_for_the_older_one() {
        let (mut talk, now) = talk(1);
        assert_eq!((talk.issue(now), talk.issue(now)), (0, 1));
        talk.answer(true, now).unwrap();
        talk.answer(true, now).unwrap();
        assert!(talk.heard(1, now).is_some());
        assert_eq!(talk.under_way(), 2);
        assert!(talk.heard(0, now).is_some());
        assert_eq!(talk.under_way(), 0);
    }

    #[test]
    fn nobody_waits_for_what_was_refused() {
        let (mut talk, now) = talk(3);
        talk.issue(now);
        assert_eq!(talk.answer(false, now), Ok(None));
        assert_eq!((talk.under_way(), &talk.refused[..]), (0, &[0][..]));
    }
}
