//! `cargo xtask screens`: pictures of the web app's pages for `docs/screens`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::browser::{packages, server};
use crate::chore::Chore;
use crate::command::run;

pub(crate) const CHORE: Chore = Chore {
    name: "screens",
    arguments: "",
    summary: "pictures of the web app's pages, into docs/screens",
    run: |root, _| screens(root),
};

fn screens(root: &Path) -> Result<()> {
    let web = root.join("web");
    packages(&web)?;
    let program = server(root)?;
    run(
        Command::new("node")
            .current_dir(&web)
            .env("KABAR_BIN", program)
            .arg("tests/screens.mjs")
            .arg(root.join("docs/screens")),
        "a page that changed its way or its selector has a row in web/tests/screens.mjs",
    )
}
