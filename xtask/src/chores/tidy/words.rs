//! The repository speaks of the product alone: not of where its text came from, nor of the list
//! of tasks it was made from.

use super::files::File;

/// Each word in two parts, so that this file does not hold it whole.
const UNWANTED: &[(&str, &str)] =
    &[("chat", "gpt"), ("clau", "de"), ("copi", "lot"), ("as an", " ai"), ("issue", " #")];

/// No unwanted word is in a file or in its name, in any case, unless as a part of a longer word.
pub(super) fn product_alone(files: &[File]) -> Vec<String> {
    let unwanted: Vec<String> = UNWANTED.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut found = Vec::new();
    for file in files {
        let places = file.lines().map(|(number, line)| (format!("{}:{number}", file.path), line));
        for (place, line) in places.chain([(file.path.clone(), file.path.as_str())]) {
            let line = line.to_ascii_lowercase();
            let held = unwanted.iter().filter(|word| holds(&line, word));
            found.extend(held.map(|word| format!("{place}: says `{word}`")));
        }
    }
    found
}

fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let starts = !line[..at].ends_with(char::is_alphanumeric);
        let after = &line[at + word.len()..];
        let ends = word.ends_with('#') || !after.starts_with(char::is_alphanumeric);
        starts && ends
    })
}

#[cfg(test)]
mod tests {
    use super::super::files::planted;
    use super::*;

    #[test]
    fn unwanted_words_are_found_in_files_and_in_their_names() {
        for (a, b) in UNWANTED {
            let word = format!("{a}{b}");
            for said in [word.clone(), word.to_uppercase(), format!("see {word}1, {word}, x")] {
                let found = product_alone(&[planted("a.md", &format!("Plain.\n{said}\n"))]);
                assert_eq!(found, [format!("a.md:2: says `{word}`")], "{said}");
            }
        }
        let name = format!("docs/{}{}.md", UNWANTED[1].0, UNWANTED[1].1);
        assert_eq!(product_alone(&[planted(&name, "Plain.\n")]).len(), 1);
    }

    #[test]
    fn longer_words_are_not_meant() {
        let text = "as an aid; tissue # 1; an issue; chat; gpt\n";
        assert_eq!(product_alone(&[planted("a.md", text)]).len(), 0);
    }
}
