//! Which crate may use which? The whole answer is the table [`ALLOWED`]; an arrow that is not in
//! it is refused, also for tests.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{cargo, output};

/// Crate → crates it may use, without the `kabar-` in front. A `*` at the end stands for any
/// ending. The inside does not know the outside: read the rows from the bottom up.
const ALLOWED: &[(&str, &[&str])] = &[
    ("kabar", &["api", "blobs", "bus-*", "client", "dialect-*", "engine", "federation", "model"]),
    ("kabar", &["bench", "catalogue", "store-*", "tui", "wire"]),
    ("api", &["catalogue", "engine", "model"]),
    ("federation", &["engine", "model"]),
    ("dialect-*", &["engine", "model", "wire"]),
    ("store-*", &["engine", "model", "store-sql"]),
    ("bus-*", &["engine", "model"]),
    ("blobs", &["engine", "model"]),
    ("client", &["catalogue"]),
    ("tui", &["catalogue"]),
    ("engine", &["model"]),
    ("wire", &["model"]),
    ("model", &[]),
    ("bench", &[]),
    ("catalogue", &[]),
    ("testbed", &[]),
    ("xtask", &[]),
];

/// The same for tests alone: what is said over and of links to other realms is kept by a real store, and some need
/// real servers.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] = &[
    ("api", &["store-sqlite"]),
    ("kabar", &["testbed"]),
    ("blobs", &["testbed"]),
    ("bus-*", &["testbed"]),
    ("store-*", &["testbed"]),
    ("federation", &["store-postgres", "testbed"]),
];

/// Features that bring code for tests; only a dev-dependency may ask for them.
const TEST_FEATURES: &[&str] = &["testing"];

/// Asks cargo for the crates of the workspace and gives one finding for each wrong arrow.
pub(super) fn of_the_workspace(root: &Path) -> Result<Vec<String>> {
    let words = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let json = output(&mut cargo(root, &words), "repair the Cargo.toml named above")?;
    let metadata = serde_json::from_slice(&json).context("cargo metadata wrote bad JSON")?;
    findings(&metadata)
}

fn findings(metadata: &Value) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in list(metadata, "packages")? {
        let from = name(package)?;
        if !ALLOWED.iter().any(|(crates, _)| matches(crates, from)) {
            found.push(format!("crate {from}: has no row in the table of tidy/arrows.rs"));
            continue;
        }
        for dependency in list(package, "dependencies")? {
            // Only crates of this repository are found by path.
            if dependency["path"].is_string() {
                found.extend(judge(from, dependency)?);
            }
        }
    }
    Ok(found)
}

fn judge(from: &str, dependency: &Value) -> Result<Option<String>> {
    let to = name(dependency)?;
    let for_tests = dependency["kind"] == "dev";
    if for_tests && from == to {
        // How the tests of a crate ask for features of that crate.
        return Ok(None);
    }
    let in_tests = ALLOWED_IN_TESTS.iter().filter(|_| for_tests);
    let mut rows = ALLOWED.iter().chain(in_tests).filter(|(crates, _)| matches(crates, from));
    if !rows.any(|(_, uses)| uses.iter().any(|used| matches(used, to))) {
        return Ok(Some(format!(
            "{from} → {to}: not in the table of allowed arrows, tidy/arrows.rs"
        )));
    }
    let wrong = list(dependency, "features")?
        .iter()
        .filter_map(Value::as_str)
        .find(|feature| !for_tests && TEST_FEATURES.contains(feature));
    Ok(wrong.map(|feature| {
        format!("{from} → {to}: the feature `{feature}` is for dev-dependencies only")
    }))
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn name(package: &Value) -> Result<&str> {
    let name = package["name"].as_str().context("cargo metadata: a package without a name")?;
    Ok(name.strip_prefix("kabar-").unwrap_or(name))
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value[key].as_array().with_context(|| format!("cargo metadata: no list `{key}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What tidy says of one crate that uses one other.
    fn verdict(from: &str, kind: &Value, to: &str, features: &[&str]) -> String {
        let dependency = json!({ "name": to, "path": "x", "kind": kind, "features": features });
        let package = json!({ "name": from, "dependencies": [dependency] });
        findings(&json!({ "packages": [package] })).unwrap().join("; ")
    }

    #[test]
    fn arrows_of_the_table_pass_and_all_others_are_named() {
        for (from, to) in [
            ("kabar", "kabar-dialect-line"),
            ("kabar-dialect-line", "kabar-wire"),
            ("kabar-store-sqlite", "kabar-engine"),
            ("kabar-engine", "kabar-model"),
        ] {
            assert_eq!(verdict(from, &Value::Null, to, &[]), "", "{from} → {to}");
        }
        for (from, to) in [
            ("kabar-dialect-line", "kabar-store-sqlite"),
            ("kabar-dialect-line", "kabar-dialect-form"),
            ("kabar-store-sqlite", "kabar-api"),
            ("kabar-engine", "kabar-wire"),
            ("kabar-api", "kabar-wire"),
            ("kabar-model", "kabar-wire"),
            ("kabar-tui", "kabar-engine"),
            ("kabar-client", "kabar-engine"),
            ("kabar-bench", "kabar-model"),
            ("xtask", "kabar-model"),
            ("kabar", "xtask"),
        ] {
            for kind in [Value::Null, json!("dev"), json!("build")] {
                let short = |name: &str| name.replace("kabar-", "");
                let start = format!("{} → {}: not in the table", short(from), short(to));
                let said = verdict(from, &kind, to, &[]);
                assert!(said.starts_with(&start), "{said}");
            }
        }
    }

    #[test]
    fn code_for_tests_is_for_dev_dependencies_only() {
        let arrow =
            |kind: &Value| verdict("kabar-store-sqlite", kind, "kabar-engine", &["testing"]);
        assert_eq!(arrow(&json!("dev")), "");
        assert!(arrow(&Value::Null).contains("`testing` is for dev-dependencies only"));
    }

    #[test]
    fn a_crate_uses_itself_in_its_tests_only() {
        let arrow = |kind: &Value| verdict("kabar-engine", kind, "kabar-engine", &["testing"]);
        assert_eq!(arrow(&json!("dev")), "");
        assert!(arrow(&Value::Null).starts_with("engine → engine: not in the table"));
    }

    #[test]
    fn a_new_crate_needs_a_row_and_other_peoples_crates_do_not() {
        let package = |name: &str, dependencies: Value| {
            let package = json!({ "name": name, "dependencies": dependencies });
            findings(&json!({ "packages": [package] })).unwrap().join("; ")
        };
        assert!(package("kabar-new", json!([])).contains("new: has no row"));
        let registry = json!([{ "name": "bytes", "path": null, "kind": null, "features": [] }]);
        assert_eq!(package("kabar-model", registry), "");
    }
}
