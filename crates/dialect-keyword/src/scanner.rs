//! Finding the end of a JSON object that comes in pieces, without parsing it.
//!
//! ```text
//! object = "{" [ text ":" value *( "," text ":" value ) ] "}"     ; white space between any two
//! list   = "[" [ value *( "," value ) ] "]"
//! value  = object / list / text / scalar
//! text   = DQUOTE *( any byte but DQUOTE, "\" and controls / "\" any byte but controls ) DQUOTE
//! scalar = 1*( ALPHA / DIGIT / "+" / "-" / "." )
//! ```
//!
//! Whatever breaks this is not JSON and is seen at its first byte; scalars, escapes and UTF-8 are left to
//! the parser. Each byte is looked at once, however the object was split on its way.

/// Where an object is, seen from the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// It has not ended yet.
    More,
    /// It is this many bytes long.
    Whole(usize),
    /// These bytes begin no object with the byte behind them.
    Bad(usize),
}

/// Scans one object from its opening brace on.
#[derive(Debug)]
pub(crate) struct Scanner {
    scanned: usize,
    open: Vec<Nesting>,
    expected: Expected,
    inside: Inside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nesting {
    Object,
    List,
}

/// What may come next between two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    KeyOrEnd,
    Key,
    Colon,
    Value,
    ValueOrEnd,
    CommaOrEnd,
}

/// The token that the last byte left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Nothing,
    Text,
    Escape,
    Scalar,
}

impl Scanner {
    /// A scanner for an input whose first byte is `{`.
    pub(crate) fn new() -> Self {
        Self {
            scanned: 1,
            open: vec![Nesting::Object],
            expected: Expected::KeyOrEnd,
            inside: Inside::Nothing,
        }
    }

    /// Looks at what has come since the last call. Between two calls the input may only grow at its end.
    pub(crate) fn scan(&mut self, input: &[u8]) -> Scan {
        for &byte in &input[self.scanned.min(input.len())..] {
            if !self.accepts(byte) {
                return Scan::Bad(self.scanned);
            }
            self.scanned += 1;
            if self.open.is_empty() {
                return Scan::Whole(self.scanned);
            }
        }
        Scan::More
    }

    fn accepts(&mut self, byte: u8) -> bool {
        match self.inside {
            Inside::Text | Inside::Escape if byte < b' ' => return false,
            Inside::Text if byte == b'\\' => self.inside = Inside::Escape,
            Inside::Text if byte == b'"' => self.inside = Inside::Nothing,
            Inside::Text | Inside::Escape => self.inside = Inside::Text,
            Inside::Scalar if is_scalar(byte) => {}
            Inside::Scalar | Inside::Nothing => return self.accepts_between(byte),
        }
        true
    }

    fn accepts_between(&mut self, byte: u8) -> bool {
        use Expected::{Colon, CommaOrEnd, Key, KeyOrEnd, Value, ValueOrEnd};
        self.inside = Inside::Nothing;
        match (byte, self.expected) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {}
            (b'"', KeyOrEnd | Key) => self.begin(Inside::Text, Colon),
            (b'"', Value | ValueOrEnd) => self.begin(Inside::Text, CommaOrEnd),
            (b':', Colon) => self.expected = Value,
            (b',', CommaOrEnd) => {
                let in_object = self.open.last() == Some(&Nesting::Object);
                self.expected = if in_object { Key } else { Value };
            }
            (b'{', Value | ValueOrEnd) => self.open(Nesting::Object, KeyOrEnd),
            (b'[', Value | ValueOrEnd) => self.open(Nesting::List, ValueOrEnd),
            (b'}', KeyOrEnd | CommaOrEnd) => return self.close(Nesting::Object),
            (b']', ValueOrEnd | CommaOrEnd) => return self.close(Nesting::List),
            (_, Value | ValueOrEnd) if is_scalar(byte) => self.begin(Inside::Scalar, CommaOrEnd),
            _ => return false,
        }
        true
    }

    fn begin(&mut self, token: Inside, then: Expected) {
        self.inside = token;
        self.expected = then;
    }

    fn open(&mut self, nesting: Nesting, then: Expected) {
        self.open.push(nesting);
        self.expected = then;
    }

    fn close(&mut self, nesting: Nesting) -> bool {
        self.expected = Expected::CommaOrEnd;
        self.open.pop() == Some(nesting)
    }
}

fn is_scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn scan(input: &[u8]) -> Scan {
        Scanner::new().scan(input)
    }

    #[test]
    fn an_object_ends_at_its_own_brace() {
        for object in [
            r"{}",
            r#"{"a":1}"#,
            r#"{ "a" : "}{\"\\" , "b" : [ 1, {"c":[]}, [], null, -1.5e+3 ] }"#,
            r#"{"ü":"😀"}"#,
            "{\n\t\"a\":\r\ntrue\n}",
        ] {
            for rest in ["", " ", "}", r#"{"b":2}"#, "\n", "x"] {
                let input = format!("{object}{rest}");
                assert_eq!(scan(input.as_bytes()), Scan::Whole(object.len()), "{input}");
            }
        }
    }

    #[test]
    fn what_is_no_object_is_seen_at_its_first_wrong_byte() {
        for (good, rest) in [
            ("{", "hello}"),
            ("{", "{\"a\":1}"),
            ("{", ","),
            ("{\"a\"", ",1}"),
            ("{\"a\":", "}"),
            ("{\"a\":", "'b'}"),
            ("{\"a\":1,", "}"),
            ("{\"a\":[1,", "]}"),
            ("{\"a\":[1", "}"),
            ("{\"a\":{}", "]"),
            ("{\"a\":\"b", "\n\"}"),
            ("{\"a\":\"b\\", "\n\"}"),
            ("{\"a\":1 ", "2}"),
            ("{\"a\":", "\u{a0}1}"),
        ] {
            let input = format!("{good}{rest}");
            assert_eq!(scan(input.as_bytes()), Scan::Bad(good.len()), "{input}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\[\\]{}\",:\\\\\n a😀]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a{}\"\\\\]{0,3}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_object_is_found_whole_in_any_pieces(value in value(), pretty: bool, piece in 1_usize..9) {
            let value = serde_json::json!({ "v": value });
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            let input = format!("{text}{text}");
            let mut scanner = Scanner::new();
            let ends = (1..).map(|count| (count * piece).min(input.len()));
            let found = ends.map(|end| scanner.scan(&input.as_bytes()[..end]));
            let found = found.into_iter().find(|scan| *scan != Scan::More);
            prop_assert_eq!(found, Some(Scan::Whole(text.len())));
        }

        #[test]
        fn what_the_parser_takes_the_scanner_takes(text in "\\{[\\[\\]{}\",:a1 \n\\\\]{0,12}") {
            let parsed = serde_json::from_str::<Value>(&text).is_ok();
            if parsed {
                prop_assert_eq!(scan(text.as_bytes()), Scan::Whole(text.trim_end().len()));
            }
        }
    }
}
