//! `cargo xtask test`: everything CI runs.

use crate::chore::{Chore, in_order};
use crate::chores::{browser, clippy, doc, fmt, fuzz, prepare, tests, tidy, web};

pub(crate) const CHORE: Chore = Chore {
    name: "test",
    arguments: "",
    summary: "everything CI runs, step by step",
    run: |root, _| in_order(root, STEPS),
};

/// The order is from cheap to dear, so that the common mistakes are told early.
pub(crate) const STEPS: &[Chore] = &[
    prepare::CHORE,
    fmt::CHORE,
    clippy::CHORE,
    tidy::CHORE,
    web::CHORE,
    tests::CHORE,
    browser::CHORE,
    doc::CHORE,
    fuzz::CHORE,
];
