//! `cargo xtask check`: the quick part of what CI runs, for use while editing.

use crate::chore::{Chore, in_order};
use crate::chores::{clippy, fmt, tidy};

pub(crate) const CHORE: Chore = Chore {
    name: "check",
    arguments: "",
    summary: "the quick steps only: fmt, clippy, tidy",
    run: |root, _| in_order(root, &[fmt::CHORE, clippy::CHORE, tidy::CHORE]),
};
