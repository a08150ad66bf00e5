//! Text with placeholders: filled for a sent line, matched against a reply.

use std::collections::BTreeMap;

/// What the placeholders stand for so far.
pub(super) type Values = BTreeMap<String, String>;

/// Text and placeholders in turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Value(String),
}

/// Whether a backslash begins an escape or is a backslash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    Known,
    Literal,
}

impl Template {
    /// ```text
    /// template    = *( placeholder / "<<" / escape / any other character )
    /// placeholder = "<" 1*( ALPHA / DIGIT / "_" / "-" ) ">"
    /// escape      = "\" ( "r" / "n" / "t" / "\" / "x" 2HEXDIG / "u{" 1*6HEXDIG "}" )
    /// ```
    pub(super) fn parse(text: &str, escapes: Escapes) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = Vec::new();
        let mut rest = text;
        let special: &[char] = if escapes == Escapes::Known { &['<', '\\'] } else { &['<'] };
        while let Some(at) = rest.find(special) {
            plain.extend_from_slice(&rest.as_bytes()[..at]);
            rest = &rest[at..];
            if rest.starts_with('\\') {
                rest = escape(rest, &mut plain)?;
            } else if let Some(after) = rest.strip_prefix("<<") {
                plain.push(b'<');
                rest = after;
            } else {
                let (name, after) = placeholder(rest)
                    .ok_or("`<` begins no placeholder; a literal one is written `<<`")?;
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Value(name.to_owned()));
                rest = after;
            }
        }
        plain.extend_from_slice(rest.as_bytes());
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The bytes to send.
    pub(super) fn fill(&self, values: &Values) -> Result<Vec<u8>, String> {
        let mut filled = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.extend_from_slice(text),
                Piece::Value(name) => {
                    let value = values.get(name);
                    let value = value.ok_or_else(|| format!("`<{name}>` has no value yet"))?;
                    filled.extend_from_slice(value.as_bytes());
                }
            }
        }
        Ok(filled)
    }

    /// Whether `actual` is what is expected; only then the placeholders that first appear here are
    /// bound. Such a placeholder takes the shortest value after which the text behind it follows.
    pub(super) fn matches(&self, actual: &str, values: &mut Values) -> bool {
        let mut bound = values.clone();
        let mut rest = actual;
        for (index, piece) in self.0.iter().enumerate() {
            let known = match piece {
                Piece::Text(text) => Some(text.as_slice()),
                Piece::Value(name) => bound.get(name).map(String::as_bytes),
            };
            let matched = match known {
                Some(known) => rest.as_bytes().starts_with(known).then_some(known.len()),
                None => value_length(rest, &self.text_from(index + 1, &bound)),
            };
            let Some(after) = matched.and_then(|length| rest.get(length..)) else {
                return false;
            };
            if let Piece::Value(name) = piece {
                let value = &rest[..rest.len() - after.len()];
                bound.entry(name.clone()).or_insert_with(|| value.to_owned());
            }
            rest = after;
        }
        if rest.is_empty() {
            *values = bound;
        }
        rest.is_empty()
    }

    /// The text that is already known from a piece on, up to the next placeholder without a value.
    fn text_from(&self, index: usize, values: &Values) -> Known {
        let mut text = Vec::new();
        for piece in &self.0[index..] {
            match piece {
                Piece::Text(plain) => text.extend_from_slice(plain),
                Piece::Value(name) => match values.get(name) {
                    Some(value) => text.extend_from_slice(value.as_bytes()),
                    None => {
                        return Known { text, to_the_end: false };
                    }
                },
            }
        }
        Known { text, to_the_end: true }
    }
}

/// Text that must follow a value.
struct Known {
    text: Vec<u8>,
    to_the_end: bool,
}

/// How many bytes of `rest` a value takes so that the known text follows it.
fn value_length(rest: &str, known: &Known) -> Option<usize> {
    let run = rest.bytes().take_while(|byte| is_value_byte(*byte)).count();
    if known.to_the_end {
        let length = rest.len().checked_sub(known.text.len())?;
        return (1..=run).contains(&length).then_some(length);
    }
    (1..=run).find(|length| rest.as_bytes()[*length..].starts_with(&known.text))
}

/// Writes down what came. Placeholders that stood in the line it replaces stay where their value
/// stands; one without a value takes the one behind the same word or JSON key.
pub(super) fn record(replaced: Option<&Template>, actual: &str, values: &mut Values) -> String {
    let pieces = replaced.map_or(&[][..], |template| &template.0);
    bind_behind_same_text(pieces, actual, values);
    let names: Vec<(&str, &String)> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Value(name) => Some((values.get(name)?.as_str(), name)),
            Piece::Text(_) => None,
        })
        .collect();
    let mut recorded = String::with_capacity(actual.len());
    let mut rest = actual;
    while let Some(first) = rest.chars().next() {
        let run = rest.bytes().take_while(|byte| is_value_byte(*byte)).count();
        let (part, after) = rest.split_at(run.max(first.len_utf8()));
        match names.iter().find(|(value, _)| *value == part) {
            Some((_, name)) => recorded.extend(["<", name, ">"]),
            None if part == "<" => recorded.push_str("<<"),
            None => recorded.push_str(part),
        }
        rest = after;
    }
    recorded
}

fn bind_behind_same_text(pieces: &[Piece], actual: &str, values: &mut Values) {
    for pair in pieces.windows(2) {
        if let [Piece::Text(before), Piece::Value(name)] = pair
            && !values.contains_key(name)
            && let Some(value) = value_behind(before, actual)
        {
            values.insert(name.clone(), value.to_owned());
        }
    }
}

/// The value in `actual` behind the end of `before`: from its last space, bracket or comma on.
fn value_behind<'a>(before: &[u8], actual: &'a str) -> Option<&'a str> {
    let before = std::str::from_utf8(before).ok()?;
    let anchor = before.rsplit([' ', ',', '{', '[']).next().filter(|anchor| !anchor.is_empty())?;
    let (_, behind) = actual.split_once(anchor)?;
    let run = behind.bytes().take_while(|byte| is_value_byte(*byte)).count();
    (run > 0).then(|| &behind[..run])
}

fn is_value_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'+' | b'_' | b'-')
}

fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('<')?.split_once('>')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (!name.is_empty() && name.bytes().all(plain)).then_some((name, after))
}

/// Adds what the escape at the front of `text` stands for; the text behind it.
fn escape<'a>(text: &'a str, plain: &mut Vec<u8>) -> Result<&'a str, String> {
    let unknown = || "an unknown escape; known are \\r \\n \\t \\\\ \\xNN \\u{…}".to_owned();
    let mut characters = text[1..].chars();
    let literal = match characters.next().ok_or_else(unknown)? {
        'r' => b'\r',
        'n' => b'\n',
        't' => b'\t',
        '\\' => b'\\',
        'x' => {
            let digits = characters.as_str().get(..2).ok_or_else(unknown)?;
            plain.push(u8::try_from(hex(digits).ok_or_else(unknown)?).map_err(|_| unknown())?);
            return Ok(&characters.as_str()[2..]);
        }
        'u' => {
            let braced =
                characters.as_str().strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let (digits, rest) = braced.ok_or_else(unknown)?;
            let character = hex(digits).and_then(char::from_u32).ok_or_else(unknown)?;
            plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(rest);
        }
        _ => return Err(unknown()),
    };
    plain.push(literal);
    Ok(characters.as_str())
}

/// `from_str_radix` alone would take a sign.
fn hex(digits: &str) -> Option<u32> {
    let plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|d| d.is_ascii_hexdigit());
    plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}
