//! Who is who: accounts and conversations that were looked up lately.
//!
//! A bounded memory before the store. What is remembered may be dropped at any time, and is when a hint
//! says that it changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kabar_model::{ConversationId, User, UserId, Username};
use quick_cache::sync::Cache;

use crate::error::{Error, Result};
use crate::store::{Conversation, Group, Store};

/// Accounts remembered.
const USERS_MAX: usize = 100_000;
/// Conversations remembered.
const CONVERSATIONS_MAX: usize = 100_000;
/// Groups whose members are remembered.
const MEMBER_LISTS_MAX: usize = 1_000;

pub(crate) struct Directory {
    store: Arc<dyn Store>,
    by_name: Cache<Username, Arc<User>>,
    by_id: Cache<UserId, Arc<User>>,
    conversations: Cache<ConversationId, Arc<Conversation>>,
    groups: Cache<String, Arc<Group>>,
    members: Cache<ConversationId, Arc<[UserId]>>,
    /// Counts what was forgotten, so that an answer that was on its way meanwhile is not remembered.
    forgotten: AtomicU64,
}

impl Directory {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            by_name: Cache::new(USERS_MAX),
            by_id: Cache::new(USERS_MAX),
            conversations: Cache::new(CONVERSATIONS_MAX),
            groups: Cache::new(CONVERSATIONS_MAX),
            members: Cache::new(MEMBER_LISTS_MAX),
            forgotten: AtomicU64::new(0),
        }
    }

    pub(crate) async fn user_named(&self, name: &Username) -> Result<Option<Arc<User>>> {
        if let Some(user) = self.by_name.get(name) {
            return Ok(Some(user));
        }
        let before = self.forgotten.load(Ordering::Acquire);
        let account = self.store.account(name).await?;
        Ok(account.map(|account| self.remember_user(account.user, before)))
    }

    /// The account of that name, if it is remembered.
    pub(crate) fn remembered(&self, name: &Username) -> Option<Arc<User>> {
        self.by_name.get(name)
    }

    pub(crate) async fn user(&self, id: UserId) -> Result<Arc<User>> {
        let mut users = self.users(&[id]).await?;
        users.remove(&id).ok_or_else(|| Error::failed("a number without an account"))
    }

    /// The accounts with these numbers; each number must have one.
    pub(crate) async fn users(&self, ids: &[UserId]) -> Result<HashMap<UserId, Arc<User>>> {
        let mut users = HashMap::with_capacity(ids.len());
        let mut unknown = Vec::new();
        for &id in ids {
            match self.by_id.get(&id) {
                Some(user) => drop(users.insert(id, user)),
                None => unknown.push(id),
            }
        }
        if !unknown.is_empty() {
            let before = self.forgotten.load(Ordering::Acquire);
            for user in self.store.users(&unknown).await? {
                users.insert(user.id, self.remember_user(user, before));
            }
        }
        Ok(users)
    }

    /// The conversations with these numbers; each number must have one.
    pub(crate) async fn conversations(
        &self,
        ids: &[ConversationId],
    ) -> Result<HashMap<ConversationId, Arc<Conversation>>> {
        let mut found = HashMap::with_capacity(ids.len());
        let mut unknown = Vec::new();
        for &id in ids {
            match self.conversations.get(&id) {
                Some(conversation) => drop(found.insert(id, conversation)),
                None => unknown.push(id),
            }
        }
        if !unknown.is_empty() {
            let before = self.forgotten.load(Ordering::Acquire);
            for conversation in self.store.conversations(&unknown).await? {
                let conversation = Arc::new(conversation);
                if self.forgotten.load(Ordering::Acquire) == before {
                    self.conversations.insert(conversation.id(), Arc::clone(&conversation));
                }
                found.insert(conversation.id(), conversation);
            }
        }
        Ok(found)
    }

    /// The open group that somebody means by a name or a code.
    pub(crate) async fn group(&self, name_or_code: &str) -> Result<Option<Arc<Group>>> {
        if let Some(group) = self.groups.get(name_or_code) {
            return Ok(Some(group));
        }
        let before = self.forgotten.load(Ordering::Acquire);
        let group = self.store.group(name_or_code).await?.map(Arc::new);
        if let Some(group) = &group
            && self.forgotten.load(Ordering::Acquire) == before
        {
            self.groups.insert(name_or_code.to_owned(), Arc::clone(group));
        }
        Ok(group)
    }

    /// The members of a group.
    pub(crate) async fn members(&self, group: ConversationId) -> Result<Arc<[UserId]>> {
        if let Some(members) = self.members.get(&group) {
            return Ok(members);
        }
        let before = self.forgotten.load(Ordering::Acquire);
        let members = self.store.members(group).await?;
        let members: Arc<[UserId]> = members.into_iter().map(|(user, _)| user).collect();
        if self.forgotten.load(Ordering::Acquire) == before {
            self.members.insert(group, Arc::clone(&members));
        }
        Ok(members)
    }

    fn remember_user(&self, user: User, before: u64) -> Arc<User> {
        let user = Arc::new(user);
        if self.forgotten.load(Ordering::Acquire) == before {
            self.by_name.insert(user.username.clone(), Arc::clone(&user));
            self.by_id.insert(user.id, Arc::clone(&user));
        }
        user
    }

    pub(crate) fn forget_user(&self, id: UserId) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        if let Some((_, user)) = self.by_id.remove(&id) {
            self.by_name.remove(&user.username);
        } else {
            // Remembered by name alone is possible after an eviction; rare enough to drop all.
            self.by_name.clear();
        }
    }

    /// A group is remembered under whatever it was called by, so all of them go.
    pub(crate) fn forget_group(&self, id: ConversationId) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.groups.clear();
        self.conversations.remove(&id);
        self.members.remove(&id);
    }

    pub(crate) fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.by_name.clear();
        self.by_id.clear();
        self.groups.clear();
        self.conversations.clear();
        self.members.clear();
    }
}
