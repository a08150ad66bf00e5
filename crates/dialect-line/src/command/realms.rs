//! `addrealm`, `listrealm`, `getrealminbox`, `sendprivaterealm`, `sendgrouprealm`: other realms, by the names that
//! this one has for them.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Caller;
use kabar_engine::store::links::{Link, Reach, Standing};
use kabar_model::{Body, Field, RealmName, Refusal};

use super::send::{people, person, to_people};
use super::{Command, Run, inbox};
use crate::reply::{Complaint, Outcome, Reply, ok};
use crate::session::LineConversation;
use crate::wording::Text;
use crate::words::Words;

pub(super) const ADD: Command = Command {
    name: "addrealm",
    usage: "addrealm [TOKEN] REALM ADDRESS PORT",
    summary: "link another realm, and what to call it; PORT is one of its that speaks HTTP",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(add),
};

pub(super) const LIST: Command = Command {
    name: "listrealm",
    usage: "listrealm [TOKEN]",
    summary: "the linked realms, and how it stands with them",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(list),
};

pub(super) const INBOX: Command = Command {
    name: "getrealminbox",
    usage: "getrealminbox [TOKEN] REALM",
    summary: "read what is new from a realm",
    overlaps: false,
    closes: false,
    run: Run::LoggedIn(unread),
};

pub(super) const SEND: Command = Command {
    name: "sendprivaterealm",
    usage: "sendprivaterealm [TOKEN] REALM USER TEXT",
    summary: "send a text to somebody of a realm; the same as send USER@REALM",
    overlaps: true,
    closes: false,
    run: Run::LoggedIn(send),
};

pub(super) const SEND_TO_GROUP: Command = Command {
    name: "sendgrouprealm",
    usage: "sendgrouprealm [TOKEN] REALM GROUP TEXT",
    summary: "send a text to a group of a realm, or to USER,USER... there; joins it first if need be",
    overlaps: true,
    closes: false,
    run: Run::LoggedIn(send_to_group),
};

fn add<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let (Some(name), Some(host), Some(port), None) =
            (words.take(), words.take(), words.take(), words.take())
        else {
            return Err(Complaint::Usage);
        };
        let name = RealmName::parse(name)?;
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|port| digits && *port > 0);
        let port = port.ok_or(Refusal::Invalid(Field::RealmAddress))?;
        session.engine.add_realm(&caller, name, host, port).await?;
        Ok(Reply::text(session.profile, Text::RealmAdded))
    }
    .boxed()
}

fn list<'a>(
    session: &'a mut LineConversation,
    _caller: Caller,
    words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        if words.rest().is_some() {
            return Err(Complaint::Usage);
        }
        let links = session.engine.links().await?;
        Ok(Reply::Ready(listed(&links)))
    }
    .boxed()
}

fn listed(links: &[Link]) -> Vec<u8> {
    ok(|o| {
        o.list("messages", |list| {
            for link in links {
                list.object(|o| {
                    o.text("name", link.name.as_str());
                    o.text("address", &link.reach.as_ref().map(address).unwrap_or_default());
                    o.text("state", state(link));
                    o.number("queued", link.queued());
                });
            }
        });
    })
}

fn address(reach: &Reach) -> String {
    let Reach { host, port, .. } = reach;
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn state(link: &Link) -> &'static str {
    match link.standing {
        Standing::Asked => "asked",
        Standing::Waiting => "waiting",
        Standing::Linked if link.contact.failures > 0 => "unreachable",
        Standing::Linked => "linked",
        Standing::Blocked => "blocked",
        Standing::Changed => "changed",
        Standing::Removed => "removed",
    }
}

fn unread<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let (Some(name), None) = (words.take(), words.take()) else {
            return Err(Complaint::Usage);
        };
        let realm = realm(session, name).await?;
        let inbox = session.engine.unread_of_realm(&caller, &realm).await?;
        let deleted = Text::Deleted.words(session.profile);
        let bytes = ok(|o| {
            o.list("messages", |list| {
                inbox.items.iter().for_each(|item| inbox::write(list, item, deleted));
            });
        });
        Ok(Reply::Inbox(bytes, inbox.receipt))
    }
    .boxed()
}

fn send<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let (Some(name), Some(user), Some(text)) = (words.take(), words.take(), words.rest())
        else {
            return Err(Complaint::Usage);
        };
        let body = Body::parse(text)?;
        let realm = realm(session, name).await?;
        to_people(session, &caller, &[person(user, Some(&realm))?], body).await
    }
    .boxed()
}

fn send_to_group<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let (Some(name), Some(group), Some(text)) = (words.take(), words.take(), words.rest())
        else {
            return Err(Complaint::Usage);
        };
        let body = Body::parse(text)?;
        let realm = realm(session, name).await?;
        if is_list(group) {
            let people = people(session, group, Some(&realm)).await?;
            return to_people(session, &caller, &people, body).await;
        }
        let sent = session.engine.send_to_group_there(&caller, &realm, group, body).await;
        Ok(Reply::Posting(sent?))
    }
    .boxed()
}

/// What the realm of that name calls itself. A name that no realm can have is the name of no realm.
pub(super) async fn realm(session: &LineConversation, name: &str) -> Result<RealmName, Complaint> {
    let name = RealmName::parse(name).map_err(|_| Refusal::RealmUnknown)?;
    Ok(session.engine.link_named(&name).await?.own_name)
}

/// Whether a group's place has people with commas between.
pub(super) fn is_list(group: &str) -> bool {
    group.contains(',') && !group.starts_with("group:")
}

#[cfg(test)]
mod tests {
    use kabar_engine::store::links::{Contact, Uid};
    use kabar_model::{LinkId, Timestamp};

    use super::*;

    fn link(standing: Standing, host: Option<&str>, failures: u32) -> Link {
        let reach = |host: &str| Reach { host: host.to_owned(), port: 8889, private: true };
        Link {
            id: LinkId(1),
            name: RealmName::parse("b").unwrap(),
            own_name: RealmName::parse("kampus-b").unwrap(),
            reach: host.map(reach),
            root: [0; 32],
            keys: String::new(),
            standing,
            made_at: Timestamp(0),
            contact: Contact { failures, ..Contact::default() },
            epoch: 1,
            last: 12,
            acknowledged: 9,
            acknowledged_uid: Uid::default(),
            peer_epoch: 1,
            received: 0,
        }
    }

    #[test]
    fn a_realm_is_listed_by_the_name_that_it_has_here() {
        let [near, far] =
            [link(Standing::Linked, Some("127.0.0.1"), 0), link(Standing::Changed, None, 7)];
        let line = String::from_utf8(listed(&[near, far])).unwrap();
        assert_eq!(
            line.trim_end(),
            r#"{"status":"OK","messages":[{"name":"b","address":"127.0.0.1:8889","state":"linked","queued":3},{"name":"b","address":"","state":"changed","queued":3}]}"#
        );
    }

    #[test]
    fn a_linked_realm_that_did_not_answer_is_unreachable() {
        for (standing, failures, word) in [
            (Standing::Asked, 3, "asked"),
            (Standing::Waiting, 3, "waiting"),
            (Standing::Linked, 0, "linked"),
            (Standing::Linked, 1, "unreachable"),
            (Standing::Blocked, 1, "blocked"),
            (Standing::Changed, 1, "changed"),
        ] {
            assert_eq!(state(&link(standing, None, failures)), word);
        }
    }

    #[test]
    fn an_address_stands_as_in_a_url() {
        for (host, expected) in
            [("kampus-b.example", "kampus-b.example:8889"), ("::1", "[::1]:8889")]
        {
            let reach = link(Standing::Linked, Some(host), 0).reach.unwrap();
            assert_eq!(address(&reach), expected);
        }
    }

    #[test]
    fn commas_make_a_list_of_people() {
        for (group, expected) in
            [("a,b", true), ("a,", true), ("a", false), ("group:a,b", false), ("group:a", false)]
        {
            assert_eq!(is_list(group), expected, "{group}");
        }
    }
}
