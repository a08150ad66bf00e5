//! How far the items of a link have been received, and whether a batch is the next.

use kabar_engine::store::links::{Batch, Uid};
use kabar_model::{LinkId, Refusal};

use crate::error::Outcome;
use crate::params;
use crate::sql::OptionalExtension;
use crate::writer::Work;

/// The uids that are kept of a link: so far back a batch that comes again is known.
const UIDS_KEPT: usize = 200;

/// Where a link stands.
#[derive(Debug)]
pub(super) struct Position {
    pub(super) epoch: i64,
    /// The last number.
    pub(super) received: u64,
    /// The uids of the last numbers, the latest last.
    recent: Vec<Uid>,
}

/// What a batch is to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on here; of so many of its items it is known that they came already.
    Goes(usize),
    /// It begins a new epoch.
    Begins,
    /// It is of an epoch that is over.
    Old,
    /// It does not fit.
    Reset,
}

impl Position {
    /// The beginning of an epoch.
    pub(super) fn start(epoch: i64) -> Self {
        Self { epoch, received: 0, recent: Vec::new() }
    }

    pub(super) fn of(work: &Work, link: LinkId) -> Outcome<Self> {
        let mut find = work
            .connection
            .prepare_cached("SELECT peer_epoch, received, recent FROM link WHERE id = ?1")?;
        let found = find.query_row([link.0], |row| {
            let received = row.get::<i64>(1)?.unsigned_abs();
            let recent = row.blob(2)?.as_chunks().0.iter().copied().map(Uid);
            Ok(Self { epoch: row.get(0)?, received, recent: recent.collect() })
        });
        Ok(found.optional()?.ok_or(Refusal::RealmUnknown)?)
    }

    pub(super) fn keep(&self, work: &Work, link: LinkId) -> Outcome<()> {
        let recent = self.recent.iter().map(|uid| uid.0).collect::<Vec<_>>().concat();
        let received = i64::try_from(self.received).unwrap_or(i64::MAX);
        work.connection
            .prepare_cached(
                "UPDATE link SET peer_epoch = ?2, received = ?3, recent = ?4 WHERE id = ?1",
            )?
            .execute(params![link.0, self.epoch, received, recent])?;
        Ok(())
    }

    /// The next item has come; returns its number.
    pub(super) fn advance(&mut self, uid: Uid) -> u64 {
        self.received += 1;
        if self.recent.len() >= UIDS_KEPT {
            self.recent.remove(0);
        }
        self.recent.push(uid);
        self.received
    }

    pub(super) fn verdict(&self, batch: &Batch) -> Verdict {
        if batch.epoch < self.epoch {
            return Verdict::Old;
        }
        if batch.epoch > self.epoch {
            return if batch.first == 1 { Verdict::Begins } else { Verdict::Reset };
        }
        let kept_from = self.received - self.recent.len() as u64 + 1;
        if !(kept_from..=self.received + 1).contains(&batch.first) {
            return Verdict::Reset;
        }
        let again = &self.recent[usize::try_from(batch.first - kept_from).unwrap_or(0)..];
        let before = self.recent.len() - again.len();
        let follows = before == 0 || self.recent[before - 1] == batch.before;
        let is_same = again.iter().zip(&batch.items).all(|(uid, (given, _))| uid == given);
        if follows && is_same {
            Verdict::Goes(again.len().min(batch.items.len()))
        } else {
            Verdict::Reset
        }
    }
}

#[cfg(test)]
mod tests {
    use kabar_model::Timestamp;

    use super::*;

    fn uid(number: u64) -> Uid {
        let mut uid = [0; 16];
        uid[..8].copy_from_slice(&number.to_be_bytes());
        Uid(uid)
    }

    /// A batch of these numbers, whose uids say so.
    fn batch(epoch: i64, numbers: std::ops::Range<u64>) -> Batch {
        let before = if numbers.start > 1 { uid(numbers.start - 1) } else { Uid::default() };
        let items = numbers.clone().map(|number| (uid(number), Err("invalid"))).collect();
        Batch { epoch, first: numbers.start, before, items, at: Timestamp(0) }
    }

    fn position(received: u64) -> Position {
        let mut position = Position::start(7);
        for number in 1..=received {
            position.advance(uid(number));
        }
        position
    }

    #[test]
    fn what_comes_next_or_again_is_taken_and_nothing_else() {
        let position = position(300);
        let check = |batch: &Batch, expected| assert_eq!(position.verdict(batch), expected);
        check(&batch(7, 301..310), Verdict::Goes(0));
        check(&batch(7, 301..301), Verdict::Goes(0));
        check(&batch(7, 250..310), Verdict::Goes(51));
        check(&batch(7, 250..260), Verdict::Goes(10));
        check(&batch(7, 101..102), Verdict::Goes(1));
        check(&batch(7, 100..310), Verdict::Reset);
        check(&batch(7, 302..310), Verdict::Reset);
        check(&batch(7, 0..3), Verdict::Reset);
        check(&batch(7, u64::MAX..u64::MAX), Verdict::Reset);
        check(&batch(6, 301..310), Verdict::Old);
        check(&batch(8, 1..3), Verdict::Begins);
        check(&batch(8, 2..3), Verdict::Reset);
        for first in [250, 301] {
            check(&Batch { before: uid(1), ..batch(7, first..310) }, Verdict::Reset);
        }
        let mut other = batch(7, 250..310);
        other.items[50].0 = uid(1);
        check(&other, Verdict::Reset);
    }

    #[test]
    fn the_first_item_follows_nothing() {
        assert_eq!(Position::start(7).verdict(&batch(7, 1..3)), Verdict::Goes(0));
        assert_eq!(Position::start(7).verdict(&batch(7, 2..3)), Verdict::Reset);
        assert_eq!(position(2).verdict(&batch(7, 1..3)), Verdict::Goes(2));
    }
}
