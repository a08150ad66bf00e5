//! `CONTACT-ADD`, `CONTACT-DELETE`, `CONTACT-GET`.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;
use kabar_model::Address;

use super::{Command, Parameter, Run};
use crate::arguments::Arguments;
use crate::reply::{Data, Outcome, Reply};
use crate::session::KeywordConversation;
use crate::wording;

pub(super) const ADD: Command = Command {
    name: "CONTACT-ADD",
    also: &[],
    parameters: &[Parameter::several("USER...", "contact_list")],
    summary: "add people to your contacts",
    overlaps: false,
    run: Run::LoggedIn(add),
};

pub(super) const DELETE: Command = Command {
    name: "CONTACT-DELETE",
    also: &["CONTACT-DEL"],
    parameters: &[Parameter::several("USER...", "contact_list")],
    summary: "take people out of your contacts",
    overlaps: false,
    run: Run::LoggedIn(delete),
};

pub(super) const GET: Command = Command {
    name: "CONTACT-GET",
    also: &[],
    parameters: &[],
    summary: "your contacts",
    overlaps: false,
    run: Run::LoggedIn(get),
};

fn add(
    session: &mut KeywordConversation,
    caller: Caller,
    args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let added = session.engine.add_contacts(&caller, &possible(&args.several)).await?;
        Ok(Reply::sentence(&wording::contacts_added(added)))
    }
    .boxed()
}

fn delete(
    session: &mut KeywordConversation,
    caller: Caller,
    args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let removed = session.engine.remove_contacts(&caller, &possible(&args.several)).await?;
        Ok(Reply::sentence(&wording::contacts_deleted(removed)))
    }
    .boxed()
}

fn get(
    session: &mut KeywordConversation,
    caller: Caller,
    _args: Arguments,
) -> BoxFuture<'_, Outcome> {
    async move {
        let contacts = session.engine.contacts(&caller).await?;
        Ok(Reply::Ready(wording::contacts(contacts.len()), Data::Contacts(contacts)))
    }
    .boxed()
}

/// The addresses among these. What no account can be called adds and removes nothing.
fn possible(names: &[String]) -> Vec<Address> {
    names.iter().filter_map(|name| Address::parse(name).ok()).collect()
}
