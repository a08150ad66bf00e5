//! Taking in what another realm sends.

use std::cell::Cell;
use std::collections::HashMap;

use kabar_engine::store::links::{Batch, InMessage, Inbound, Link, LinkChange, Taken, Uid};
use kabar_engine::{Error, Result};
use kabar_model::limits::BATCH_ITEMS_MAX;
use kabar_model::{DisplayName, RealmName, Username};

use super::Links;
use super::answer::No;
use super::ask::{NoAnswer, What};
use crate::keys::PublicKey;
use crate::wire::{self, Ack, Item, Reading, SignedPost};

/// How old the note of the last contact may be before it is written anew.
const NOTED_EVERY_SECS: u64 = 10;

/// How far mirrors that were behind have come.
#[derive(Clone, Debug)]
pub(super) enum ReadOn {
    /// None is.
    Done,
    /// Some still are.
    More,
    /// All that the home shows has been read, and something is still missing.
    Later,
    /// As far as before.
    Stuck,
    /// There was no answer that counts.
    Failed(NoAnswer),
}

impl Links {
    /// Takes a batch in and says how far it has been received.
    pub(super) async fn take(
        &self,
        link: &Link,
        batch: wire::Batch,
    ) -> Result<std::result::Result<Ack, No>> {
        if batch.items.len() > BATCH_ITEMS_MAX
            || batch.items.len() != batch.uids.len()
            || batch.first == 0
        {
            return Ok(Err(No(400, "invalid")));
        }
        let epoch = batch.epoch;
        let items = self.read(link, |reading| {
            let items = batch.uids.iter().zip(&batch.items);
            items.map(|(uid, item)| (*uid, reading.read(item.get()))).collect::<Vec<_>>()
        });
        let items = items.await?;
        if !self.paces.lock().admit(link.id, &items, self.clock.elapsed()) {
            return Ok(Err(No(429, "busy")));
        }
        self.heard_active(link, batch.active).await?;
        let names = names(&items);
        let (first, before) = (batch.first, batch.before);
        let batch = Batch { epoch, first, before, items, at: self.clock.now() };
        let mut ack = match self.kept()?.receive(link.id, batch).await? {
            Taken::Stored { received, changed, more_to_do } => {
                self.engine.people_told(&names);
                self.engine.conversations_changed(&changed).await;
                let calls = self.calls(link.id);
                if more_to_do {
                    calls.queued.notify_one();
                    calls.files.notify_one();
                }
                let (epoch, refused) = (received.epoch, received.refused);
                Ack { epoch, received: received.number, refused, ..Ack::default() }
            }
            // To who still sends in an epoch that is over, the same is said: it went back in time, too.
            Taken::Reset | Taken::Old => Ack { epoch, reset: true, ..Ack::default() },
        };
        ack.waiting = link.queued();
        ack.pull = link.reach.is_none() || link.contact.failures > 0;
        ack.active = self.active_for(link).await?;
        Ok(Ok(ack))
    }

    /// Reads items of a link, with the root keys of the realms whose people they come from. A realm that is seen for the
    /// first time is known by its key from then on.
    pub(super) async fn read<T>(
        &self,
        link: &Link,
        read: impl FnOnce(&Reading<'_>) -> T,
    ) -> Result<T> {
        let links = self.kept()?.links().await?;
        let is_new = Cell::new(false);
        let outcome = {
            let root = |realm: &RealmName, shown: PublicKey| {
                let mut me = self.me.lock();
                if realm == self.us() {
                    return Some(me.root());
                }
                if let Some(known) = links.iter().find(|link| link.own_name == *realm) {
                    return PublicKey::from_bytes(known.root).ok();
                }
                let (root, is_first) = me.pinned(realm, shown);
                is_new.set(is_new.get() || is_first);
                root
            };
            let own = |uid, body: &str| {
                self.signed_lately.lock().get(&uid) == Some(&SignedPost::digest(body))
            };
            read(&Reading { us: self.us(), them: &link.own_name, root: &root, own: &own })
        };
        if is_new.into_inner() {
            self.keep_me(false).await?;
        }
        Ok(outcome)
    }

    /// Mirrors that are behind read on from their home, a page each.
    pub(super) async fn read_on(&self, link: &Link) -> Result<ReadOn> {
        let behind = self.kept()?.behind(link.id).await?;
        if behind.is_empty() {
            return Ok(ReadOn::Done);
        }
        let mut more = false;
        for behind in &behind {
            let wish =
                wire::ReadOn { to: wire::To::of(&behind.conversation), after: behind.after.0 };
            let page: wire::Read =
                match self.ask_for(link, What::post(wire::READ_ON, &wish)?).await? {
                    Ok(page) => page,
                    // It is not ours to read any more: there is nothing to catch up with.
                    Err(NoAnswer::Refused(code)) if code == "not_member" => {
                        wire::Read { items: Vec::new(), whole: true }
                    }
                    Err(no) => return Ok(ReadOn::Failed(no)),
                };
            let messages = self.read(link, |reading| {
                let items = page.items.iter().map(|item| reading.read(item.get()));
                items.collect::<Vec<_>>()
            });
            let mut known = Vec::new();
            for (item, raw) in messages.await?.into_iter().zip(&page.items) {
                match item {
                    Ok(Inbound::Message(message)) => known.push(message),
                    // What cannot be read leaves its number behind.
                    _ => known.extend(self.gone(link, raw.get())?),
                }
            }
            let changed = self.kept()?.catch_up(link.id, behind.mirror, known, page.whole).await?;
            self.engine.conversations_changed(&changed).await;
            more |= !page.whole;
        }
        if !more {
            // What a home still has on its way to us comes by itself, and with it the end of being behind.
            let left = self.kept()?.behind(link.id).await?;
            return Ok(if left.is_empty() { ReadOn::Done } else { ReadOn::Later });
        }
        // A home that says that there is more, and then says nothing new, is not asked for ever.
        let is_stuck = self.kept()?.behind(link.id).await? == behind;
        Ok(if is_stuck { ReadOn::Stuck } else { ReadOn::More })
    }

    /// In place of a message that cannot be read: one that is gone.
    fn gone(&self, link: &Link, item: &str) -> Result<Option<InMessage>> {
        let Ok(Item::Message { to, seq, from, name, at, .. }) = serde_json::from_str(item) else {
            return Ok(None);
        };
        let gone = Item::Message {
            to,
            seq,
            from,
            name,
            at,
            edited_at: None,
            said: wire::Said::gone(true),
            uid: None,
            post: None,
        };
        let gone = serde_json::to_string(&gone).map_err(Error::failed)?;
        let root = |_: &RealmName, _| None;
        let own = |_, _: &str| false;
        let reading = Reading { us: self.us(), them: &link.own_name, root: &root, own: &own };
        Ok(match reading.read(&gone) {
            Ok(Inbound::Message(message)) => Some(message),
            _ => None,
        })
    }

    /// The peer was heard of, validly signed: the wait is over.
    pub(super) async fn heard_of(&self, link: &Link) -> Result<()> {
        let now = self.clock.now();
        let contact = &link.contact;
        let is_noted = contact.failures == 0
            && contact.error.is_none()
            && contact.last_at.is_some_and(|at| now.since(at).as_secs() < NOTED_EVERY_SECS);
        if is_noted {
            return Ok(());
        }
        let mut noted = contact.clone();
        (noted.last_at, noted.failures) = (Some(now), 0);
        (noted.failing_since, noted.next_at, noted.error) = (None, None, None);
        self.kept()?.change_link(link.id, LinkChange::Contact(noted)).await?;
        if contact.failures > 0 {
            self.calls(link.id).heard.notify_one();
        }
        Ok(())
    }
}

/// What people are called, as these items say.
fn names(
    items: &[(Uid, std::result::Result<Inbound, &'static str>)],
) -> Vec<(Username, DisplayName)> {
    let mut names: HashMap<&Username, &DisplayName> = HashMap::new();
    for item in items.iter().filter_map(|(_, item)| item.as_ref().ok()) {
        match item {
            Inbound::Post(post) => drop(names.insert(&post.author, &post.name)),
            Inbound::Message(message) => drop(names.insert(&message.author, &message.name)),
            Inbound::Join { user, name, .. } => drop(names.insert(user, name)),
            Inbound::Members(group) => {
                names.extend(group.members.iter().map(|member| (&member.user, &member.name)));
            }
            Inbound::Leave { .. } | Inbound::Read { .. } => {}
        }
    }
    names.into_iter().map(|(user, name)| (user.clone(), name.clone())).collect()
}
