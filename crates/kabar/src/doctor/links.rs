//! What was found in a link, step by step.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kabar_catalogue::Lang;

use super::report::{Finding, Looked, State};
use super::request::{LinkFound, Step};
use super::words;
use crate::realms::Linked;

/// The steps, in the order in which they are gone.
const STEPS: [&str; 7] = ["resolve", "connect", "tls", "handshake", "clock", "echo", "queue"];
/// Of what a library says about an error, so much is shown.
const REASON_CHARS: usize = 200;

/// All steps; those that were not come to say so.
pub(super) fn looked(found: LinkFound, lang: Lang) -> Looked {
    let LinkFound { link, mut checks } = found;
    let steps =
        STEPS.iter().map(|step| match checks.iter().position(|check| check.what == *step) {
            Some(place) => finding(checks.swap_remove(place), &link, lang),
            None => Finding::new(step, State::Skipped, "not_tried", String::new()),
        });
    let checks = steps.collect();
    Looked { name: link.name, address: link.address, checks }
}

fn finding(step: Step, link: &Linked, lang: Lang) -> Finding {
    let state = match step.is_well {
        Some(true) => State::Well,
        Some(false) => State::Wrong,
        None => State::Skipped,
    };
    let value = |name: &str| step.values.get(name).map_or("", String::as_str);
    let code = match (step.code.as_str(), step.what.as_str(), state) {
        ("well", "tls", State::Skipped) => "plain",
        ("queue", _, State::Wrong) => "queue_stuck",
        ("other_realm", ..) if value("realm") == link.own_name => "other_keys",
        ("refused", ..) => words::known(value("code")),
        // These are said here; another realm's are called otherwise.
        (ours @ ("waiting" | "blocked"), ..) => {
            if ours == "waiting" {
                "waiting"
            } else {
                "blocked"
            }
        }
        (other, ..) => words::known(other),
    };
    let address = link.address.as_deref().unwrap_or("-");
    let mut values = vec![
        ("name", link.name.as_str()),
        ("realm", link.own_name.as_str()),
        ("address", address),
        ("found", value("realm")),
    ];
    values.extend(["secs", "ms", "queued"].map(|name| (name, value(name))));
    let mut words = match code {
        "well" => String::new(),
        code => words::of(code, lang, &values),
    };
    let reason = plain(value("reason"));
    if state == State::Wrong && !reason.is_empty() {
        words = format!("{words} ({reason})");
    }
    let values = step.values.iter().map(|(name, value)| (name.clone(), plain(value).into_owned()));
    let values: BTreeMap<String, String> = values.collect();
    Finding { step: step.what, state, code, words, values }
}

/// What comes from elsewhere cannot steer a terminal, and is short.
fn plain(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control();
    if text.chars().count() <= REASON_CHARS && text.chars().all(is_plain) {
        return text.into();
    }
    text.chars().filter(|c| is_plain(*c)).take(REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(step: &str, is_well: Option<bool>, code: &str, values: &[(&str, &str)]) -> Finding {
        let link = Linked {
            name: "b".into(),
            own_name: "kampus-b".into(),
            address: Some("kampus-b.example:443".into()),
            state: "linked".into(),
            queued: 0,
            last_contact_at: None,
            next_try_at: None,
            error: None,
            fingerprint: String::new(),
        };
        let values = values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let check = Step { what: step.into(), is_well, code: code.into(), values };
        let looked = looked(LinkFound { link, checks: vec![check] }, Lang::En);
        assert_eq!(looked.checks.len(), STEPS.len());
        looked.checks.into_iter().find(|finding| finding.step == step).unwrap()
    }

    #[test]
    fn a_code_becomes_a_sentence_that_says_what_to_do_next() {
        for (step, code, values, becomes) in [
            ("connect", "no_connection", &[("reason", "refused")][..], "no_connection"),
            ("handshake", "other_realm", &[("realm", "kampus-c")], "other_realm"),
            ("handshake", "other_realm", &[("realm", "kampus-b")], "other_keys"),
            ("handshake", "refused", &[("code", "blocked")], "blocked_there"),
            ("handshake", "refused", &[("code", "\u{1b}[31m")], "refused"),
            ("queue", "queue", &[("queued", "3")], "queue_stuck"),
            ("queue", "waiting", &[], "waiting"),
        ] {
            let found = one(step, Some(false), code, values);
            assert_eq!((found.code, found.state), (becomes, State::Wrong));
            assert!(found.words.contains(". ") || found.words.contains(": "), "{}", found.words);
            assert!(!found.words.contains(['{', '\u{1b}']), "{}", found.words);
        }
        assert!(
            one("connect", Some(false), "no_connection", &[("reason", "a\nb")])
                .words
                .ends_with("(ab)")
        );
        assert_eq!(one("tls", None, "well", &[]).code, "plain");
        assert_eq!(one("resolve", Some(true), "well", &[]).words, "");
        assert_eq!(one("echo", Some(true), "echo", &[("ms", "3")]).words, "3 ms");
    }

    #[test]
    fn a_reason_has_an_end() {
        let found = one("tls", Some(false), "no_tls", &[("reason", &"x".repeat(10_000))]);
        assert!(found.words.len() < 500, "{}", found.words.len());
    }
}
