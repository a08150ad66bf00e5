//! `cargo xtask web`: the web app's modules that know no browser do what they should.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::chore::Chore;
use crate::command::run;

pub(crate) const CHORE: Chore = Chore {
    name: "web",
    arguments: "",
    summary: "the web app's modules pass their tests",
    run: |root, _| web(root),
};

fn web(root: &Path) -> Result<()> {
    run(
        Command::new("node").current_dir(root.join("web")).args(["--test", "tests/unit/"]),
        "`node --test FILE` in the directory web runs one file alone",
    )
}
