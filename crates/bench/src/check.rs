//! Did each accepted message of a pair arrive exactly once and in order? Pure: no sockets, no time.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

/// Separate stretches of missing messages remembered for a pair; past that it is beyond help.
const GAPS_MAX: usize = 10_000;

/// What went wrong, in messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Faults {
    /// Accepted, but never arrived.
    pub(crate) lost: u64,
    /// Arrived again.
    pub(crate) doubled: u64,
    /// Arrived after a later one.
    pub(crate) reordered: u64,
    /// Arrived, but was never sent in this form: a ghost, or a changed text.
    pub(crate) never_sent: u64,
    /// Refused with an error, and yet delivered.
    pub(crate) refused_yet_delivered: u64,
}

impl AddAssign for Faults {
    fn add_assign(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.never_sent += other.never_sent;
        self.refused_yet_delivered += other.refused_yet_delivered;
    }
}

/// So many gaps that following the pair any further would say nothing new.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooManyGaps;

/// Follows one pair's messages, numbered 0, 1, 2, … by the sender, as they arrive.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    /// Above every number that arrived.
    next: u64,
    /// Numbers below `next` that did not arrive: first → one past the last.
    gaps: BTreeMap<u64, u64>,
    /// Different numbers that arrived.
    distinct: u64,
    faults: Faults,
}

impl Checker {
    /// Message `number` arrived while `issued` messages had been sent.
    pub(crate) fn arrived(&mut self, number: u64, issued: u64) -> Result<(), TooManyGaps> {
        if number >= issued {
            self.faults.never_sent += 1;
            return Ok(());
        }
        if number >= self.next {
            if number > self.next {
                if self.gaps.len() >= GAPS_MAX {
                    return Err(TooManyGaps);
                }
                self.gaps.insert(self.next, number);
            }
            self.next = number + 1;
            self.distinct += 1;
            return Ok(());
        }
        let Some((first, past)) = self.gap_around(number) else {
            self.faults.doubled += 1;
            return Ok(());
        };
        self.gaps.remove(&first);
        if first < number {
            self.gaps.insert(first, number);
        }
        if number + 1 < past {
            self.gaps.insert(number + 1, past);
        }
        self.distinct += 1;
        self.faults.reordered += 1;
        Ok(())
    }

    /// Something arrived that the sender never wrote.
    pub(crate) fn stranger(&mut self) {
        self.faults.never_sent += 1;
    }

    /// How many different messages arrived.
    pub(crate) fn distinct(&self) -> u64 {
        self.distinct
    }

    /// The verdict. Of the numbers below `answered` all were accepted except those in `refused`;
    /// what was sent but never answered may have arrived or not.
    pub(crate) fn verdict(&self, answered: u64, refused: &[u64]) -> Faults {
        let in_gaps: u64 =
            self.gaps.iter().map(|(&first, &past)| past.min(answered).saturating_sub(first)).sum();
        let missing = in_gaps + answered.saturating_sub(self.next);
        let delivered = refused.iter().filter(|&&number| self.has(number)).count() as u64;
        let refused_missing = refused.len() as u64 - delivered;
        Faults { lost: missing - refused_missing, refused_yet_delivered: delivered, ..self.faults }
    }

    fn has(&self, number: u64) -> bool {
        number < self.next && self.gap_around(number).is_none()
    }

    fn gap_around(&self, number: u64) -> Option<(u64, u64)> {
        let (&first, &past) = self.gaps.range(..=number).next_back()?;
        (number < past).then_some((first, past))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict after `arrivals`, of ten sent and answered messages.
    fn of_ten(arrivals: &[u64], refused: &[u64]) -> Faults {
        let mut checker = Checker::default();
        for &number in arrivals {
            checker.arrived(number, 10).unwrap();
        }
        checker.verdict(10, refused)
    }

    #[test]
    fn once_and_in_order_is_no_fault() {
        assert_eq!(of_ten(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[]), Faults::default());
    }

    #[test]
    fn each_planted_fault_is_named() {
        let none = Faults::default();
        for (arrivals, expected) in [
            (&[0, 1, 2, 4, 5, 6, 7, 8, 9][..], Faults { lost: 1, ..none }),
            (&[1, 2, 3, 4, 5, 6, 7, 8], Faults { lost: 2, ..none }),
            (&[], Faults { lost: 10, ..none }),
            (&[0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9], Faults { doubled: 1, ..none }),
            (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 9], Faults { doubled: 2, ..none }),
            (&[0, 2, 1, 3, 4, 5, 6, 7, 8, 9], Faults { reordered: 1, ..none }),
            (&[9, 5, 0, 1, 2, 3, 4, 6, 7, 8], Faults { reordered: 9, ..none }),
            (&[0, 2, 1, 1, 4, 5, 6, 7, 8, 9], Faults { lost: 1, doubled: 1, reordered: 1, ..none }),
            (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Faults { never_sent: 1, ..none }),
        ] {
            assert_eq!(of_ten(arrivals, &[]), expected, "{arrivals:?}");
        }
    }

    #[test]
    fn a_stranger_was_never_sent() {
        let mut checker = Checker::default();
        checker.stranger();
        assert_eq!(checker.verdict(0, &[]).never_sent, 1);
        assert_eq!(checker.distinct(), 0);
    }

    #[test]
    fn a_refused_message_must_stay_away() {
        assert_eq!(of_ten(&[0, 1, 2, 3, 5, 6, 7, 8], &[4, 9]), Faults::default());
        let delivered = Faults { refused_yet_delivered: 1, ..Faults::default() };
        assert_eq!(of_ten(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[4]), delivered);
    }

    #[test]
    fn an_unanswered_message_may_arrive_or_not() {
        let mut checker = Checker::default();
        for number in [0, 1, 2, 4] {
            checker.arrived(number, 6).unwrap();
        }
        assert_eq!(checker.verdict(3, &[]), Faults::default());
        assert_eq!(checker.verdict(4, &[]).lost, 1);
    }

    #[test]
    fn the_memory_for_gaps_ends() {
        let mut checker = Checker::default();
        let gaps = GAPS_MAX as u64;
        for gap in 0..gaps {
            assert_eq!(checker.arrived(gap * 2 + 1, u64::MAX), Ok(()));
        }
        assert_eq!(checker.arrived(gaps * 2 + 1, u64::MAX), Err(TooManyGaps));
    }
}
