//! Which chores keep the repository healthy, and in which order are they run?
//! `cargo xtask test` runs what CI runs, no more and no less. This crate knows files, cargo and
//! the tools around it; it never uses a crate of the product, so it builds when they do not.

mod chore;
mod chores;
mod command;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

use chore::Chore;
use chores::{
    browser, check, clippy, cluster, doc, fmt, fuzz, prepare, screens, test, tests, tidy, web,
};

/// Everything that can be asked for. A new chore is one file in `chores` and its row here; if CI
/// shall run it too, also a row in [`test::STEPS`].
const CHORES: &[Chore] = &[
    test::CHORE,
    check::CHORE,
    prepare::CHORE,
    fmt::CHORE,
    clippy::CHORE,
    tidy::CHORE,
    tests::CHORE,
    web::CHORE,
    browser::CHORE,
    screens::CHORE,
    cluster::CHORE,
    doc::CHORE,
    fuzz::CHORE,
];

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match dispatch(&root(), &words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(root: &Path, words: &[String]) -> Result<()> {
    let Some((name, arguments)) = words.split_first() else {
        print!("{}", help());
        return Ok(());
    };
    if ["help", "--help", "-h"].contains(&name.as_str()) {
        print!("{}", help());
        return Ok(());
    }
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        bail!("there is no chore `{name}`; `cargo xtask help` lists them");
    };
    if chore.arguments.is_empty() && !arguments.is_empty() {
        bail!("`cargo xtask {name}` takes no arguments");
    }
    (chore.run)(root, arguments)
}

fn help() -> String {
    use std::fmt::Write as _;

    let usage = |chore: &Chore| format!("{} {}", chore.name, chore.arguments);
    let width = CHORES.iter().map(|c| usage(c).len()).max().unwrap_or(0);
    let mut text = String::from("cargo xtask CHORE\n\n");
    for chore in CHORES {
        writeln!(text, "  {:width$}  {}", usage(chore), chore.summary)
            .expect("writing to a String cannot fail");
    }
    text
}

/// Where the repository is: cargo says where this crate is when it runs it.
fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

#[cfg(test)]
mod table {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn help_lists_every_chore_once() {
        for chore in CHORES {
            let rows =
                help().lines().filter(|row| row.trim().starts_with(&row_start(chore))).count();
            assert_eq!(rows, 1, "{}", chore.name);
        }
    }

    fn row_start(chore: &Chore) -> String {
        format!("{} ", chore.name)
    }

    #[test]
    fn every_step_of_ci_can_be_run_alone() {
        for step in test::STEPS {
            assert!(CHORES.iter().any(|chore| chore.name == step.name), "{}", step.name);
        }
    }

    #[test]
    fn unknown_chores_and_unwanted_arguments_are_refused() {
        let refusal = |line| format!("{:#}", dispatch(&root(), &words(line)).unwrap_err());
        assert!(refusal("tidyy").contains("no chore `tidyy`"));
        assert!(refusal("tidy now").contains("takes no arguments"));
        assert!(dispatch(&root(), &words("help")).is_ok());
    }
}
