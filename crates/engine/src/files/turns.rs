//! Turns: how many uploads are written at a time, in all and by one person.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kabar_model::limits::{UPLOADS_EACH_MAX, UPLOADS_MAX};
use kabar_model::{Refusal, UserId};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// How long a turn is waited for.
const WAIT: Duration = Duration::from_secs(10);

/// Who has turns, and how many are left.
pub(super) struct Turns {
    left: Arc<Semaphore>,
    by_user: Mutex<HashMap<UserId, usize>>,
}

/// A turn, given back when dropped.
pub(super) struct Turn {
    turns: Arc<Turns>,
    user: UserId,
    permit: Option<OwnedSemaphorePermit>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { left: Arc::new(Semaphore::new(UPLOADS_MAX)), by_user: Mutex::default() }
    }
}

impl Turns {
    /// Takes a turn. Refuses `Busy` when somebody has their share already, or none is left for a while: nobody
    /// waits for ever for others who are slow.
    pub(super) async fn take(self: &Arc<Self>, user: UserId) -> Result<Turn> {
        {
            let mut by_user = self.by_user.lock();
            let taken = by_user.entry(user).or_default();
            if *taken >= UPLOADS_EACH_MAX {
                return Err(Refusal::Busy.into());
            }
            *taken += 1;
        }
        // From here on it is given back, whatever comes.
        let mut turn = Turn { turns: Arc::clone(self), user, permit: None };
        let permit = tokio::time::timeout(WAIT, Arc::clone(&self.left).acquire_owned()).await;
        turn.permit = Some(permit.map_err(|_| Refusal::Busy)?.map_err(Error::failed)?);
        Ok(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut by_user = self.turns.by_user.lock();
        if let Some(taken) = by_user.get_mut(&self.user) {
            *taken -= 1;
            if *taken == 0 {
                by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_person_has_a_share_and_turns_are_given_back() {
        let turns = Arc::new(Turns::default());
        let mut taken = Vec::new();
        for _ in 0..UPLOADS_EACH_MAX {
            taken.push(turns.take(UserId(1)).await.unwrap());
        }
        assert!(turns.take(UserId(1)).await.is_err(), "more than a share");
        for user in 0..UPLOADS_MAX - UPLOADS_EACH_MAX {
            taken.push(turns.take(UserId(2 + i64::try_from(user).unwrap())).await.unwrap());
        }
        assert!(turns.take(UserId(1_000)).now_or_never().is_none(), "none is left");
        taken.remove(0);
        assert!(turns.take(UserId(1)).await.is_ok(), "one was given back");
        drop(taken);
        assert!(turns.by_user.lock().is_empty());
    }
}
