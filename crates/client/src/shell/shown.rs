//! A stranger's words made harmless for a terminal: what could steer it is shown as `\uXXXX`.

use std::fmt::Write as _;
use std::str::Chars;

/// True for characters that steer a terminal or reorder what is on it: C0, DEL, C1, the bidi
/// controls and the two Unicode line ends. The zero-width joiner is none of them, scripts and emoji
/// need it.
pub(crate) fn steers(c: char) -> bool {
    let bidi_mark = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}');
    let line_end_or_bidi = matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || bidi_mark || line_end_or_bidi
}

fn push(out: &mut String, c: char) {
    if steers(c) {
        push_escape(out, u32::from(c));
    } else {
        out.push(c);
    }
}

fn push_escape(out: &mut String, unit: u32) {
    write!(out, "\\u{unit:04x}").expect("writing to a String cannot fail");
}

/// Plain text, harmless.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut out, c));
    out
}

/// A JSON text on one line without spaces between its parts, real characters instead of escapes
/// wherever they are harmless. The order of keys and the digits of numbers stay as they came.
///
/// `raw` is valid JSON, except that strings may hold a lone surrogate: Python writes those.
pub(crate) fn json(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => {}
            '"' => copy_string(&mut chars, &mut out),
            c => push(&mut out, c),
        }
    }
    out
}

/// The text a JSON string stands for, harmless; `None` when `raw` is another kind of value.
pub(crate) fn unquoted(raw: &str) -> Option<String> {
    let mut chars = raw.trim().strip_prefix('"')?.chars();
    let mut out = String::new();
    while let Some(part) = next_part(&mut chars) {
        match part {
            Part::Char(c) => push(&mut out, c),
            Part::Lone(unit) => push_escape(&mut out, unit),
        }
    }
    Some(out)
}

fn copy_string(chars: &mut Chars<'_>, out: &mut String) {
    out.push('"');
    while let Some(part) = next_part(chars) {
        match part {
            Part::Char(c @ ('"' | '\\')) => out.extend(['\\', c]),
            Part::Char(c) => push(out, c),
            Part::Lone(unit) => push_escape(out, unit),
        }
    }
    out.push('"');
}

enum Part {
    Char(char),
    /// Half a surrogate pair, which is no character.
    Lone(u32),
}

/// The next character of a JSON string, `None` at its closing quotation mark.
fn next_part(chars: &mut Chars<'_>) -> Option<Part> {
    let c = match chars.next()? {
        '"' => return None,
        '\\' => chars.next()?,
        c => return Some(Part::Char(c)),
    };
    Some(match c {
        'b' => Part::Char('\u{8}'),
        'f' => Part::Char('\u{c}'),
        'n' => Part::Char('\n'),
        'r' => Part::Char('\r'),
        't' => Part::Char('\t'),
        'u' => unit_or_pair(chars),
        c => Part::Char(c),
    })
}

fn unit_or_pair(chars: &mut Chars<'_>) -> Part {
    let high = unit(chars);
    if let Some(c) = char::from_u32(high) {
        return Part::Char(c);
    }
    let mut ahead = chars.clone();
    if high < 0xDC00 && ahead.next() == Some('\\') && ahead.next() == Some('u') {
        let low = unit(&mut ahead);
        if (0xDC00..0xE000).contains(&low) {
            *chars = ahead;
            let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            return char::from_u32(code).map_or(Part::Lone(high), Part::Char);
        }
    }
    Part::Lone(high)
}

/// Four hexadecimal digits.
fn unit(chars: &mut Chars<'_>) -> u32 {
    (0..4).filter_map(|_| chars.next()?.to_digit(16)).fold(0, |unit, digit| unit * 16 + digit)
}

/// JSON in which the contents of files are cut after some characters: they would push all else off the screen, and
/// `getfile` fetches them.
pub(super) fn shortened(json: &str) -> String {
    const KEY: &str = "\"file_content\":\"";
    const SHOWN: usize = 60;
    let mut parts = json.split(KEY);
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        short.push_str(KEY);
        let end = part.find('"').unwrap_or(part.len());
        match part.get(..SHOWN).filter(|_| end > SHOWN) {
            // Four characters for three bytes.
            Some(start) => {
                let kib = (end / 4 * 3).div_ceil(1024);
                short.extend([start, "… (", &kib.to_string(), " KiB)"]);
            }
            None => short.push_str(&part[..end]),
        }
        short.push_str(&part[end..]);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_of_files_are_cut_and_all_else_stands() {
        let long = "QUJD".repeat(100_000);
        let json = format!(
            r#"{{"a":[{{"msg":"x","file_content":"{long}","n":1}}],"file_content":"QQ=="}}"#
        );
        let shown = format!(
            r#"{{"a":[{{"msg":"x","file_content":"{}… (293 KiB)","n":1}}],"file_content":"QQ=="}}"#,
            "QUJD".repeat(15)
        );
        assert_eq!(shortened(&json), shown);
        for odd in ["", "{}", r#"{"file_content":"é"#, r#"{"file_content":""#] {
            assert_eq!(shortened(odd), odd);
        }
    }

    #[test]
    fn what_steers_a_terminal_is_shown_and_everything_else_stays() {
        let steering = "\u{0}\u{1b}\r\n\t\u{7f}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\
                        \u{202a}\u{202e}\u{2066}\u{2069}";
        for c in steering.chars() {
            let escape = format!("\\u{:04x}", u32::from(c));
            assert_eq!(plain(&c.to_string()), escape);
            assert_eq!(json(&format!("\"{escape}\"")), format!("\"{escape}\""));
            assert_eq!(unquoted(&format!("\"{escape}\"")).unwrap(), escape);
        }
        let harmless = "a é 世界 👩\u{200d}🚀 \u{a0}~\u{200c}";
        assert_eq!(plain(harmless), harmless);
        assert_eq!(json(&format!("\"{harmless}\"")), format!("\"{harmless}\""));
    }

    #[test]
    fn json_becomes_one_line_with_real_characters_in_the_order_it_came() {
        for (raw, shown) in [
            (
                "{ \"z\" : [ ] ,\r\n\t\"a\": [1, 2.50, true, null] }",
                r#"{"z":[],"a":[1,2.50,true,null]}"#,
            ),
            (r#""\u00e9 \ud83d\ude80 \/ \" \\ é""#, r#""é 🚀 / \" \\ é""#),
            (r#""\r\n\t\b\f""#, r#""\u000d\u000a\u0009\u0008\u000c""#),
            (r#""\ud83d x \ude80 \ud83d\n""#, r#""\ud83d x \ude80 \ud83d\u000a""#),
            (r#""a  b\" : c""#, r#""a  b\" : c""#),
            (r#""\\u001b""#, r#""\\u001b""#),
        ] {
            assert_eq!(json(raw), shown);
        }
    }

    #[test]
    fn only_a_string_can_be_unquoted() {
        assert_eq!(unquoted(r#" "User \"x\" \\ \u00e9" "#).unwrap(), "User \"x\" \\ é");
        assert_eq!(unquoted("7"), None);
        assert_eq!(unquoted("[\"a\"]"), None);
    }
}
