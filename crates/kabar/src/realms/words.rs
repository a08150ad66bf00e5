//! What is found in a link, in words: what happened, why, and what to do next.
//!
//! The codes come from `kabar_federation`; those that another realm says are mapped as far as they are known here.

use kabar_catalogue::{Lang, say};

use super::Linked;

const EN: &str = include_str!("../../text/links.en.toml");
const ID: &str = include_str!("../../text/links.id.toml");

/// What a person is told of that code; there is a text of each in both languages.
pub(crate) const CODES: [&str; 38] = [
    "no_host",
    "forbidden_address",
    "no_connection",
    "no_tls",
    "no_answer",
    "too_large",
    "broken",
    "not_believed",
    "unreadable",
    // What the other realm says.
    "waiting_there",
    "blocked_there",
    "removed_there",
    "busy",
    "replayed",
    "clock",
    "invalid",
    "invite",
    "invite_only",
    "name_taken",
    "realm_changed",
    "too_many",
    "not_yet",
    "not_member",
    "refused",
    // What is found step by step.
    "well",
    "plain",
    "comes_by_itself",
    "not_tried",
    "other_realm",
    "other_keys",
    "clock_off",
    "echo",
    "queue",
    "queue_stuck",
    "asked",
    "waiting",
    "blocked",
    "changed",
];

/// The code if there is a text of it, else that of any refusal: what another server says is not repeated.
pub(crate) fn known(code: &str) -> &'static str {
    let code = match code {
        "waiting" => "waiting_there",
        "blocked" => "blocked_there",
        "removed" => "removed_there",
        other => other,
    };
    CODES.into_iter().find(|known| *known == code).unwrap_or("refused")
}

/// A text of [`CODES`].
pub(crate) fn of(code: &str, lang: Lang, values: &[(&str, &str)]) -> String {
    let catalogue = match lang {
        Lang::En => EN,
        Lang::Id => ID,
    };
    say(catalogue, code, values)
}

/// What went wrong with a link last.
pub(super) fn error(link: &Linked, lang: Lang) -> Option<String> {
    let code = link.error.as_deref()?;
    Some(of(known(code), lang, &values(link)))
}

/// Who has to agree to a link, and how.
pub(super) fn state(state: &str, link: &Linked, lang: Lang) -> String {
    of(state, lang, &values(link))
}

fn values(link: &Linked) -> [(&str, &str); 3] {
    let address = link.address.as_deref().unwrap_or("-");
    [("name", &link.name), ("realm", &link.own_name), ("address", address)]
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_catalogues_agree_with_each_other_and_have_every_code() {
        assert_eq!(kabar_catalogue::faults(EN, ID, &CODES), Vec::<String>::new());
    }

    #[test]
    fn whatever_is_found_in_a_link_has_a_text() {
        for found in kabar_federation::link::FOUND {
            // A link that was removed is in no list.
            assert!(CODES.contains(&found) || found == "removed", "{found}");
        }
    }

    /// What answers say no with, taken from where they are written: `No(403, "blocked")`.
    #[test]
    fn whatever_a_realm_says_no_with_has_a_text_of_its_own() {
        let links = Path::new(env!("CARGO_MANIFEST_DIR")).join("../federation/src/link");
        let mut seen = 0;
        for file in fs::read_dir(links).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for after in text.split("No(").skip(1) {
                let Some((_, rest)) = after.split_once(", \"") else { continue };
                let (code, status) = (rest.split('"').next().unwrap(), after.split(',').next());
                if status.is_some_and(|status| status.parse::<u16>().is_ok()) {
                    assert_ne!(known(code), "refused", "{code}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 10, "they are written in another way now");
    }

    #[test]
    fn the_words_of_another_server_are_not_repeated() {
        assert_eq!(known("blocked"), "blocked_there");
        assert_eq!(known("\u{1b}[2J{name}"), "refused");
        let said = of(known("whatever"), Lang::En, &[("name", "b"), ("realm", "b")]);
        assert!(said.contains("kabar doctor") && !said.contains("whatever"), "{said}");
    }
}
