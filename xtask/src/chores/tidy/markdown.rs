//! As much of Markdown as is needed to check links: where links point, and which anchors a page
//! offers. Headings are those that begin with `#`.

use std::collections::{BTreeMap, BTreeSet};

/// Targets of links and images with the number of their line; code is passed over.
pub(super) fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(line);
        let inline = line.split("](").skip(1).filter_map(|rest| destination(rest, ')'));
        let attributes = ["href=\"", "src=\""]
            .into_iter()
            .flat_map(|start| line.split(start).skip(1))
            .filter_map(|rest| rest.split_once('"').map(|(target, _)| target.to_owned()));
        found.extend(inline.chain(attributes).chain(definition(&line)).map(|to| (number, to)));
    }
    found
}

/// Anchors as the usual forges make them of headings, and those written as `id="…"`.
pub(super) fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (_, line) in prose(text) {
        let ids = ["id=\"", "name=\""].into_iter().flat_map(|start| line.split(start).skip(1));
        found.extend(ids.filter_map(|rest| rest.split_once('"')).map(|(id, _)| id.to_owned()));
        let Some(heading) = heading(line) else {
            continue;
        };
        let slug = slug(heading);
        let times = seen.entry(slug.clone()).or_default();
        found.insert(if *times == 0 { slug } else { format!("{slug}-{times}") });
        *times += 1;
    }
    found
}

/// The lines outside fenced blocks of code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence = None;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, None) => return Some((at + 1, line)),
            (None, Some(_)) => fence = mark,
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
        }
        None
    })
}

/// The line with its `code` taken out; a backtick without a partner stays.
fn without_code(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        let ticks = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        let (fence, after) = rest[at..].split_at(ticks);
        kept.push_str(&rest[..at]);
        rest = after.split_once(fence).map_or(after, |(_, behind)| behind);
    }
    kept + rest
}

/// The destination at the start of the text: `<in angles>`, or up to white space or the closing
/// mark, with parentheses inside it in pairs.
fn destination(text: &str, close: char) -> Option<String> {
    let text = text.trim_start();
    if let Some(angled) = text.strip_prefix('<') {
        return angled.split_once('>').map(|(target, _)| target.to_owned());
    }
    let mut open = 0_usize;
    let end = text.find(|c: char| {
        if c == '(' {
            open += 1;
        }
        let closes = c == close && open == 0;
        if c == ')' {
            open = open.saturating_sub(1);
        }
        closes || c.is_whitespace()
    });
    end.map(|end| text[..end].to_owned())
}

/// The target of a line such as `[label]: target`. Footnotes (`[^1]: …`) are text.
fn definition(line: &str) -> Option<String> {
    let (label, rest) = line.trim_start().strip_prefix('[')?.split_once("]: ")?;
    if label.starts_with('^') || label.contains(']') {
        return None;
    }
    let words = format!("{} ", rest.trim());
    destination(&words, ' ').filter(|target| !target.is_empty())
}

fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    let depth = line.len() - rest.len();
    let text = rest.strip_prefix(' ')?;
    (1..=6).contains(&depth).then(|| text.trim().trim_end_matches('#').trim_end())
}

/// Letters in lower case, digits, `-` and `_` stay, a space becomes `-`, the rest goes; of a
/// link in the heading only its words count.
fn slug(heading: &str) -> String {
    let mut words = String::new();
    let mut rest = heading;
    while let Some((before, after)) = rest.split_once("](") {
        words += before;
        rest = after.split_once(')').map_or("", |(_, behind)| behind);
    }
    words += rest;
    let kept = words.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_and_code_is_not() {
        for (text, wanted) in [
            ("see [a](b.md) and ![c](d.png \"title\")", vec!["b.md", "d.png"]),
            ("[a](<b c.md>) [x](y_(z).md)", vec!["b c.md", "y_(z).md"]),
            ("[label]: ../a.md\n  [two]: b.md \"title\"", vec!["../a.md", "b.md"]),
            ("<img src=\"a.png\"> <a href=\"b.md\">b</a>", vec!["b.md", "a.png"]),
            ("`[a](b)` ``[c`](d)`` ` [e](f)", vec!["f"]),
            ("```\n[a](b)\n~~~\n[a](b)\n```\n[c](d)", vec!["d"]),
            ("[^1]: a note; [ ] a box; [a] (b)", vec![]),
        ] {
            let found: Vec<String> = targets(text).into_iter().map(|(_, to)| to).collect();
            assert_eq!(found, wanted, "{text}");
        }
        assert_eq!(targets("a\n[b](c)")[0].0, 2);
    }

    #[test]
    fn anchors_are_made_of_headings() {
        let text = "# Hello, World!\n## `kabar run` — quickly\n## Same\n### Same ##\n\
                    #no\n```\n# code\n```\n<a id=\"own\"></a>\n# A [link](x.md) é_1\n";
        let wanted = ["hello-world", "kabar-run--quickly", "same", "same-1", "own", "a-link-é_1"];
        assert_eq!(anchors(text), wanted.into_iter().map(str::to_owned).collect());
    }
}
