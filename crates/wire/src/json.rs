//! Writing JSON that no text can break out of.
//!
//! The output is compact and holds only the bytes 0x20 to 0x7E: clients in the wild decode each
//! read by itself, so a multi-byte character on a read boundary would break them, and a reply must
//! never carry a line break or a control byte that somebody put into a message. Control characters,
//! DEL, `"`, `\` and everything beyond ASCII are escaped (RFC 8259, section 7).
//!
//! ```
//! use kabar_wire::json;
//!
//! let mut out = Vec::new();
//! json::object(&mut out, |reply| {
//!     reply.text("status", "OK");
//!     reply.list("messages", |names| names.text("né"));
//! });
//! assert_eq!(out, br#"{"status":"OK","messages":["n\u00e9"]}"#);
//! ```

use std::io::Write as _;

/// An integer as JSON shows it; made from the integer types with `.into()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// Zero or more.
    Unsigned(u64),
    /// Any sign.
    Signed(i64),
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self::Unsigned(number)
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Self::Unsigned(number.into())
    }
}

impl From<u16> for Number {
    fn from(number: u16) -> Self {
        Self::Unsigned(number.into())
    }
}

impl From<usize> for Number {
    fn from(number: usize) -> Self {
        Self::Unsigned(number as u64)
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<i32> for Number {
    fn from(number: i32) -> Self {
        Self::Signed(number.into())
    }
}

/// Appends one object to `out`; `fill` adds its members.
pub fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    fill(&mut Object { out, empty: true });
    out.push(b'}');
}

/// Appends one list to `out`; `fill` adds its items.
pub fn list(out: &mut Vec<u8>, fill: impl FnOnce(&mut List<'_>)) {
    out.push(b'[');
    fill(&mut List { out, empty: true });
    out.push(b']');
}

/// Appends one string, quoted and escaped, to `out`.
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text;
    while let Some(plain) = rest.bytes().position(|byte| !PLAIN[usize::from(byte)]) {
        out.extend_from_slice(&rest.as_bytes()[..plain]);
        let mut characters = rest[plain..].chars();
        if let Some(special) = characters.next() {
            escape(out, special);
        }
        rest = characters.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

/// An object being written. Members appear in the order of the calls; a key said twice appears twice.
#[derive(Debug)]
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl Object<'_> {
    /// Adds a string.
    pub fn text(&mut self, key: &str, value: &str) {
        text(self.key(key), value);
    }

    /// Adds an integer.
    pub fn number(&mut self, key: &str, value: impl Into<Number>) {
        number(self.key(key), value.into());
    }

    /// Adds `true` or `false`.
    pub fn boolean(&mut self, key: &str, value: bool) {
        boolean(self.key(key), value);
    }

    /// Adds `null`.
    pub fn null(&mut self, key: &str) {
        self.key(key).extend_from_slice(b"null");
    }

    /// Adds a list.
    pub fn list(&mut self, key: &str, fill: impl FnOnce(&mut List<'_>)) {
        list(self.key(key), fill);
    }

    /// Adds an object.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        object(self.key(key), fill);
    }

    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        separate(self.out, &mut self.empty);
        text(self.out, key);
        self.out.push(b':');
        self.out
    }
}

/// A list being written.
#[derive(Debug)]
pub struct List<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl List<'_> {
    /// Adds a string.
    pub fn text(&mut self, value: &str) {
        text(self.item(), value);
    }

    /// Adds an integer.
    pub fn number(&mut self, value: impl Into<Number>) {
        number(self.item(), value.into());
    }

    /// Adds `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        boolean(self.item(), value);
    }

    /// Adds `null`.
    pub fn null(&mut self) {
        self.item().extend_from_slice(b"null");
    }

    /// Adds a list.
    pub fn list(&mut self, fill: impl FnOnce(&mut List<'_>)) {
        list(self.item(), fill);
    }

    /// Adds an object.
    pub fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        object(self.item(), fill);
    }

    fn item(&mut self) -> &mut Vec<u8> {
        separate(self.out, &mut self.empty);
        self.out
    }
}

/// The bytes a string may hold as they are.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x20;
    while byte < 0x7F {
        plain[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

fn separate(out: &mut Vec<u8>, empty: &mut bool) {
    if !*empty {
        out.push(b',');
    }
    *empty = false;
}

fn number(out: &mut Vec<u8>, number: Number) {
    let written = match number {
        Number::Unsigned(number) => write!(out, "{number}"),
        Number::Signed(number) => write!(out, "{number}"),
    };
    written.expect("a Vec takes every write");
}

fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn escape(out: &mut Vec<u8>, special: char) {
    let short = match special {
        '"' => b'"',
        '\\' => b'\\',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        _ => return escape_units(out, special),
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Writes `\uXXXX`, twice for a character above the Basic Multilingual Plane.
fn escape_units(out: &mut Vec<u8>, special: char) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for unit in special.encode_utf16(&mut [0; 2]) {
        let digit = |shift: u16| HEX[usize::from((*unit >> shift) & 0xF)];
        out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
    }
}

#[cfg(test)]
mod tests;
