//! `send [TOKEN] USER[,USER...] TEXT`: sends a text to people.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Error};
use kabar_model::limits::RECIPIENTS_MAX;
use kabar_model::{Address, Body, Field, RealmName, Refusal, Username};

use super::{Command, Run};
use crate::reply::{Complaint, Outcome, Reply};
use crate::session::LineConversation;
use crate::words::Words;

pub(super) const COMMAND: Command = Command {
    name: "send",
    usage: "send [TOKEN] USER[,USER...] TEXT",
    summary: "send a text to one person or several",
    overlaps: true,
    closes: false,
    run: Run::LoggedIn(run),
};

fn run<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let (Some(receivers), Some(text)) = (words.take(), words.rest()) else {
            return Err(Complaint::Usage);
        };
        let body = Body::parse(text)?;
        let people = people(session, receivers, None).await?;
        to_people(session, &caller, &people, body).await
    }
    .boxed()
}

/// The people in a list with commas between; with a realm, its people, without `@`. Where some of the names are
/// nobody's, all that nobody has are named.
pub(super) async fn people(
    session: &LineConversation,
    list: &str,
    realm: Option<&RealmName>,
) -> Result<Vec<Address>, Complaint> {
    let names: Vec<&str> = list.split(',').filter(|name| !name.is_empty()).collect();
    // Counted before any of them is looked up.
    if names.len() > RECIPIENTS_MAX {
        return Err(Refusal::TooMany(Field::Recipients).into());
    }
    let mut people = Vec::with_capacity(names.len());
    let mut impossible = Vec::new();
    for &name in &names {
        match person(name, realm) {
            Ok(address) => people.push(address),
            Err(_) => impossible.push(name.to_owned()),
        }
    }
    if impossible.is_empty() {
        return Ok(people);
    }
    impossible.extend(session.engine.unknown_among(&people).await?);
    Err(unknown(names.len(), impossible))
}

/// Somebody here or at the realm that the name says; with a realm, somebody there, without `@`. A name that no
/// account can have is the name of no account.
pub(super) fn person(name: &str, realm: Option<&RealmName>) -> Result<Address, Refusal> {
    let address = match realm {
        None => Address::parse(name),
        Some(realm) => {
            Username::parse(name).map(|username| Address { username, realm: Some(realm.clone()) })
        }
    };
    address.map_err(|_| Refusal::ReceiverUnknown(vec![name.to_owned()]))
}

/// Sends a text to each of them, or to none.
pub(super) async fn to_people(
    session: &LineConversation,
    caller: &Caller,
    people: &[Address],
    body: Body,
) -> Outcome {
    match session.engine.send(caller, people, body).await {
        Ok(posting) => Ok(Reply::Posting(posting)),
        Err(Error::Refused(Refusal::ReceiverUnknown(names))) => Err(unknown(people.len(), names)),
        Err(error) => Err(error.into()),
    }
}

/// Of several receivers, those that nobody is are named.
pub(super) fn unknown(receivers: usize, names: Vec<String>) -> Complaint {
    if receivers > 1 {
        Complaint::AmongReceivers(names)
    } else {
        Refusal::ReceiverUnknown(names).into()
    }
}
