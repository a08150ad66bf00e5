//! What the nodes of a realm know of each other, where the database has a clock for all of them.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use kabar_engine::Result;
use kabar_engine::store::NodeStore;
use kabar_engine::store::nodes::{
    Active, Beat, Coming, Entered, Failures, NodeId, Seen, Token, Version, is_short_enough,
};
use kabar_model::{SessionId, Username};

use super::SqlStore;
use crate::base::Base;
use crate::changes::nodes;
use crate::reads;

/// Nobody's: without one, [`SqlStore::nodes`](kabar_engine::Store::nodes) is `None`.
fn clock<B: Base>() -> &'static str {
    B::CLOCK.unwrap_or("0")
}

#[async_trait]
impl<B: Base> NodeStore for SqlStore<B> {
    async fn beat(&self, node: NodeId) -> Result<Beat> {
        self.change_aside(move |work| nodes::beat(work, clock::<B>(), node)).await
    }

    async fn retire(&self, node: NodeId) -> Result<()> {
        self.change_aside(move |work| nodes::retire(work, node)).await
    }

    async fn active(
        &self,
        node: NodeId,
        came: &[Active],
        went: &[Active],
    ) -> Result<Option<Version>> {
        is_short_enough(came, went)?;
        let (came, went) = (came.to_vec(), went.to_vec());
        self.change_aside(move |work| nodes::active(work, node, &came, &went)).await
    }

    async fn enter(&self, node: NodeId, coming: Coming, max: usize) -> Result<Entered> {
        self.change_aside(move |work| nodes::enter(work, node, coming, max)).await
    }

    async fn leave(&self, node: NodeId, visits: &[(SessionId, u64)]) -> Result<Option<Version>> {
        let mut latest = None;
        for visits in visits.chunks(nodes::WRITTEN_TOGETHER) {
            let visits = visits.to_vec();
            let left = self.change_aside(move |work| nodes::leave(work, node, &visits)).await?;
            latest = latest.max(left);
        }
        Ok(latest)
    }

    async fn take_out(&self, sessions: &[SessionId]) -> Result<Option<Version>> {
        let mut latest = None;
        for sessions in sessions.chunks(nodes::WRITTEN_TOGETHER) {
            let sessions = sessions.to_vec();
            let left = self.change_aside(move |work| nodes::take_out(work, &sessions)).await?;
            latest = latest.max(left);
        }
        Ok(latest)
    }

    async fn seen(&self, since: Version) -> Result<Seen> {
        self.base.read(move |db| reads::nodes::seen(db, since)).await
    }

    async fn note_failure(&self, account: &Username, network: IpAddr) -> Result<()> {
        let account = account.clone();
        let note = move |work: &mut _| nodes::note_failure(work, clock::<B>(), &account, network);
        self.change_aside(note).await
    }

    async fn failures(
        &self,
        account: &Username,
        network: IpAddr,
        within: Duration,
        limit: usize,
    ) -> Result<Failures> {
        let account = account.clone();
        let read = move |db: &_| {
            reads::nodes::failures(db, clock::<B>(), (&account, network), within, limit)
        };
        self.base.read(read).await
    }

    async fn forget_failures(&self, age: Duration) -> Result<()> {
        self.change_aside(move |work| nodes::forget_failures(work, clock::<B>(), age)).await
    }

    async fn keep_fact(&self, node: NodeId, name: &str, fact: Option<&[u8]>) -> Result<bool> {
        let (name, fact) = (name.to_owned(), fact.map(<[u8]>::to_vec));
        self.change_aside(move |work| nodes::keep_fact(work, node, &name, fact.as_deref())).await
    }

    async fn has_fact(&self, name: &str, fact: &[u8]) -> Result<bool> {
        let (name, fact) = (name.to_owned(), fact.to_vec());
        self.base.read(move |db| reads::nodes::has_fact(db, &name, &fact)).await
    }

    async fn forget_facts(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.change_aside(move |work| nodes::forget_facts(work, &name)).await
    }

    async fn lease(&self, name: &str, node: NodeId, time: Duration) -> Result<Option<Token>> {
        let name = name.to_owned();
        self.change_aside(move |work| nodes::lease(work, clock::<B>(), &name, node, time)).await
    }

    async fn release(&self, name: &str, token: Token) -> Result<()> {
        let name = name.to_owned();
        self.change_aside(move |work| nodes::release(work, &name, token)).await
    }
}
