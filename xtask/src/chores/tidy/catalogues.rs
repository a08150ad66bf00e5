//! Catalogues of texts for people agree: in every folder named `text`, each English file has an
//! Indonesian one with the same keys, and a text has the same `{placeholders}` in both.
//! A catalogue is lines of `key = "value"`, `# comments` and `[sections]`, as in TOML.

use std::collections::{BTreeMap, BTreeSet};

use super::files::File;

const LANGUAGES: [&str; 2] = ["en", "id"];

/// Key, with its section in front → names of its placeholders.
type Catalogue = BTreeMap<String, BTreeSet<String>>;

/// Every catalogue has its other language, and the two agree.
pub(super) fn agreement(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let Some((folder, language, ending)) = catalogue_name(&file.path) else {
            continue;
        };
        let other = if language == LANGUAGES[0] { LANGUAGES[1] } else { LANGUAGES[0] };
        let other_path = format!("{folder}/{other}.{ending}");
        let Some(other_file) = files.iter().find(|file| file.path == other_path) else {
            found.push(format!("{}: {other_path} is missing", file.path));
            continue;
        };
        let own = read(file, &mut found);
        // Findings about lines of the other file are told when it is its turn.
        let others = read(other_file, &mut Vec::new());
        found.extend(compare(&file.path, &own, &other_path, &others));
    }
    found
}

/// Folder, language and ending of a path such as `crates/client/text/en.toml`.
fn catalogue_name(path: &str) -> Option<(&str, &str, &str)> {
    let (folder, name) = path.rsplit_once('/')?;
    let (language, ending) = name.split_once('.')?;
    let is_text = folder == "text" || folder.ends_with("/text");
    (is_text && LANGUAGES.contains(&language)).then_some((folder, language, ending))
}

/// What the first lacks, and what both have with different placeholders (told once).
fn compare(path: &str, own: &Catalogue, other_path: &str, others: &Catalogue) -> Vec<String> {
    let mut found = Vec::new();
    for (key, wanted) in others {
        match own.get(key) {
            None => found.push(format!("{path}: no `{key}`, which {other_path} has")),
            Some(held) if held != wanted && path < other_path => found.push(format!(
                "{path}: `{key}` has the placeholders {held:?}, {other_path} has {wanted:?}"
            )),
            Some(_) => {}
        }
    }
    found
}

fn read(file: &File, found: &mut Vec<String>) -> Catalogue {
    let mut catalogue = Catalogue::new();
    let mut section = String::new();
    for (number, line) in file.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("{name}.");
            continue;
        }
        let Some((key, value)) = pair(line) else {
            found.push(format!("{}:{number}: not `key = \"value\"`", file.path));
            continue;
        };
        let key = format!("{section}{key}");
        if catalogue.insert(key.clone(), placeholders(value)).is_some() {
            found.push(format!("{}:{number}: `{key}` a second time", file.path));
        }
    }
    if catalogue.is_empty() {
        found.push(format!("{}: a catalogue without texts", file.path));
    }
    catalogue
}

fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim().trim_matches('"');
    let value = value.trim();
    let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    // Three quotes begin a text of several lines, which a catalogue does not hold.
    (quoted && !key.is_empty() && !value.starts_with("\"\"\"")).then_some((key, value))
}

/// The names between braces: `{name}` of letters, digits and `_`.
fn placeholders(value: &str) -> BTreeSet<String> {
    let names = value.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(n, _)| n);
    let is_name =
        |n: &&str| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    names.filter(is_name).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::files::planted;
    use super::*;

    /// What is said of two catalogues of one folder.
    fn said(english: &str, indonesian: &str) -> String {
        let en = planted("crates/a/text/en.toml", english);
        let id = planted("crates/a/text/id.toml", indonesian);
        agreement(&[en, id]).join("; ")
    }

    #[test]
    fn catalogues_with_the_same_keys_and_placeholders_pass() {
        let english = "# People.\nhi = \"Hi {name}, {n} new\"\n\n[lost]\nwhy = \"Lost.\"\n";
        assert_eq!(said(english, "[lost]\nwhy = \"Putus.\"\n").matches("no `hi`").count(), 1);
        assert_eq!(said(english, "hi = \"{n} baru, {name}\"\n[lost]\nwhy = \"Putus.\"\n"), "");
    }

    #[test]
    fn every_disagreement_is_told_once() {
        for (english, indonesian, why) in [
            ("a = \"x\"\nb = \"x\"", "a = \"x\"", "id.toml: no `b`"),
            ("a = \"x\"", "a = \"x\"\nb = \"x\"", "en.toml: no `b`"),
            ("a = \"{x}\"", "a = \"{y}\"", "`a` has the placeholders"),
            ("a = \"{x}\"", "a = \"x\"", "`a` has the placeholders"),
            ("a = \"x\"", "a = \"x\"\na = \"y\"", "id.toml:2: `a` a second time"),
            ("a = \"x\"", "a = \"x\"\nloose words", "id.toml:2: not `key"),
            ("a = \"x\"", "a = \"x\"\nb = \"\"\"", "id.toml:2: not `key"),
        ] {
            let said = said(english, indonesian);
            assert!(said.contains(why) && !said.contains("; "), "{said}");
        }
        assert!(said("", "").contains("without texts"));
    }

    #[test]
    fn a_catalogue_without_its_other_language_is_found() {
        let alone = |path| agreement(&[planted(path, "a = \"x\"\n")]).len();
        assert_eq!(alone("text/en.toml"), 1);
        assert_eq!(alone("a/text/id.toml"), 1);
        assert_eq!(alone("a/text/terms.toml"), 0);
        assert_eq!(alone("context/en.toml"), 0);
    }
}
