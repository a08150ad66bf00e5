//! `cargo xtask tidy`: the rules of this repository that no ready-made tool knows. Each check is
//! a function from the files to its findings, and has a test on a planted violation.

mod addresses;
mod arrows;
mod catalogues;
mod files;
mod ignored;
mod links;
mod markdown;
mod shape;
mod text;
mod words;

use std::path::Path;

use anyhow::{Result, bail};

use crate::chore::Chore;
use files::File;

pub(crate) const CHORE: Chore = Chore {
    name: "tidy",
    arguments: "",
    summary: "crate arrows, file shape, catalogues, links, wording, addresses",
    run: |root, _| tidy(root),
};

/// A finding names the place, what is wrong there and, where it is not plain, what to do.
type Check = fn(&[File]) -> Vec<String>;

const CHECKS: &[Check] = &[
    shape::headers,
    shape::lengths,
    text::unfinished,
    text::white_space,
    catalogues::agreement,
    links::targets,
    words::product_alone,
    addresses::harmless,
];

fn tidy(root: &Path) -> Result<()> {
    let files = files::read(root)?;
    let mut findings = arrows::of_the_workspace(root)?;
    findings.extend(CHECKS.iter().flat_map(|check| check(&files)));
    // A line can hold the same mistake twice.
    findings.dedup();
    if findings.is_empty() {
        return Ok(());
    }
    bail!(
        "findings: {}\n  {}\nnext: repair these, or change the rule in xtask/src/chores/tidy \
         together with its reason",
        findings.len(),
        findings.join("\n  ")
    );
}

#[cfg(test)]
mod rules {
    use super::*;

    #[test]
    fn a_repository_without_files_has_no_findings() {
        assert_eq!(CHECKS.iter().map(|check| check(&[]).len()).sum::<usize>(), 0);
    }
}
