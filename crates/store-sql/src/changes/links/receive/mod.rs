//! What comes from another realm. Each item is refused or taken by itself, with nothing asked but the rows that are
//! here: who may say what about which conversation is the table in `docs/realm-links.md`.

mod contents;
mod groups;
mod left;
mod members;
mod messages;
mod mirrors;
mod peer;
mod position;
mod posts;
mod reading;
mod refusals;
mod rows;

use kabar_engine::store::links::{Batch, InMessage, Inbound, Received, Taken};
use kabar_model::{ConversationId, LinkId, Timestamp};

pub(crate) use self::contents::arrived;
pub(crate) use self::left::note_asked;
use self::messages::Gap;
use self::peer::Peer;
use self::position::{Position, Verdict};
use crate::error::Outcome;
use crate::writer::Work;

/// Takes a batch in. What is not the next leaves everything as it was.
pub(crate) fn receive(work: &mut Work, link: LinkId, batch: Batch) -> Outcome<Taken> {
    let peer = Peer::of(work, link)?;
    let mut position = Position::of(work, link)?;
    let known = match position.verdict(&batch) {
        Verdict::Old => return Ok(Taken::Old),
        Verdict::Reset => return Ok(Taken::Reset),
        Verdict::Goes(known) => {
            refusals::forget_before(work, link, batch.first)?;
            known
        }
        Verdict::Begins => {
            refusals::forget_before(work, link, u64::MAX)?;
            mirrors::all_are_behind(work, link)?;
            position = Position::start(batch.epoch);
            0
        }
    };
    let mut changed = Vec::new();
    for (place, (uid, item)) in batch.items.into_iter().enumerate() {
        if place < known {
            // A message may have come when its mirror was behind; the mirror knows whether it has it by now.
            if let Ok(item @ Inbound::Message(_)) = item {
                let taken = refusals::apart(work, |work| take(work, &peer, item, batch.at))?;
                changed.extend(taken.ok().flatten());
            }
            continue;
        }
        let number = position.advance(uid);
        let taken = match item {
            Ok(item) => refusals::apart(work, |work| take(work, &peer, item, batch.at))?,
            Err(code) => Err(code),
        };
        match taken {
            Ok(conversation) => changed.extend(conversation),
            Err(code) => refusals::note(work, link, number, code)?,
        }
    }
    position.keep(work, link)?;
    let refused = refusals::all(work, link)?;
    let received = Received { epoch: position.epoch, number: position.received, refused };
    let more_to_do = contents::are_wanted(work, link)? || mirrors::any_is_behind(work, link)?;
    let changed = each_once(changed);
    work.hint_deliveries(&changed);
    Ok(Taken::Stored { received, changed, more_to_do })
}

/// Takes one item in; says about which conversation something is another now, beside its messages.
fn take(
    work: &mut Work,
    peer: &Peer,
    item: Inbound,
    now: Timestamp,
) -> Outcome<Option<ConversationId>> {
    match item {
        Inbound::Post(post) => posts::post(work, peer, post, now).map(|()| None),
        Inbound::Message(message) => messages::message(work, peer, message, now),
        Inbound::Members(group) => members::members(work, peer, &group, now),
        Inbound::Join { user, name, group } => {
            groups::join(work, peer, (&user, &name), &group, now)
        }
        Inbound::Leave { user, group } => groups::leave(work, peer, &user, group, now),
        Inbound::Read { user, conversation, seq } => {
            reading::read(work, peer, &user, &conversation, seq)
        }
    }
}

/// Adds what was read on from the home of a mirror. What cannot be stored leaves its number.
pub(crate) fn catch_up(
    work: &mut Work,
    link: LinkId,
    mirror: ConversationId,
    messages: Vec<InMessage>,
    whole: bool,
) -> Outcome<Vec<ConversationId>> {
    let peer = Peer::of(work, link)?;
    let mirror = mirrors::of(work, link, mirror)?;
    let mut changed = Vec::new();
    let messages = if mirror.is_open { messages } else { Vec::new() };
    for message in messages {
        changed.extend(messages::add(work, &peer, &mirror, message, Gap::Passed)?);
    }
    if whole {
        mirrors::caught_up(work, mirror.id)?;
    }
    let changed = each_once(changed);
    work.hint_deliveries(&changed);
    Ok(changed)
}

/// How far ahead of this realm's clock a time may be.
const AHEAD_MICROS: i64 = 300_000_000;

/// The time that somebody gave, or that of its coming when it is too far ahead, or none.
fn believed(given: Timestamp, now: Timestamp) -> Timestamp {
    let believable = 0..=now.0.saturating_add(AHEAD_MICROS);
    if believable.contains(&given.0) { given } else { now }
}

fn each_once(mut conversations: Vec<ConversationId>) -> Vec<ConversationId> {
    conversations.sort_unstable();
    conversations.dedup();
    conversations
}
