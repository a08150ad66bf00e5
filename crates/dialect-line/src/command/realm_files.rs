//! `sendfilerealm`, `sendgroupfilerealm`: files for other realms.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Destination, There};
use kabar_model::{Address, Field, FileName, Refusal};

use super::files::Wish;
use super::realms::{is_list, realm};
use super::send::{people, person, unknown};
use super::{Command, Run, Upload};
use crate::reply::Complaint;
use crate::session::LineConversation;
use crate::words::Words;

pub(super) const SEND: Command = Command {
    name: "sendfilerealm",
    usage: "sendfilerealm [TOKEN] REALM USER FILENAME BASE64",
    summary: "send a file to somebody of a realm; the same as sendfile USER@REALM",
    overlaps: false,
    closes: false,
    run: Run::Upload(Upload { words: 3, wish: to_person }),
};

pub(super) const SEND_TO_GROUP: Command = Command {
    name: "sendgroupfilerealm",
    usage: "sendgroupfilerealm [TOKEN] REALM GROUP FILENAME BASE64",
    summary: "send a file to a group of a realm, or to USER,USER... there; joins it first if need be",
    overlaps: false,
    closes: false,
    run: Run::Upload(Upload { words: 3, wish: to_group }),
};

fn to_person<'a>(
    session: &'a mut LineConversation,
    _caller: &'a Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Wish> {
    async move {
        let (Some(name), Some(user), Some(file)) = (words.take(), words.take(), words.take())
        else {
            return Err(Complaint::Usage);
        };
        let file = FileName::clean(file)?;
        let realm = realm(session, name).await?;
        let to = person(user, Some(&realm))?;
        Ok((vec![session.engine.to_person(&to).await?], file))
    }
    .boxed()
}

fn to_group<'a>(
    session: &'a mut LineConversation,
    caller: &'a Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Wish> {
    async move {
        let (Some(name), Some(group), Some(file)) = (words.take(), words.take(), words.take())
        else {
            return Err(Complaint::Usage);
        };
        let file = FileName::clean(file)?;
        let realm = realm(session, name).await?;
        if is_list(group) {
            let people = people(session, group, Some(&realm)).await?;
            return Ok((each(session, &people).await?, file));
        }
        let link = session.engine.link_named(&realm).await?;
        let to = match session.engine.there(caller, &link, group).await? {
            There::Group(group) => vec![session.engine.to_group(caller, &group).await?],
            There::People(people) => each(session, &people).await?,
        };
        Ok((to, file))
    }
    .boxed()
}

/// All of them, each once. Where nobody is called so, all such names are told.
async fn each(
    session: &LineConversation,
    people: &[Address],
) -> Result<Vec<Destination>, Complaint> {
    if people.is_empty() {
        return Err(Refusal::Invalid(Field::Recipients).into());
    }
    let nobody = session.engine.unknown_among(people).await?;
    if !nobody.is_empty() {
        return Err(unknown(people.len(), nobody));
    }
    let mut to = Vec::with_capacity(people.len());
    for (index, person) in people.iter().enumerate() {
        if !people[..index].contains(person) {
            to.push(session.engine.to_person(person).await?);
        }
    }
    Ok(to)
}
