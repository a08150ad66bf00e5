//! Hooks: a program that knows a secret writes into one conversation, in the name of who made the hook.

use kabar_model::{Body, ConversationId, HookId, Label, Refusal, SessionToken};
use uuid::Uuid;

use crate::changes::only;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::sessions::{Caller, token_hash};
use crate::store::{Content, Hook, NewHook, NewMessage, Place, Target};

impl Engine {
    /// Makes a hook; the secret, which reads like a session's token, is not kept anywhere else. Refuses
    /// `NotMember`, `AdminOnly` in a group, `TooMany` hooks, `SessionUnknown` when this session has ended, if on
    /// another node.
    pub async fn create_hook(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        name: Label,
    ) -> Result<(HookId, SessionToken)> {
        caller.may_write()?;
        let token = SessionToken::from_uuid(Uuid::new_v4());
        let (by, asked_by) = (caller.user(), Some(caller.session()));
        let (secret, at) = (token_hash(token), self.clock.now());
        let new = NewHook { conversation, by, asked_by, name, secret, at };
        Ok((self.store.create_hook(new).await?, token))
    }

    /// The hooks of a conversation, in the order of their making; in a group one's own, and an admin's all.
    /// Refuses `NotMember`.
    pub async fn hooks(&self, caller: &Caller, conversation: ConversationId) -> Result<Vec<Hook>> {
        self.store.hooks(conversation, caller.user()).await
    }

    /// Takes a hook away, which its maker and an admin of the group may; `false` if there is none. Refuses
    /// `NotMember`, `NotAllowed`.
    pub async fn remove_hook(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        id: HookId,
    ) -> Result<bool> {
        caller.may_write()?;
        self.store.remove_hook(conversation, caller.user(), id).await
    }

    /// Writes by a hook: `[NAME] TEXT`. It is accepted when this returns. `None` when the secret is not that of
    /// a hook, or its maker may no longer write there. Refuses a body that is `TooLong` with the name.
    pub async fn post_by_hook(&self, secret: SessionToken, text: &Body) -> Result<Option<Place>> {
        let Some(hook) = self.store.hook(&token_hash(secret)).await? else { return Ok(None) };
        if self.directory.user(hook.by).await?.disabled {
            return Ok(None);
        }
        let said = Body::parse(&format!("[{}] {}", hook.name, text.as_str()))?;
        let target = Target::Own(hook.conversation);
        let content = Content::Text(said);
        let new = NewMessage::new(hook.by, vec![target], content, self.clock.now());
        match self.store.post(new).await?.await {
            Ok(posted) => Ok(Some(only(&posted)?.place)),
            Err(Error::Refused(Refusal::NotMember)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
