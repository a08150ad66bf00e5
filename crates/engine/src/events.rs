//! What a client that keeps a position needs: what arrived since, and signals of what happens now.

use std::collections::HashSet;

use kabar_model::{Arrival, ConversationId, UserId};
use parking_lot::Mutex;
use tracing::warn;

use crate::engine::Engine;
use crate::error::Result;
use crate::history::Shown;
use crate::news::{Listening, Signal};
use crate::sessions::Caller;
use crate::store::Conversation;

/// Messages that are said at a time to somebody who was away.
const ARRIVALS_AT_A_TIME: usize = 200;
/// Messages of the realm that are looked through for somebody who was away; with more, reading all anew is
/// less work.
const ARRIVALS_SCANNED_MAX: usize = 100_000;
/// People whose coming and going is told at a time; that of others is told the next time.
const PRESENCES_AT_A_TIME: usize = 1_000;
/// People who are told of one person's coming or going.
const PEERS_TOLD_MAX: usize = 1_000;

/// Who is active, as far as others have been told.
#[derive(Debug, Default)]
pub(crate) struct Present(Mutex<HashSet<UserId>>);

impl Present {
    /// Some of those who came and went since the last time, whose new state counts as told.
    fn turn(&self, active: &HashSet<UserId>) -> Vec<(UserId, bool)> {
        let told = &mut *self.0.lock();
        let came = active.difference(told).map(|user| (*user, true));
        let went = told.difference(active).map(|user| (*user, false));
        let turned: Vec<_> = came.chain(went).take(PRESENCES_AT_A_TIME).collect();
        for (user, active) in &turned {
            let _ = if *active { told.insert(*user) } else { told.remove(user) };
        }
        turned
    }
}

impl Engine {
    /// Hears all news of this person from now on, with signals, until the answer is dropped.
    pub fn listen_closely(&self, caller: &Caller) -> Listening {
        self.listeners.add_close(std::sync::Arc::clone(&caller.0))
    }

    /// Where the latest message stands in the order of arrival. Who listens first and asks then misses
    /// nothing: what is heard twice is told apart by where it stands.
    pub async fn last_arrival(&self) -> Result<Arrival> {
        self.store.last_arrival().await
    }

    /// What arrived after `after` in one's direct conversations and groups, in order, changes among it: some
    /// hundreds at most, then ask again from the last one until there is none. `None`: too much has arrived
    /// since, so all must be read anew.
    pub async fn arrivals(&self, caller: &Caller, after: Arrival) -> Result<Option<Vec<Shown>>> {
        let (limit, scan) = (ARRIVALS_AT_A_TIME, ARRIVALS_SCANNED_MAX);
        match self.store.arrivals(caller.user(), after, limit, scan).await? {
            Some(messages) => self.shown(caller, messages).await.map(Some),
            None => Ok(None),
        }
    }

    /// Tells the others in a conversation that somebody is writing there, at most once a second. Refuses
    /// `NotMember`, `NotInRoom`.
    pub async fn typing(&self, caller: &Caller, conversation: ConversationId) -> Result<()> {
        caller.may_write()?;
        let (pace, now) = (&caller.0.pace, self.clock.elapsed());
        if pace.has_typed(now, conversation) {
            return Ok(());
        }
        let user = self.directory.user(caller.user()).await?;
        let found = self.directory.conversations(&[conversation]).await?;
        match found.get(&conversation).map(AsRef::as_ref) {
            Some(Conversation::Room(id, _)) => drop(self.target_in(caller, *id).await?),
            _ => drop(self.people_in(caller, conversation).await?),
        }
        if pace.types(now, conversation)
            && let Some(found) = found.get(&conversation)
        {
            self.tell_typing(found, &user).await?;
            self.signals.typing(conversation, user.id);
        }
        Ok(())
    }

    /// Who is active now, here or, as far as is told, in other realms.
    pub fn active_ids(&self) -> HashSet<UserId> {
        // Asked before the sessions: who is taken up is one of those then.
        let others = self.nodes.active();
        let mut active = self.sessions.active_users(self.clock.now(), self.settings.active);
        active.extend(self.active_elsewhere.lock().iter());
        active.extend(others.into_iter().map(|who| who.user));
        active
    }

    /// Who is active now, of this realm.
    pub fn active_here(&self) -> HashSet<UserId> {
        let others = self.nodes.active();
        let mut active = self.sessions.active_users(self.clock.now(), self.settings.active);
        active.extend(others.into_iter().filter(|who| !who.elsewhere).map(|who| who.user));
        active
    }

    /// Who of other realms is active, as those told lately.
    pub fn active_elsewhere(&self, active: HashSet<UserId>) {
        *self.active_elsewhere.lock() = active;
    }

    /// Tells those who share a conversation with them who came and who went since the last time.
    pub async fn tell_presence(&self) {
        let turned = self.present.turn(&self.active_ids());
        for (user, active) in turned {
            if self.listeners.close_count() == 0 {
                continue;
            }
            let told = async {
                let peers = self.store.peers(user, PEERS_TOLD_MAX).await?;
                let user = self.directory.user(user).await?;
                self.listeners.signal(&peers, &Signal::Presence { user, active });
                Ok::<_, crate::error::Error>(())
            };
            if let Err(error) = told.await {
                warn!(%error, "cannot tell who came or went");
            }
        }
    }

    /// Tells somebody who has left a conversation, and its members, that it is another.
    pub(crate) async fn tell_left(&self, id: ConversationId, user: UserId) {
        self.signals.left(id, user);
        self.tell_conversation(id, &[user]).await;
    }

    /// Tells the members of a conversation, and these, that something about it is another.
    pub(crate) async fn tell_conversation(&self, id: ConversationId, also: &[UserId]) {
        if self.listeners.close_count() == 0 {
            return;
        }
        match self.directory.members(id).await {
            Ok(members) => {
                let mut told: Vec<UserId> = members.iter().chain(also).copied().collect();
                told.sort_unstable();
                told.dedup();
                self.listeners.signal(&told, &Signal::Conversation(id));
            }
            Err(error) => warn!(%error, "cannot tell that a conversation changed"),
        }
    }
}
