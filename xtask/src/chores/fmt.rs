//! `cargo xtask fmt`: is every file formatted, those of the fuzz targets included?

use std::path::Path;

use anyhow::Result;

use crate::chore::Chore;
use crate::command::{cargo, run};

pub(crate) const CHORE: Chore = Chore {
    name: "fmt",
    arguments: "",
    summary: "sources are formatted",
    run: |root, _| fmt(root),
};

fn fmt(root: &Path) -> Result<()> {
    run(&mut cargo(root, &["fmt", "--all", "--check"]), "`cargo fmt --all` formats the files")?;
    // The fuzz targets are a workspace apart, which `--all` does not reach.
    run(
        &mut cargo(root, &["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]),
        "`cargo fmt --manifest-path fuzz/Cargo.toml` formats the files",
    )
}
