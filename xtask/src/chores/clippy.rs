//! `cargo xtask clippy`: no warning from the compiler or from clippy, tests included.

use std::path::Path;

use anyhow::Result;

use crate::chore::Chore;
use crate::command::{cargo, run};

pub(crate) const CHORE: Chore =
    Chore { name: "clippy", arguments: "", summary: "no warnings", run: |root, _| clippy(root) };

fn clippy(root: &Path) -> Result<()> {
    let words = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    run(
        &mut cargo(root, &words),
        "repair what is shown above; a lint is relaxed only with its reason beside it",
    )
}
