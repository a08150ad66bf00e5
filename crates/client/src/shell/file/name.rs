//! Names for files here and there. A name from a server is a stranger's words.

use crate::shell::shown;

/// What most file systems hold, less the room for a number.
const NAME_BYTES_MAX: usize = 240;

/// The name of a file whose name says nothing.
const NAMELESS: &str = "file";

/// Tried before giving up on a free name.
pub(super) const NAMES_MAX: u32 = 10_000;

/// One path component that is neither hidden nor special, whatever `name` is.
pub(in crate::shell) fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .map(|c| if shown::steers(c) || r#"<>:"|?*"#.contains(c) { '_' } else { c })
        .collect();
    let trimmed = plain.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    let (stem, ending) = parts(trimmed);
    let stem = shortened(stem, NAME_BYTES_MAX.saturating_sub(ending.len()));
    let name = shortened(&format!("{stem}{ending}"), NAME_BYTES_MAX).to_owned();
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

/// The `number`th choice for a name: `x.txt`, `x (1).txt`, `x (2).txt`, …
pub(in crate::shell) fn numbered(name: &str, number: u32) -> String {
    let (stem, ending) = parts(name);
    if number == 0 { name.to_owned() } else { format!("{stem} ({number}){ending}") }
}

/// A name as one word, for requests in which a space ends it.
pub(in crate::shell) fn one_word(name: &str) -> String {
    name.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }).collect()
}

/// A name and its ending with the dot.
fn parts(name: &str) -> (&str, &str) {
    name.rfind('.').filter(|at| *at > 0).map_or((name, ""), |at| name.split_at(at))
}

fn shortened(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_server_is_one_plain_component() {
        for (name, safe_name) in [
            ("x.txt", "x.txt"),
            ("laporan akhir é 世.tar.gz", "laporan akhir é 世.tar.gz"),
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            (r"C:\Users\x\a.txt", "a.txt"),
            ("c:a.txt", "c_a.txt"),
            (".bashrc", "bashrc"),
            ("... x", "x"),
            ("a\u{1b}[2J\n\u{202e}b", "a_[2J__b"),
            ("x. .", "x"),
            ("", "file"),
            ("..", "file"),
            ("a/", "file"),
            ("\0", "_"),
        ] {
            assert_eq!(safe(name), safe_name, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_is_shortened_and_keeps_its_ending() {
        let long = safe(&format!("{}.txt", "é".repeat(300)));
        assert!(long.len() <= NAME_BYTES_MAX && long.ends_with("é.txt"), "{long}");
        let ending = safe(&format!("x.{}", "é".repeat(300)));
        assert!(ending.len() <= NAME_BYTES_MAX && !ending.is_empty(), "{ending}");
    }

    #[test]
    fn a_number_goes_before_the_ending() {
        assert_eq!(numbered("x.txt", 0), "x.txt");
        assert_eq!(numbered("x.txt", 1), "x (1).txt");
        assert_eq!(numbered("x", 12), "x (12)");
        assert_eq!(numbered("x.tar.gz", 1), "x.tar (1).gz");
    }

    #[test]
    fn a_name_of_several_words_becomes_one() {
        assert_eq!(one_word("laporan akhir\t1.txt"), "laporan_akhir_1.txt");
        assert_eq!(one_word("a\u{a0}b\nc"), "a_b_c");
    }
}
