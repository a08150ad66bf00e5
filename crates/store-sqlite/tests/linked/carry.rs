//! What the worker of a link does, without a wire.

use kabar_engine::Store;
use kabar_engine::store::links::{
    Batch, Carried, InMember, InMembers, InMessage, InPost, Inbound, Queued, Signed, Taken, Told,
    Where,
};
use kabar_engine::store::{Content, Conversation, Message, NewFile, Place};
use kabar_model::{Body, Change, ConversationId, Emoji, Seq, User, Username};

use super::{Realm, now};

/// Items in one batch, and messages that are read on at a time: few, so that it takes several.
const AT_A_TIME: usize = 3;

/// What waits at one realm for the other, as it would be sent.
pub(crate) async fn batch(from: &Realm, to: &Realm) -> Batch {
    let number = from.link_to(to).await;
    let links = from.links().links().await.unwrap();
    let link = links.into_iter().find(|link| link.id == number).unwrap();
    let queued = from.links().outbox(link.id, AT_A_TIME).await.unwrap();
    let mut items = Vec::new();
    for item in &queued {
        items.push((item.uid, inbound(from, to, item).await));
    }
    let first = link.acknowledged + 1;
    assert!(queued.iter().zip(first..).all(|(item, number)| item.number == number));
    Batch { epoch: link.epoch, first, before: link.acknowledged_uid, items, at: now() }
}

/// Carries all that waits at one realm to the other; says what that changed there, and what was refused.
pub(crate) async fn carry(from: &Realm, to: &Realm) -> (Vec<ConversationId>, Vec<String>) {
    let (there, back) = (from.link_to(to).await, to.link_to(from).await);
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    let mut resets = 0;
    for _ in 0..1_000 {
        let batch = batch(from, to).await;
        let (sent, first) = (batch.items.len(), batch.first);
        match to.links().receive(back, batch).await.unwrap() {
            Taken::Stored { received, changed, .. } => {
                all.extend(changed);
                let known = refused.len();
                refused.extend(received.refused.iter().skip(known).map(|(_, code)| code.clone()));
                let number = received.number;
                from.links().acknowledge(there, received).await.unwrap();
                // What it has was never sent: this realm went back in time.
                let links = from.links().links().await.unwrap();
                let last = links.into_iter().find(|link| link.id == there).unwrap().last;
                assert!(number + 1 >= first);
                if number > last {
                    from.links().begin_epoch(there, now().0).await.unwrap();
                    continue;
                }
            }
            // An epoch that is over was the last one when the backup was made.
            Taken::Reset | Taken::Old if resets < 3 => {
                resets += 1;
                from.links().begin_epoch(there, now().0).await.unwrap();
                continue;
            }
            taken @ (Taken::Reset | Taken::Old) => panic!("{taken:?}"),
        }
        if sent == 0 {
            return (all, refused);
        }
    }
    panic!("something always waits");
}

/// Reads on whatever is behind at one realm.
pub(crate) async fn catch_up(at: &Realm, from: &Realm) {
    let (back, link) = (from.link_to(at).await, at.link_to(from).await);
    for _ in 0..100 {
        let behind = at.links().behind(link).await.unwrap();
        let mut more = false;
        for lacks in behind {
            let read = from.links().read_on(back, &lacks.conversation, lacks.after, AT_A_TIME);
            let read = read.await.unwrap_or_default();
            let whole = read.len() < AT_A_TIME;
            let messages = read.iter().map(|carried| in_message(from, at, carried)).collect();
            at.links().catch_up(link, lacks.mirror, messages, whole).await.unwrap();
            more |= !whole;
        }
        // What is still on its way comes by itself.
        if !more {
            return;
        }
    }
    panic!("it is always behind");
}

/// Carries all there is, between all of these, until nothing waits and nothing is behind.
pub(crate) async fn exchange(realms: &[&Realm]) {
    for _ in 0..20 {
        let mut waited = false;
        for from in realms {
            for to in realms.iter().filter(|to| to.name != from.name) {
                if !linked(from, to).await {
                    continue;
                }
                waited |= !batch(from, to).await.items.is_empty();
                carry(from, to).await;
                waited |= !to.behind(from).await.is_empty();
                catch_up(to, from).await;
            }
        }
        if !waited {
            return;
        }
    }
    panic!("something always waits");
}

async fn linked(from: &Realm, to: &Realm) -> bool {
    from.links().links().await.unwrap().iter().any(|link| link.own_name == to.name)
}

async fn inbound(from: &Realm, to: &Realm, item: &Queued) -> Result<Inbound, &'static str> {
    let store = from.store();
    let whole = |user: &User| user.username.at(&user.username.realm().unwrap_or(from.name.clone()));
    let user = async |id| store.users(&[id]).await.unwrap().remove(0);
    let place = |conversation| Place { conversation, seq: Seq::NONE };
    Ok(match &item.what {
        Told::Post(id) => {
            let found = from.links().outgoing(&[*id]).await.unwrap().pop();
            let outgoing = found.ok_or("invalid")?;
            let message = outgoing.message;
            let change = message.change.is_some();
            Inbound::Post(InPost {
                author: whole(&outgoing.author),
                name: outgoing.author.name.clone(),
                conversation: outgoing.conversation,
                uid: outgoing.uid,
                content: content(&message, outgoing.about).ok_or("message_unknown")?,
                reply_to: outgoing.about.filter(|_| !change),
                at: message.at,
                signed: Signed { bytes: message.body.into_bytes(), by: from.name.to_string() },
            })
        }
        Told::Message(place) => {
            let carried = from.links().messages_at(&[*place]).await.unwrap().remove(0);
            Inbound::Message(in_message(from, to, &carried))
        }
        Told::Members(group) => {
            let all = from.links().standing_of_members(*group).await.unwrap();
            let members = all.into_iter().map(|(user, role, joined)| InMember {
                user: seen_at(to, whole(&user)),
                name: user.name,
                role,
                joined,
            });
            let members = members.collect();
            let found = store.conversations(&[*group]).await.unwrap().remove(0);
            let Conversation::Group(found) = found else { panic!("{found:?}") };
            let (name, visibility) = (found.name, found.visibility);
            Inbound::Members(InMembers { group: *group, name, visibility, members })
        }
        Told::Join { user: id, group } => {
            let user = user(*id).await;
            Inbound::Join { user: whole(&user), name: user.name, group: group.clone() }
        }
        Told::Leave { user: id, mirror } => {
            let there = from.links().whereabouts(place(*mirror)).await.unwrap().unwrap().0;
            let Where::Group(group) = there else { panic!("{there:?}") };
            Inbound::Leave { user: whole(&user(*id).await), group }
        }
        Told::Read { user: id, place } => {
            let (conversation, seq) = from.links().whereabouts(*place).await.unwrap().unwrap();
            Inbound::Read { user: whole(&user(*id).await), conversation, seq }
        }
    })
}

/// A name as a realm is told it: its own people have no realm.
fn seen_at(to: &Realm, user: Username) -> Username {
    let is_there = user.realm().as_ref() == Some(&to.name);
    if is_there { Username::parse(user.bare()).unwrap() } else { user }
}

pub(crate) fn in_message(from: &Realm, to: &Realm, carried: &Carried) -> InMessage {
    let message = &carried.message;
    let author = carried.author.username.clone();
    let author = match author.realm() {
        Some(_) => seen_at(to, author),
        None => author.at(&from.name),
    };
    let about = message.change.map(Change::of);
    InMessage {
        conversation: carried.conversation.clone(),
        seq: message.place.seq,
        author,
        name: carried.author.name.clone(),
        uid: carried.uid,
        content: content(message, about),
        was_change: message.deleted && message.change.is_some(),
        reply_to: message.reply_to,
        at: message.at,
        edited_at: message.edited_at,
    }
}

fn content(message: &Message, about: Option<Seq>) -> Option<Content> {
    if message.deleted {
        return None;
    }
    let body = Body::parse(&message.body);
    Some(match (message.change, &message.file) {
        (None, None) => Content::Text(body.unwrap()),
        (None, Some(file)) => {
            let (file, caption) = (file.clone(), body.ok());
            Content::File(Box::new(NewFile { file, caption, sole: false }))
        }
        (Some(Change::Edit(_)), _) => Content::Edit { of: about?, text: body.unwrap() },
        (Some(Change::Deletion(_)), _) => Content::Deletion { of: about? },
        (Some(Change::Reaction(_)), _) => {
            Content::Reaction { of: about?, emoji: Emoji::parse(&message.body).unwrap(), on: true }
        }
        (Some(Change::ReactionEnd(_)), _) => {
            Content::Reaction { of: about?, emoji: Emoji::parse(&message.body).unwrap(), on: false }
        }
    })
}
