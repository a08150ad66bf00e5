//! Links between the pages of this repository lead somewhere: the file is there, and so is the
//! anchor. Links to the outside are not followed.

use std::collections::BTreeSet;

use super::files::File;
use super::markdown::{anchors, targets as targets_of};

/// Every relative link in a Markdown file has its file and its anchor.
pub(super) fn targets(files: &[File]) -> Vec<String> {
    let paths = paths(files);
    let mut found = Vec::new();
    for page in files.iter().filter(|file| file.extension() == "md") {
        for (number, link) in targets_of(page.text.as_deref().unwrap_or("")) {
            if let Some(fault) = fault(&page.path, &link, &paths, files) {
                found.push(format!("{}:{number}: the link `{link}`: {fault}", page.path));
            }
        }
    }
    found
}

/// Every file and every folder.
fn paths(files: &[File]) -> BTreeSet<&str> {
    let mut paths = BTreeSet::from([""]);
    for file in files {
        let ends = file.path.match_indices('/').map(|(at, _)| at);
        paths.extend(ends.map(|end| &file.path[..end]));
        paths.insert(&file.path);
    }
    paths
}

fn fault(page: &str, link: &str, paths: &BTreeSet<&str>, files: &[File]) -> Option<String> {
    if leads_outside(link) {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let Some(path) = resolve(page, path) else {
        return Some("it leaves the repository".to_owned());
    };
    if !paths.contains(path.as_str()) {
        return Some(format!("there is no {path}"));
    }
    let target = files.iter().find(|file| file.path == path && file.extension() == "md")?;
    if anchor.is_empty() {
        return None;
    }
    let known = anchors(target.text.as_deref().unwrap_or(""));
    (!known.contains(anchor)).then(|| format!("{path} has no heading for `#{anchor}`"))
}

/// Whether the link has a scheme such as `https:`, or names a host as `//host` does.
fn leads_outside(link: &str) -> bool {
    let scheme = link.split_once(':').is_some_and(|(start, _)| {
        start.starts_with(|c: char| c.is_ascii_alphabetic())
            && start.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    scheme || link.starts_with("//")
}

/// The path from the root, or nothing when the link leaves the repository. A path that begins
/// with `/` starts at the root; an empty one is the page itself.
fn resolve(page: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(page.to_owned());
    }
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let base = if path.starts_with('/') { "" } else { folder };
    let mut names: Vec<&str> = Vec::new();
    for name in base.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::files::planted;
    use super::*;

    /// What is said of one link in `docs/a.md`, next to `docs/b.md` and below `README.md`.
    fn said(link: &str) -> String {
        let page = format!("# Own part\n\nsee [this]({link})\n");
        let files = [
            planted("README.md", "# Kabar\n"),
            planted("docs/a.md", &page),
            planted("docs/b.md", "## How to start\n"),
            planted("src/x.rs", "//! X.\n"),
        ];
        targets(&files).join("; ")
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        for link in [
            "b.md",
            "./b.md",
            "../README.md",
            "/README.md",
            "..",
            "../docs/",
            "#own-part",
            "b.md#how-to-start",
            "../src/x.rs#L1",
            "https://example.org/x.md#y",
            "mailto:ops@example.org",
        ] {
            assert_eq!(said(link), "", "{link}");
        }
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for (link, why) in [
            ("c.md", "there is no docs/c.md"),
            ("README.md", "there is no docs/README.md"),
            ("../../x.md", "leaves the repository"),
            ("#other-part", "docs/a.md has no heading for `#other-part`"),
            ("b.md#How-to-start", "docs/b.md has no heading"),
        ] {
            let said = said(link);
            assert!(said.starts_with("docs/a.md:3: ") && said.contains(why), "{said}");
        }
    }
}
