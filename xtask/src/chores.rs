//! One file for each chore.

pub(crate) mod browser;
pub(crate) mod check;
pub(crate) mod clippy;
pub(crate) mod cluster;
pub(crate) mod doc;
pub(crate) mod fmt;
pub(crate) mod fuzz;
pub(crate) mod prepare;
pub(crate) mod screens;
pub(crate) mod test;
pub(crate) mod tests;
pub(crate) mod tidy;
pub(crate) mod web;
