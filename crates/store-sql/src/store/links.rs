//! The store's links to other realms.

use std::sync::Arc;

use async_trait::async_trait;
use kabar_engine::store::links::{
    Batch, Behind, Carried, Delivery, InMessage, Link, LinkChange, NewLink, Offered, Outgoing,
    Queued, Received, Route, SenderChange, Taken, Where,
};
use kabar_engine::store::nodes::Token;
use kabar_engine::store::{LinkStore, Place};
use kabar_engine::{Result, Store};
use kabar_model::{
    ContentHash, ConversationId, DisplayName, GroupRole, LinkId, OutgoingId, RealmName, Refusal,
    Seq, Timestamp, User, UserId, Username,
};

use super::SqlStore;
use crate::base::Base;
use crate::changes::links::receive::{arrived, catch_up, receive};
use crate::changes::links::{delivery, made, stand_in};
use crate::changes::nodes;
use crate::reads::{carried, links, links_in};
use crate::writer::Work;

#[async_trait]
impl<B: Base> LinkStore for SqlStore<B> {
    async fn identity(&self) -> Result<Option<String>> {
        self.base.read(links::identity).await
    }

    async fn replace_identity(
        &self,
        was: Option<String>,
        identity: String,
        name: RealmName,
    ) -> Result<bool> {
        let deed =
            move |work: &mut Work| made::replace_identity(work, was.as_deref(), &identity, &name);
        self.change(deed).await
    }

    async fn add_link_invite(&self, secret: [u8; 32], expires_at: Timestamp) -> Result<()> {
        self.change(move |work| made::add_invite(work, secret, expires_at)).await
    }

    async fn links(&self) -> Result<Vec<Link>> {
        self.base.read(links::links).await
    }

    async fn add_link(&self, new: NewLink) -> Result<Link> {
        self.change(move |work| made::add(work, &new)).await
    }

    async fn change_link(&self, id: LinkId, change: LinkChange) -> Result<Link> {
        self.change(move |work| made::change(work, id, change)).await
    }

    async fn stand_in(
        &self,
        username: &Username,
        name: Option<&DisplayName>,
        at: Timestamp,
    ) -> Result<User> {
        let (username, name) = (username.clone(), name.cloned());
        let id = self.change(move |work| stand_in(work, &username, name.as_ref(), at)).await?;
        self.users(&[id]).await?.pop().ok_or_else(|| Refusal::UserUnknown.into())
    }

    async fn outbox(&self, link: LinkId, limit: usize) -> Result<Vec<Queued>> {
        self.base.read(move |db| links::outbox(db, link, limit)).await
    }

    async fn messages_at(&self, places: &[Place]) -> Result<Vec<Carried>> {
        let places = places.to_vec();
        self.base.read(move |db| carried::messages_at(db, &places)).await
    }

    async fn outgoing(&self, ids: &[OutgoingId]) -> Result<Vec<Outgoing>> {
        let ids = ids.to_vec();
        self.base.read(move |db| carried::outgoing(db, &ids)).await
    }

    async fn acknowledge(&self, link: LinkId, received: Received) -> Result<Vec<ConversationId>> {
        self.change(move |work| delivery::acknowledge(work, link, &received)).await
    }

    async fn begin_epoch(&self, link: LinkId, epoch: i64) -> Result<()> {
        self.change(move |work| delivery::begin_epoch(work, link, epoch)).await
    }

    async fn expire(&self, link: LinkId, before: Timestamp) -> Result<Vec<ConversationId>> {
        self.change(move |work| delivery::expire(work, link, before)).await
    }

    /// What the holder writes and whether it holds stand in one transaction, and transactions come one by one.
    async fn change_as_sender(
        &self,
        link: LinkId,
        token: Option<Token>,
        change: SenderChange,
    ) -> Result<Option<Vec<ConversationId>>> {
        let deed = move |work: &mut Work| {
            if let Some(token) = token
                && !nodes::is_latest(work, link, token)?
            {
                return Ok(None);
            }
            Ok(Some(match change {
                SenderChange::Acknowledge(received) => {
                    delivery::acknowledge(work, link, &received)?
                }
                SenderChange::BeginEpoch(epoch) => {
                    delivery::begin_epoch(work, link, epoch)?;
                    Vec::new()
                }
                SenderChange::Expire(before) => delivery::expire(work, link, before)?,
            }))
        };
        self.change(deed).await
    }

    async fn ask_to_join(
        &self,
        link: LinkId,
        user: UserId,
        group: &str,
        at: Timestamp,
    ) -> Result<()> {
        let group = group.to_owned();
        self.change(move |work| delivery::ask_to_join(work, link, user, &group, at)).await
    }

    fn on_queued(&self, told: Arc<dyn Fn(LinkId) + Send + Sync>) {
        self.heralds.tell_queued(told);
    }

    async fn receive(&self, link: LinkId, batch: Batch) -> Result<Taken> {
        self.change(move |work| receive(work, link, batch)).await
    }

    async fn refusals(&self, link: LinkId) -> Result<Vec<(u64, String)>> {
        self.base.read(move |db| links::refusals(db, link)).await
    }

    async fn behind(&self, link: LinkId) -> Result<Vec<Behind>> {
        self.base.read(move |db| links_in::behind(db, link)).await
    }

    async fn catch_up(
        &self,
        link: LinkId,
        mirror: ConversationId,
        messages: Vec<InMessage>,
        whole: bool,
    ) -> Result<Vec<ConversationId>> {
        self.change(move |work| catch_up(work, link, mirror, messages, whole)).await
    }

    async fn read_on(
        &self,
        link: LinkId,
        conversation: &Where,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Carried>> {
        let conversation = conversation.clone();
        let read = move |db: &_| links_in::read_on(db, link, &conversation, after, limit);
        self.base.read(read).await?.ok_or_else(|| Refusal::NotMember.into())
    }

    async fn wanted(&self, link: LinkId, limit: usize) -> Result<Vec<(ContentHash, u64)>> {
        self.base.read(move |db| links_in::wanted(db, link, limit)).await
    }

    async fn arrived(&self, link: LinkId, hash: ContentHash, here: bool) -> Result<Vec<Place>> {
        self.change(move |work| arrived(work, link, hash, here)).await
    }

    async fn offered(&self, link: LinkId, hash: ContentHash) -> Result<Option<Offered>> {
        self.base.read(move |db| links_in::offered(db, link, hash)).await
    }

    async fn waiting(&self, user: UserId, conversation: ConversationId) -> Result<Vec<Outgoing>> {
        self.base.read(move |db| carried::waiting(db, user, conversation)).await
    }

    async fn forget_failed(&self, user: UserId, id: OutgoingId) -> Result<bool> {
        self.change_aside(move |work| delivery::forget_failed(work, user, id)).await
    }

    async fn undelivered(
        &self,
        conversation: ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Vec<(Seq, Delivery)>> {
        self.base.read(move |db| links::undelivered(db, conversation, from, to)).await
    }

    async fn standing_of_members(
        &self,
        group: ConversationId,
    ) -> Result<Vec<(User, GroupRole, Seq)>> {
        self.base.read(move |db| links::standing_of_members(db, group)).await
    }

    async fn whereabouts(&self, place: Place) -> Result<Option<(Where, Seq)>> {
        self.base.read(move |db| carried::whereabouts(db, place)).await
    }

    async fn routes(&self, conversations: &[ConversationId]) -> Result<Vec<Route>> {
        let conversations = conversations.to_vec();
        self.base.read(move |db| links::routes(db, &conversations)).await
    }
}
