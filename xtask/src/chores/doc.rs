//! `cargo xtask doc`: the docs of every crate build, and no link in them is broken.

use std::path::Path;

use anyhow::Result;

use crate::chore::Chore;
use crate::command::{cargo, run};

pub(crate) const CHORE: Chore = Chore {
    name: "doc",
    arguments: "",
    summary: "the docs build without warnings",
    run: |root, _| doc(root),
};

fn doc(root: &Path) -> Result<()> {
    run(
        cargo(root, &["doc", "--workspace", "--no-deps", "--locked"])
            .env_remove("CARGO_ENCODED_RUSTDOCFLAGS")
            .env("RUSTDOCFLAGS", "-D warnings"),
        "repair the doc comment or the link shown above",
    )
}
