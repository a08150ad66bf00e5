//! `cargo xtask cluster`: what are many nodes like? Three of them on this machine, until Ctrl-C.

use std::path::Path;

use anyhow::Result;

use super::prepare;
use crate::chore::Chore;
use crate::command::{cargo, run};

pub(crate) const CHORE: Chore = Chore {
    name: "cluster",
    arguments: "",
    summary: "three nodes of one realm on this machine, with PostgreSQL and all, until Ctrl-C",
    run: |root, _| cluster(root),
};

fn cluster(root: &Path) -> Result<()> {
    prepare::prepare_nodes()?;
    let next = "the compiler says above what is wrong";
    run(&mut cargo(root, &["build", "--release", "-p", "kabar"]), next)?;
    let nodes = ["run", "--release", "-p", "kabar-testbed", "--example", "cluster"];
    run(&mut cargo(root, &nodes), "what ended it stands above")
}
