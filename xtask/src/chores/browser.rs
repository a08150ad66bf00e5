//! `cargo xtask browser`: the web app in a browser, in front of the real server.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::chore::Chore;
use crate::command::{cargo, output, run};

pub(crate) const CHORE: Chore = Chore {
    name: "browser",
    arguments: "",
    summary: "the web app in a browser, in front of the server",
    run: |root, _| browser(root),
};

/// Test files at a time; each has a browser and servers of its own.
const FILES_AT_A_TIME: &str = "--test-concurrency=2";
/// The tests that measure the page's work: nothing else runs beside them.
const MEASURES: &str = "long.test.mjs";
/// In milliseconds: how long the tests of one file may take.
const FILE_MAX: &str = "--test-timeout=300000";

fn browser(root: &Path) -> Result<()> {
    let web = root.join("web");
    packages(&web)?;
    types(&web)?;
    vendored(&web)?;
    let program = server(root)?;
    let tests = tests_in(&web.join("tests/browser"))?;
    let (alone, others): (Vec<_>, Vec<_>) =
        tests.into_iter().partition(|test| test.ends_with(MEASURES));
    let node = |files_at_a_time: &str, tests: &[PathBuf]| {
        run(
            Command::new("node")
                .current_dir(&web)
                .env("KABAR_BIN", &program)
                .args(["--test", "--test-reporter=spec", files_at_a_time, FILE_MAX])
                .args(tests),
            "`WEB_DIR=. node --test FILE` in the directory web runs one file alone, the app from the disk",
        )
    };
    for tests in [others, alone] {
        if node(FILES_AT_A_TIME, &tests).is_err() {
            // What fails beside others and not by itself was the machine; a fault fails twice.
            eprintln!("once more, one file at a time");
            node("--test-concurrency=1", &tests)?;
        }
    }
    Ok(())
}

/// What the tests need and the product does not: installed when missing or older than the list of it.
pub(super) fn packages(web: &Path) -> Result<()> {
    let changed = |file: &str| fs::metadata(web.join(file)).and_then(|data| data.modified()).ok();
    // npm writes this one last.
    let installed = changed("node_modules/.package-lock.json");
    if installed.is_some() && installed >= changed("package-lock.json") {
        return Ok(());
    }
    run(
        Command::new("npm").current_dir(web).args(["ci", "--no-audit", "--no-fund"]),
        "see what npm says above; is there a network?",
    )
}

/// The types of the app, from its comments.
fn types(web: &Path) -> Result<()> {
    run(
        Command::new(web.join("node_modules/.bin/tsc")).current_dir(web).args(["-p", "."]),
        "mend the types; `npx tsc -p .` in the directory web checks again",
    )
}

/// The one file by others is what its sources make.
fn vendored(web: &Path) -> Result<()> {
    let next = "`npm run vendor` in the directory web makes it anew; say so in VENDOR.md";
    let made = output(
        Command::new(web.join("node_modules/.bin/esbuild")).current_dir(web).args([
            "vendor-src.js",
            "--bundle",
            "--format=esm",
            "--minify",
            "--legal-comments=none",
        ]),
        next,
    )?;
    let kept = fs::read(web.join("vendor/preact.js")).context("web/vendor/preact.js")?;
    if made != kept {
        bail!("web/vendor/preact.js is not what the packages make\nnext: {next}");
    }
    Ok(())
}

/// The server, built; where it lies.
pub(super) fn server(root: &Path) -> Result<PathBuf> {
    run(&mut cargo(root, &["build", "--package", "kabar", "--locked"]), "mend the server first")?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(root.join(target).join("debug/kabar"))
}

/// The files with tests, in order.
fn tests_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_are_found_and_what_helps_them_is_not() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let files = tests_in(&root.join("web/tests/browser")).unwrap();
        assert!(files.iter().any(|file| file.ends_with("sending.test.mjs")));
        assert!(!files.iter().any(|file| file.ends_with("harness.mjs")));
        assert!(tests_in(&root.join("no-such-directory")).is_err());
    }
}
