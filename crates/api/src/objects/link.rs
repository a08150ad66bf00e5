//! Links to other realms.

use std::collections::BTreeMap;

use kabar_catalogue::Lang;
use kabar_engine::ShownLink;
use kabar_engine::store::links::{Reach, Standing};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::text::Text;

/// A link to another realm.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Link {
    /// What the realm is called here.
    pub(crate) name: String,
    /// What it calls itself: that is what stands in addresses.
    pub(crate) own_name: String,
    /// Its `host:port`; `null`: it comes by itself.
    #[schema(required)]
    pub(crate) address: Option<String>,
    /// Who has agreed to it.
    pub(crate) standing: StandingName,
    /// How much waits for it.
    pub(crate) queued: u64,
    /// When it last spoke.
    #[schema(required, format = DateTime)]
    pub(crate) last_contact_at: Option<String>,
    /// When it is tried next, if it does not answer.
    #[schema(required, format = DateTime)]
    pub(crate) next_try_at: Option<String>,
    /// What went wrong last, unless all went well since.
    #[schema(required)]
    pub(crate) error: Option<LinkError>,
    /// How far its clock is ahead of ours, in seconds.
    pub(crate) clock_ahead: i64,
    /// Eight words that are shown there, too; others would mean that somebody stands between.
    pub(crate) fingerprint: String,
}

/// Who has agreed to a link.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Standing)]
pub(crate) enum StandingName {
    /// We have; the other realm's administrator has not yet.
    Asked,
    /// The other realm has; our administrator has not yet.
    Waiting,
    /// Both.
    Linked,
    /// An administrator here has stopped it.
    Blocked,
    /// It was ended.
    Removed,
    /// The other realm has another key than before: nothing comes or goes until an administrator has looked.
    Changed,
}

/// What went wrong with a link.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkError {
    /// For programs.
    pub(crate) code: &'static str,
    /// For people, in the language asked for.
    pub(crate) message: String,
}

/// One step in looking into a link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LinkCheck)]
pub(crate) struct Check {
    /// What was looked at: `resolve`, `connect`, `tls`, `handshake`, `clock`, `echo` or `queue`.
    pub(crate) step: &'static str,
    /// Whether it is well; `null`: there was nothing to look at.
    #[schema(required)]
    pub(crate) ok: Option<bool>,
    /// What was found, for programs.
    pub(crate) code: &'static str,
    /// The same for people, in the language asked for.
    pub(crate) message: String,
    /// What belongs to it: `host`, `port`, `reason`, `ms`, `secs`, `queued`, `realm` or `code`.
    pub(crate) values: BTreeMap<&'static str, String>,
}

impl From<Standing> for StandingName {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Asked => Self::Asked,
            Standing::Waiting => Self::Waiting,
            Standing::Linked => Self::Linked,
            Standing::Blocked => Self::Blocked,
            Standing::Removed => Self::Removed,
            Standing::Changed => Self::Changed,
        }
    }
}

impl Link {
    pub(crate) fn of(shown: &ShownLink, lang: Lang) -> Self {
        let (link, contact) = (&shown.link, &shown.link.contact);
        Self {
            name: link.name.to_string(),
            own_name: link.own_name.to_string(),
            address: link.reach.as_ref().map(address),
            standing: link.standing.into(),
            queued: link.queued(),
            last_contact_at: contact.last_at.map(time),
            next_try_at: contact.next_at.map(time),
            error: contact.error.as_deref().map(|code| {
                let (code, text) = trouble(code);
                LinkError { code, message: text.say(lang, &[]) }
            }),
            clock_ahead: contact.clock_ahead,
            fingerprint: shown.fingerprint.clone(),
        }
    }
}

impl Check {
    pub(crate) fn of(check: kabar_engine::Check, lang: Lang) -> Self {
        let (code, values) = check.found;
        let mut known: Vec<(&str, &str)> =
            values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // What the other realm answers is said in our own words.
        let refusal = known.iter().find(|(name, _)| *name == "code").map(|(_, code)| trouble(code));
        let why = refusal.map(|(_, text)| text.say(lang, &[])).unwrap_or_default();
        known.push(("why", &why));
        let message = found(code).say(lang, &known);
        let mut values: BTreeMap<&'static str, String> = values.into_iter().collect();
        if let Some((code, _)) = refusal {
            values.insert("code", code.to_owned());
        }
        Self { step: check.step, ok: check.is_well, code, message, values }
    }
}

/// A host and a port; an IPv6 address in brackets (RFC 3986 §3.2.2).
fn address(reach: &Reach) -> String {
    if reach.host.contains(':') {
        format!("[{}]:{}", reach.host, reach.port)
    } else {
        format!("{}:{}", reach.host, reach.port)
    }
}

/// What a code that is kept of a link means. The other realm may have said it: what is not known is not repeated.
fn trouble(code: &str) -> (&'static str, Text) {
    match code {
        "no_host" => ("no_host", Text::LinkNoHost),
        "forbidden_address" => ("forbidden_address", Text::LinkForbiddenAddress),
        "no_connection" => ("no_connection", Text::LinkNoConnection),
        "no_tls" => ("no_tls", Text::LinkNoTls),
        "no_answer" => ("no_answer", Text::LinkNoAnswer),
        "too_large" => ("too_large", Text::LinkTooLarge),
        "broken" => ("broken", Text::LinkBroken),
        "unreadable" => ("unreadable", Text::LinkUnreadable),
        "not_believed" => ("not_believed", Text::LinkNotBelieved),
        "key" => ("key", Text::LinkKey),
        "clock" => ("clock", Text::LinkClock),
        "busy" => ("busy", Text::LinkBusy),
        "waiting" => ("waiting", Text::LinkAsked),
        "blocked" => ("blocked", Text::LinkBlockedThere),
        "removed" => ("removed", Text::LinkRemovedThere),
        "name_taken" => ("name_taken", Text::LinkNameTaken),
        "realm_changed" => ("realm_changed", Text::LinkChanged),
        "invite" => ("invite", Text::LinkInvite),
        "invite_only" => ("invite_only", Text::LinkInviteOnly),
        "failed" => ("failed", Text::LinkFailed),
        _ => ("refused", Text::LinkRefused),
    }
}

/// What a check's code means.
fn found(code: &str) -> Text {
    match code {
        "well" => Text::LinkWell,
        "comes_by_itself" => Text::LinkComesByItself,
        "other_realm" => Text::LinkOtherRealm,
        "clock_off" => Text::LinkClockOff,
        "echo" => Text::LinkEcho,
        "refused" | "not_believed" => Text::LinkSaysNo,
        "queue" => Text::LinkQueue,
        "asked" => Text::LinkAsked,
        "waiting" => Text::LinkWaiting,
        "blocked" => Text::LinkBlocked,
        "changed" => Text::LinkChanged,
        "removed" => Text::LinkRemoved,
        other => trouble(other).1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_be_read_back() {
        let at = |host: &str| address(&Reach { host: host.to_owned(), port: 8889, private: false });
        assert_eq!(at("kampus-b.example"), "kampus-b.example:8889");
        assert_eq!(at("192.0.2.1"), "192.0.2.1:8889");
        assert_eq!(at("2001:db8::1"), "[2001:db8::1]:8889");
    }

    #[test]
    fn what_another_realm_says_is_not_repeated() {
        let said = "<b>call 555</b>";
        let found = ("refused", vec![("code", said.to_owned())]);
        let check = kabar_engine::Check { step: "handshake", is_well: Some(false), found };
        let shown = Check::of(check, Lang::En);
        assert_eq!(shown.values["code"], "refused");
        assert!(!shown.message.contains("555"), "{}", shown.message);
        assert!(
            shown.message.ends_with(&Text::LinkRefused.say(Lang::En, &[])),
            "{}",
            shown.message
        );
    }
}
