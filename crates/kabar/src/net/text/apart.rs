//! Outputs that must be written apart: answers and what nobody waits for, in turns.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Outputs of a connection whose client takes all that comes in one read for one.
pub(super) struct Apart {
    answers: VecDeque<Vec<u8>>,
    /// Many pushes would take longer than who asks has patience, so answers do not go behind them.
    pushes: VecDeque<Vec<u8>>,
    is_pushes_turn: bool,
    /// Whether pushes wait for what must not be broken into.
    holds_pushes: bool,
    /// When the next may be written.
    at: Instant,
}

impl Apart {
    pub(super) fn since(now: Instant) -> Self {
        let (answers, pushes) = Default::default();
        Self { answers, pushes, is_pushes_turn: false, holds_pushes: false, at: now }
    }

    pub(super) fn answer(&mut self, bytes: Vec<u8>) {
        self.answers.push_back(bytes);
    }

    pub(super) fn push(&mut self, bytes: Vec<u8>) {
        self.pushes.push_back(bytes);
    }

    /// Whether pushes wait from here on, as if there were none.
    pub(super) fn hold_pushes(&mut self, holds: bool) {
        self.holds_pushes = holds;
    }

    /// The next one. Answers and pushes take turns, so that neither waits for the end of the other.
    pub(super) fn next(&mut self) -> Vec<u8> {
        let takes_push = !self.holds_pushes && (self.answers.is_empty() || self.is_pushes_turn);
        let push = if takes_push { self.pushes.pop_front() } else { None };
        self.is_pushes_turn = push.is_none();
        push.or_else(|| self.answers.pop_front()).unwrap_or_default()
    }

    /// One has been written.
    pub(super) fn wait(&mut self, pause: Duration) {
        self.at = Instant::now() + pause;
    }

    /// When the next may be written.
    pub(super) fn at(&self) -> Instant {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.answers.is_empty() && (self.holds_pushes || self.pushes.is_empty())
    }

    pub(super) fn answer_bytes(&self) -> usize {
        self.answers.iter().map(Vec::len).sum()
    }

    pub(super) fn push_bytes(&self) -> usize {
        self.pushes.iter().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_pushes_take_turns() {
        let mut apart = Apart::since(Instant::now());
        (0..3).for_each(|n| apart.push(vec![n]));
        (10..12).for_each(|n| apart.answer(vec![n]));
        let order: Vec<u8> = (0..5).flat_map(|_| apart.next()).collect();
        assert_eq!(order, [10, 0, 11, 1, 2]);
        assert!(apart.is_empty() && apart.next().is_empty());
    }

    #[test]
    fn pushes_that_are_held_stay() {
        let mut apart = Apart::since(Instant::now());
        (0..2).for_each(|n| apart.push(vec![n]));
        apart.hold_pushes(true);
        (10..12).for_each(|n| apart.answer(vec![n]));
        assert_eq!((apart.next(), apart.next(), apart.next()), (vec![10], vec![11], vec![]));
        assert!(apart.is_empty() && apart.push_bytes() == 2);
        apart.hold_pushes(false);
        assert_eq!((apart.is_empty(), apart.next(), apart.next()), (false, vec![0], vec![1]));
    }
}
