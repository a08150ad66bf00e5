//! A list of links, for people and for programs.

use anyhow::Result;
use kabar_catalogue::Lang;
use serde::Serialize;

use super::request::Linked;
use super::words;
use crate::text::Text;

/// The version of the document's form.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    realms: &'a [Linked],
}

/// One JSON document.
pub(super) fn json(links: &[Linked]) -> Result<String> {
    Ok(serde_json::to_string(&Document { schema: SCHEMA, realms: links })? + "\n")
}

/// A table with a head; below each link what there is to say of it.
pub(super) fn text(links: &[Linked], lang: Lang) -> String {
    if links.is_empty() {
        return Text::NoRealms.say(lang, &[]) + "\n";
    }
    let head = [
        Text::HeadRealm,
        Text::HeadAddress,
        Text::HeadState,
        Text::HeadQueued,
        Text::HeadContact,
        Text::HeadNext,
    ];
    let mut rows = vec![head.map(|text| text.say(lang, &[]))];
    rows.extend(links.iter().map(|link| row(link, lang)));
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(width);
    let mut said = String::new();
    for (place, cells) in rows.iter().enumerate() {
        said += &line(cells, widths);
        let Some(link) = place.checked_sub(1).map(|place| &links[place]) else { continue };
        for line in below(link, lang) {
            said = said + "  " + &line + "\n";
        }
    }
    said
}

fn line([name, address, state, queued, contact, next]: &[String; 6], widths: [usize; 5]) -> String {
    let [w0, w1, w2, w3, w4] = widths;
    format!("{name:w0$}  {address:w1$}  {state:w2$}  {queued:>w3$}  {contact:w4$}  {next}\n")
}

fn row(link: &Linked, lang: Lang) -> [String; 6] {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
    [
        link.name.clone(),
        or_none(&link.address),
        state(if is_unreachable(link) { "unreachable" } else { &link.state }, lang),
        link.queued.to_string(),
        link.last_contact_at.as_deref().map_or_else(|| "-".into(), to_the_second),
        link.next_try_at.as_deref().map_or_else(|| "-".into(), to_the_second),
    ]
}

/// Whether both sides agree, and the other one does not answer as it should.
fn is_unreachable(link: &Linked) -> bool {
    link.state == "linked" && link.error.is_some()
}

fn state(code: &str, lang: Lang) -> String {
    let text = match code {
        "linked" => Text::StateLinked,
        "asked" => Text::StateAsked,
        "waiting" => Text::StateWaiting,
        "blocked" => Text::StateBlocked,
        "changed" => Text::StateChanged,
        "unreachable" => Text::StateUnreachable,
        other => return other.to_owned(),
    };
    text.say(lang, &[])
}

/// A moment in UTC without its fraction of a second.
fn to_the_second(at: &str) -> String {
    let whole = at.split(['.', 'Z']).next().unwrap_or_default();
    format!("{whole}Z")
}

fn below(link: &Linked, lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    if link.own_name != link.name {
        lines.push(Text::RealmOwnName.say(lang, &[("name", &link.own_name)]));
    }
    if link.state != "linked" {
        lines.push(words::state(&link.state, link, lang));
    }
    // One that is stopped is not expected to answer.
    if matches!(link.state.as_str(), "linked" | "asked") {
        lines.extend(words::error(link, lang));
    }
    lines.push(Text::RealmFingerprint.say(lang, &[("words", &link.fingerprint)]));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_row_and_what_there_is_to_say_of_it() {
        let mut link = Linked {
            name: "b".into(),
            own_name: "kampus-b".into(),
            address: Some("127.0.0.1:8890".into()),
            state: "linked".into(),
            queued: 3,
            last_contact_at: Some("2026-01-02T03:04:05.678901Z".into()),
            next_try_at: None,
            error: Some("no_connection".into()),
            fingerprint: "babab dabab".into(),
        };
        let said = text(std::slice::from_ref(&link), Lang::En);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(
            lines[..3],
            [
                "NAME  ADDRESS         STATE        QUEUE  LAST CONTACT          NEXT TRY",
                "b     127.0.0.1:8890  unreachable      3  2026-01-02T03:04:05Z  -",
                "  It calls itself kampus-b.",
            ]
        );
        assert!(lines[3].contains("Nobody takes connections at 127.0.0.1:8890"), "{}", lines[3]);
        assert_eq!(lines[4..], ["  Words of the link: babab dabab"]);
        link.state = "waiting".into();
        let said = text(std::slice::from_ref(&link), Lang::Id);
        assert!(
            said.contains("  menunggu  ")
                && said.contains("kabar realm accept b")
                && !said.contains("8890:"),
            "{said}"
        );
        assert!(json(&[link]).unwrap().starts_with(r#"{"schema":1,"realms":[{"name":"b""#));
    }
}
