//! What was found, for people and for programs.

use std::collections::BTreeMap;

use anyhow::Result;
use kabar_catalogue::Lang;
use serde::Serialize;

use crate::text::Text;

/// The version of the document's form.
const SCHEMA: u32 = 1;

/// How it is with one thing that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Well,
    Wrong,
    /// There was nothing to look at, or it was not come to.
    Skipped,
}

impl State {
    fn mark(self) -> char {
        match self {
            Self::Well => '✓',
            Self::Wrong => '✗',
            Self::Skipped => '–',
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) step: String,
    pub(super) state: State,
    /// What was found, for programs.
    pub(super) code: &'static str,
    /// The same for people; of what is wrong: what happened, why, and what to do next.
    pub(super) words: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) values: BTreeMap<String, String>,
}

impl Finding {
    /// A thing on this machine.
    pub(super) fn new(step: &str, state: State, code: &'static str, words: String) -> Self {
        Self { step: step.to_owned(), state, code, words, values: BTreeMap::new() }
    }
}

/// A link that was looked into.
#[derive(Debug, Serialize)]
pub(super) struct Looked {
    pub(super) name: String,
    pub(super) address: Option<String>,
    pub(super) checks: Vec<Finding>,
}

/// All that was found.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) checks: Vec<Finding>,
    pub(super) links: Vec<Looked>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    well: bool,
    checks: &'a [Finding],
    realms: &'a [Looked],
}

impl Report {
    /// Whether nothing is wrong.
    pub(super) fn is_well(&self) -> bool {
        let links = self.links.iter().flat_map(|link| &link.checks);
        self.checks.iter().chain(links).all(|finding| finding.state != State::Wrong)
    }

    /// One JSON document.
    pub(super) fn json(&self) -> Result<String> {
        let (checks, realms) = (&self.checks[..], &self.links[..]);
        let document = Document { schema: SCHEMA, well: self.is_well(), checks, realms };
        Ok(serde_json::to_string(&document)? + "\n")
    }

    /// A line each.
    pub(super) fn text(&self, lang: Lang) -> String {
        let mut said = lines(&self.checks, "");
        for link in &self.links {
            let address = link.address.as_deref().unwrap_or("-");
            said = said + &link.name + "  " + address + "\n" + &lines(&link.checks, "  ");
        }
        if said.is_empty() { Text::NoRealms.say(lang, &[]) + "\n" } else { said }
    }
}

fn lines(findings: &[Finding], indent: &str) -> String {
    let width = findings.iter().map(|finding| finding.step.chars().count()).max().unwrap_or(0);
    let lines = findings.iter().map(|Finding { step, state, words, .. }| {
        let line = format!("{indent}{} {step:width$}  {words}", state.mark());
        format!("{}\n", line.trim_end())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_that_is_wrong_makes_the_whole_wrong_and_what_was_skipped_does_not() {
        let finding = |state, words: &str| Finding::new("echo", state, "x", words.to_owned());
        let checks = vec![finding(State::Well, "3 ms"), finding(State::Skipped, "")];
        let looked = Looked { name: "b".into(), address: None, checks };
        let mut report = Report { checks: Vec::new(), links: vec![looked] };
        assert!(report.is_well());
        assert_eq!(report.text(Lang::En), "b  -\n  ✓ echo  3 ms\n  – echo\n");
        report.checks.push(finding(State::Wrong, "Why. What next."));
        assert!(!report.is_well());
        assert!(report.text(Lang::En).starts_with("✗ echo  Why. What next.\nb  -\n"));
        assert!(report.json().unwrap().starts_with(r#"{"schema":1,"well":false,"checks":[{"#));
    }
}
