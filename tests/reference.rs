//! The pages for people tell the truth about numbers: `docs/operating.md` shows the settings and their
//! defaults as the program prints them, and `docs/limits.md` has every limit of the sources with its
//! value. `UPDATE=1` writes the settings anew; read the difference before you commit it.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The settings that are in force where nothing is set.
fn defaults() -> String {
    let printed = Command::new(env!("CARGO_BIN_EXE_kabar"))
        .args(["config", "print"])
        .env_clear()
        .output()
        .unwrap();
    assert!(printed.status.success());
    String::from_utf8(printed.stdout).unwrap()
}

/// Each setting as `section.key`, with its default.
fn settings() -> BTreeMap<String, Value> {
    let sections: Table = defaults().parse().unwrap();
    let keys = |(section, keys): (String, Value)| {
        let keys = keys.as_table().unwrap().clone();
        keys.into_iter().map(move |(key, value)| (format!("{section}.{key}"), value))
    };
    sections.into_iter().flat_map(keys).collect()
}

#[test]
fn the_page_for_operators_shows_every_setting() {
    let path = root().join("docs/operating.md");
    let page = fs::read_to_string(&path).unwrap();
    let (start, end) = ("<!-- settings -->\n", "<!-- /settings -->\n");
    let [start, end] = [page.find(start).unwrap() + start.len(), page.find(end).unwrap()];
    let block = format!("```toml\n{}```\n", defaults());
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::write(&path, format!("{}{block}{}", &page[..start], &page[end..])).unwrap();
    } else {
        assert_eq!(&page[start..end], block, "UPDATE=1 writes the settings anew");
    }
    for setting in settings().keys() {
        assert!(page.contains(&format!("\n| `{setting}` | ")), "{setting} is not explained");
    }
}

/// The limits of the page: what is written in the column for the number, by the column for the place.
fn limits() -> BTreeMap<String, String> {
    let page = fs::read_to_string(root().join("docs/limits.md")).unwrap();
    let cells = page.lines().filter(|line| line.ends_with("` |")).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        (cells[3].replace('`', ""), cells[1].to_owned())
    });
    cells.collect()
}

#[test]
fn the_page_of_limits_has_the_values_of_the_sources() {
    let settings = settings();
    for (place, told) in limits() {
        let value = match place.split_once(' ') {
            None => settings[&place].as_integer().unwrap().unsigned_abs() * unit(&place),
            Some((file, name)) => {
                let source = fs::read_to_string(root().join("crates").join(file)).unwrap();
                let declared = source.split_once(&format!("const {name}: "));
                let after = declared.unwrap_or_else(|| panic!("{place}: no such constant")).1;
                let expression = after.split_once(" = ").unwrap().1.split_once(';').unwrap().0;
                computed(expression) * unit(name)
            }
        };
        assert_eq!(value, read(&told), "{place} is told as {told}");
    }
}

#[test]
fn the_page_of_limits_names_every_limit_of_the_sources() {
    let limits = limits();
    let mut files = vec![root().join("crates")];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            // The load generator and the contract tests set no limits for anybody.
            let skipped = ["bench", "tests", "testing", "contract"];
            if !skipped.iter().any(|name| path.ends_with(name)) {
                files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            }
            continue;
        }
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let file = path.strip_prefix(root().join("crates")).unwrap().display();
        for name in source.lines().filter_map(constant).filter(|name| name.ends_with("_MAX")) {
            assert!(limits.contains_key(&format!("{file} {name}")), "{file} {name} is missing");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

/// The name of the constant that a line declares.
fn constant(line: &str) -> Option<&str> {
    Some(line.split_once("const ")?.1.split_once(": ")?.0)
}

/// The value of a constant such as `64 * 1024` or `Duration::from_mins(1)`; times in milliseconds.
fn computed(expression: &str) -> u64 {
    if let Some((kind, number)) = expression.split_once('(') {
        let millis = match kind {
            "Duration::from_millis" => 1,
            "Duration::from_secs" => 1_000,
            "Duration::from_mins" => 60_000,
            other => panic!("{other}"),
        };
        return millis * computed(number.trim_end_matches(')'));
    }
    expression.split(" * ").map(|factor| factor.replace('_', "").parse::<u64>().unwrap()).product()
}

/// What a value with this name is counted in, times in milliseconds.
fn unit(name: &str) -> u64 {
    let words: Vec<&str> = name.split(['_', '.']).collect();
    let units = [("SECS", 1_000), ("minutes", 60_000), ("days", 24 * 60 * 60_000)];
    units.iter().find(|(word, _)| words.contains(word)).map_or(1, |(_, unit)| *unit)
}

/// The value of a text such as `64 KiB`, `10 min` or `1,000 messages`.
fn read(told: &str) -> u64 {
    let (number, unit) = told.split_once(' ').unwrap();
    let unit = match unit {
        "KiB" => 1_024,
        "MiB" => 1_024 * 1_024,
        "s" => 1_000,
        "min" => 60_000,
        "days" => 24 * 60 * 60_000,
        // Milliseconds, and things that are counted.
        _ => 1,
    };
    number.replace(',', "").parse::<u64>().unwrap() * unit
}
