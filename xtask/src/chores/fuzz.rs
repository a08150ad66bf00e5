//! `cargo xtask fuzz`: arbitrary bytes into the readers of strangers' input. The targets are
//! built with stable Rust: the flags below are what coverage guidance needs of the compiler.
//!
//! A new target is a file in `fuzz/src/bin` and at least one seed in `fuzz/corpus/<name>`.

mod request;
mod run;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::chore::Chore;
use crate::command::{cargo, output, run as run_command};
use request::Request;

pub(crate) const CHORE: Chore = Chore {
    name: "fuzz",
    arguments: "[TARGET] [--seconds N]",
    summary: "each fuzz target for a short time, or one for longer",
    run: fuzz,
};

const COVERAGE_FLAGS: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

fn fuzz(root: &Path, arguments: &[String]) -> Result<()> {
    let known = targets(root)?;
    let request = Request::parse(arguments, &known)?;
    let programs = build(root)?;
    for target in &request.targets {
        run::run(root, &programs.join(target), target, request.secs)?;
    }
    Ok(())
}

/// The names of the targets, sorted: one file each.
fn targets(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("fuzz/src/bin");
    let entries = fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        if path.extension().is_some_and(|end| end == "rs") {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        bail!("no fuzz target in {}", folder.display());
    }
    names.sort();
    Ok(names)
}

/// Builds all targets and says in which folder they are.
fn build(root: &Path) -> Result<PathBuf> {
    let host = host()?;
    let folder = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("fuzz/target"), |own| root.join(own).join("fuzz"));
    let words = ["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml"];
    // With a target named, the flags do not apply to build scripts, which could not be linked.
    run_command(
        cargo(root, &words)
            .args(["--target", &host, "--target-dir"])
            .arg(&folder)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTFLAGS", COVERAGE_FLAGS),
        "repair what is shown above; when the lock file is behind, \
         `cargo update --workspace --manifest-path fuzz/Cargo.toml`",
    )?;
    Ok(folder.join(host).join("release"))
}

/// The kind of machine the compiler runs on, such as `x86_64-unknown-linux-gnu`.
fn host() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = output(Command::new(rustc).arg("-vV"), "is Rust installed?")?;
    let said = String::from_utf8_lossy(&said);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds() {
        let root = crate::root();
        for target in targets(&root).unwrap() {
            let seeds = root.join("fuzz/corpus").join(&target);
            assert!(fs::read_dir(seeds).is_ok_and(|mut seeds| seeds.next().is_some()), "{target}");
        }
    }

    #[test]
    fn a_folder_without_targets_is_refused() {
        assert!(targets(Path::new("/nonexistent")).is_err());
    }
}
