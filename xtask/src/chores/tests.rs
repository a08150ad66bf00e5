//! `cargo xtask tests`: the tests of every crate, examples in the docs included.

use std::path::Path;

use anyhow::Result;

use crate::chore::Chore;
use crate::command::{cargo, run};

pub(crate) const CHORE: Chore = Chore {
    name: "tests",
    arguments: "",
    summary: "the tests of every crate",
    run: |root, _| tests(root),
};

fn tests(root: &Path) -> Result<()> {
    // Plain `cargo test`: a fresh machine has no other runner.
    run(
        &mut cargo(root, &["test", "--workspace", "--locked"]),
        "`cargo test -p CRATE NAME` runs one failed test alone",
    )
}
