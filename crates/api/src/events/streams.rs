//! How many streams there are of each account.

use std::collections::HashMap;
use std::sync::Arc;

use kabar_model::UserId;
use parking_lot::Mutex;

use crate::problem::{Answer, Problem};

/// The streams of one account at a time.
const STREAMS_EACH_MAX: usize = 32;

/// How many streams each account has.
#[derive(Default)]
pub(crate) struct Streams(Mutex<HashMap<UserId, usize>>);

/// One of them, until dropped.
pub(super) struct Counted {
    streams: Arc<Streams>,
    user: UserId,
}

impl Streams {
    /// Counts one more. Refuses when there are as many as may be.
    pub(super) fn count(self: &Arc<Self>, user: UserId) -> Answer<Counted> {
        let mut all = self.0.lock();
        let own = all.entry(user).or_default();
        if *own >= STREAMS_EACH_MAX {
            return Err(Problem::too_many_at_once("streams"));
        }
        *own += 1;
        Ok(Counted { streams: Arc::clone(self), user })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut all = self.streams.0.lock();
        if let Some(own) = all.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                all.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_so_many_streams_and_what_ended_counts_no_more() {
        let streams: Arc<Streams> = Arc::default();
        let count = |user| streams.count(UserId(user));
        let mut own: Vec<Counted> = (0..STREAMS_EACH_MAX).map(|_| count(1).unwrap()).collect();
        let refused = count(1).err().map(|problem| problem.code());
        assert_eq!(refused, Some(crate::problem::Code::TooMany));
        assert!(count(2).is_ok(), "others have their own");
        own.pop();
        own.push(count(1).unwrap());
        assert!(count(1).is_err());
        drop(own);
        assert!(streams.0.lock().is_empty());
    }
}
