//! From what waits in the outbox to a batch.

use std::collections::HashMap;

use kabar_engine::store::Place;
use kabar_engine::store::links::{Carried, Link, Outgoing, Queued, Told, Uid, Where};
use kabar_engine::{Error, Result};
use kabar_model::limits::BATCH_BYTES_MAX;
use kabar_model::{ConversationId, GroupRole, OutgoingId, Seq, UserId};
use serde_json::value::{RawValue, to_raw_value};

use super::Links;
use crate::base64url;
use crate::wire::{Batch, Item, MemberSaid, Person, PostBody, Said, SignedPost, To};

/// Posts whose bytes are remembered until their home sends them back.
const SIGNED_REMEMBERED: usize = 50_000;

/// Members of a group who are not of the realm that is told of it, and are told to it all the same.
const OTHERS_TOLD_MAX: usize = 500;

/// In place of what cannot be said: its number must not be missing.
fn nothing() -> Result<Box<RawValue>> {
    RawValue::from_string("{\"kind\":\"nothing\"}".to_owned()).map_err(Error::failed)
}

impl Links {
    /// What is said of these, in order: as many of them as one batch may carry, at least one.
    pub(super) async fn batch(&self, link: &Link, queued: &[Queued]) -> Result<Batch> {
        let outgoing = queued.iter().filter_map(|item| match item.what {
            Told::Post(id) => Some(id),
            _ => None,
        });
        let outgoing: Vec<OutgoingId> = outgoing.collect();
        let places = queued.iter().filter_map(|item| match item.what {
            Told::Message(place) => Some(place),
            _ => None,
        });
        let places: Vec<Place> = places.collect();
        let kept = self.kept()?;
        let outgoing = kept.outgoing(&outgoing).await?.into_iter();
        let outgoing: HashMap<OutgoingId, Outgoing> = outgoing.map(|o| (o.id, o)).collect();
        let messages = kept.messages_at(&places).await?.into_iter();
        let messages: HashMap<Place, Carried> =
            messages.map(|carried| (carried.message.place, carried)).collect();
        let (mut uids, mut items, mut bytes) = (Vec::new(), Vec::new(), 0);
        for item in queued {
            let said = match &item.what {
                Told::Post(id) => match outgoing.get(id) {
                    Some(outgoing) => Some(self.post(link, outgoing)?),
                    None => None,
                },
                Told::Message(place) => messages.get(place).map(|carried| self.message(carried)),
                Told::Members(group) => Some(self.members(link, *group).await?),
                Told::Join { user, group } => {
                    let user = self.person(*user).await?;
                    Some(Item::Join { user: user.0, name: user.1, group: group.clone() })
                }
                Told::Leave { user, mirror } => match self.home_number(*mirror).await? {
                    Some(group) => {
                        Some(Item::Leave { user: self.person(*user).await?.0, group: group.0 })
                    }
                    None => None,
                },
                Told::Read { user, place } => self.read_so_far(*user, *place).await?,
            };
            // What it was about is gone: something must be said under its number.
            let said = match said {
                Some(item) => to_raw_value(&item).map_err(Error::failed)?,
                None => nothing()?,
            };
            // What no batch can carry must not stop what comes after it.
            let said = if said.get().len() > BATCH_BYTES_MAX { nothing()? } else { said };
            bytes += said.get().len() + 32;
            if bytes > BATCH_BYTES_MAX && !items.is_empty() {
                break;
            }
            uids.push(item.uid);
            items.push(said);
        }
        let first = queued.first().map_or(link.last + 1, |item| item.number);
        let before = if first == 1 { Uid::default() } else { link.acknowledged_uid };
        Ok(Batch { epoch: link.epoch, first, before, uids, items, active: None })
    }

    /// A message as the other members' realms are told it.
    pub(super) fn message(&self, carried: &Carried) -> Item {
        let message = &carried.message;
        let about = message.change.map(kabar_model::Change::of).or(message.reply_to);
        let post = carried.signed.as_ref().and_then(SignedPost::of);
        let said = match (&post, message.deleted) {
            (_, true) => Said::gone(message.change.is_some()),
            (Some(_), false) => Said::default(),
            (None, false) => Said::of(message, about),
        };
        Item::Message {
            to: To::of(&carried.conversation),
            seq: message.place.seq.0,
            from: Person::of(&carried.author.username, self.us()),
            name: carried.author.name.as_str().to_owned(),
            at: message.at.0,
            edited_at: message.edited_at.map(|at| at.0).filter(|_| post.is_none()),
            said,
            uid: carried.uid.filter(|_| message.deleted).map(|uid| base64url::encode(&uid.0)),
            post: post.map(Box::new),
        }
    }

    fn post(&self, link: &Link, outgoing: &Outgoing) -> Result<Item> {
        let body = PostBody {
            home: link.own_name.to_string(),
            to: To::of(&outgoing.conversation),
            from: Person::of(&outgoing.author.username, self.us()),
            name: outgoing.author.name.as_str().to_owned(),
            uid: outgoing.uid,
            at: outgoing.message.at.0,
            said: Said::of(&outgoing.message, outgoing.about),
        };
        let (root, (secret, stated)) = {
            let me = self.me.lock();
            (me.root(), me.key()?)
        };
        let post = SignedPost::sign(&body, root, stated, &secret).map_err(Error::failed)?;
        let mut signed = self.signed_lately.lock();
        if signed.len() >= SIGNED_REMEMBERED {
            signed.clear();
        }
        signed.insert(outgoing.uid, SignedPost::digest(&post.body));
        Ok(Item::Post(post))
    }

    /// The group as one other realm is told of it: all of that realm's people, whose names it knows, and some of the others.
    async fn members(&self, link: &Link, id: ConversationId) -> Result<Item> {
        let group = self.engine.group_numbered(id).await?;
        let (mut members, mut others) = (Vec::new(), 0);
        for (user, role, joined) in self.kept()?.standing_of_members(id).await? {
            let is_theirs = user.username.realm().as_ref() == Some(&link.own_name);
            if !is_theirs {
                others += 1;
                if others > OTHERS_TOLD_MAX {
                    continue;
                }
            }
            members.push(MemberSaid {
                user: Person::of(&user.username, self.us()),
                name: (!is_theirs).then(|| user.name.as_str().to_owned()),
                admin: role == GroupRole::Admin,
                joined: joined.0,
            });
        }
        Ok(Item::Members {
            group: id.0,
            name: group.name.as_str().to_owned(),
            public: group.visibility == kabar_model::Visibility::Public,
            members,
        })
    }

    async fn person(&self, id: UserId) -> Result<(Person, String)> {
        let user = self.store.users(&[id]).await?.pop();
        let user = user.ok_or_else(|| Error::failed("a number without an account"))?;
        Ok((Person::of(&user.username, self.us()), user.name.as_str().to_owned()))
    }

    async fn home_number(&self, mirror: ConversationId) -> Result<Option<ConversationId>> {
        Ok(match self.kept()?.whereabouts(Place { conversation: mirror, seq: Seq::NONE }).await? {
            Some((Where::Group(id), _)) => Some(id),
            _ => None,
        })
    }

    async fn read_so_far(&self, user: UserId, place: Place) -> Result<Option<Item>> {
        let found = self.kept()?.whereabouts(place).await?;
        let Some((conversation, seq)) = found else { return Ok(None) };
        let (user, _) = self.person(user).await?;
        Ok(Some(Item::Read { user, to: To::of(&conversation), seq: seq.0 }))
    }
}
