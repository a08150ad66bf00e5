//! A request of the object form, parsed.

use serde_json::{Map, Value};

use crate::arguments::whole_number;

/// How deep values may be nested in a request, itself counted.
pub(crate) const NESTING_MAX: usize = 16;

/// One JSON object.
#[derive(Debug)]
pub(crate) struct Object(Map<String, Value>);

/// Not an object, or nested too deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAnObject;

/// What is wrong with a key of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Missing,
    NotText,
    NotTexts,
    NotNumber,
}

impl Object {
    /// Reads an object from all of these bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NotAnObject> {
        // The parser itself refuses what is nested too deep for its stack.
        match serde_json::from_slice(bytes) {
            Ok(value @ Value::Object(_)) if nesting(&value) > NESTING_MAX => Err(NotAnObject),
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) | Err(_) => Err(NotAnObject),
        }
    }

    /// The text under a key, where it is one.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    /// Whether there is anything but null under a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| !value.is_null())
    }

    /// Whether the value under a key is `true`.
    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.0.get(key) == Some(&Value::Bool(true))
    }

    /// Takes the text under a key.
    pub(crate) fn take_text(&mut self, key: &str) -> Result<String, Flaw> {
        match self.0.remove(key) {
            None | Some(Value::Null) => Err(Flaw::Missing),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Flaw::NotText),
        }
    }

    /// Takes the whole number under a key, which may be a text of digits.
    pub(crate) fn take_number(&mut self, key: &str) -> Result<u64, Flaw> {
        let number = match self.0.remove(key) {
            None | Some(Value::Null) => return Err(Flaw::Missing),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(digits)) => whole_number(&digits),
            Some(_) => None,
        };
        number.ok_or(Flaw::NotNumber)
    }

    /// Takes the texts, at least one, that are listed under a key.
    pub(crate) fn take_texts(&mut self, key: &str) -> Result<Vec<String>, Flaw> {
        let items = match self.0.remove(key) {
            None | Some(Value::Null) => return Err(Flaw::Missing),
            Some(Value::Array(items)) if !items.is_empty() => items,
            Some(_) => return Err(Flaw::NotTexts),
        };
        let texts = items.into_iter().map(|item| match item {
            Value::String(text) => Ok(text),
            _ => Err(Flaw::NotTexts),
        });
        texts.collect()
    }
}

fn nesting(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(items) => items.iter().map(nesting).max(),
        Value::Object(members) => members.values().map(nesting).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return 0,
    };
    deepest.unwrap_or(0) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hold_texts_and_lists_of_texts() {
        let parse = |text: &str| Object::parse(text.as_bytes()).unwrap();
        let object = || parse(r#"{"a":"x","b":["y","z"],"n":null,"l":[],"m":["y",1],"t":true}"#);
        assert_eq!(object().take_text("a"), Ok("x".to_owned()));
        assert_eq!(object().take_text("b"), Err(Flaw::NotText));
        assert_eq!(object().take_text("n"), Err(Flaw::Missing));
        assert_eq!(object().take_text("none"), Err(Flaw::Missing));
        assert_eq!(object().take_texts("b"), Ok(vec!["y".to_owned(), "z".to_owned()]));
        for (key, flaw) in [("a", Flaw::NotTexts), ("l", Flaw::NotTexts), ("m", Flaw::NotTexts)] {
            assert_eq!(object().take_texts(key), Err(flaw), "{key}");
        }
        assert_eq!(object().take_texts("n"), Err(Flaw::Missing));
        assert!(object().is_true("t") && !object().is_true("a") && !object().is_true("none"));
    }

    #[test]
    fn a_number_may_be_a_text_of_digits() {
        let take = |value: &str| {
            Object::parse(format!("{{\"n\":{value}}}").as_bytes()).unwrap().take_number("n")
        };
        for (value, number) in [("0", 0), ("17", 17), ("\"17\"", 17), ("\"007\"", 7)] {
            assert_eq!(take(value), Ok(number), "{value}");
        }
        assert_eq!(take("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(take("\"99999999999999999999\""), Ok(u64::MAX));
        for value in
            ["-1", "1.5", "1e99", "\"\"", "\"+1\"", "\"-1\"", "\"1 \"", "\"x\"", "true", "[1]"]
        {
            assert_eq!(take(value), Err(Flaw::NotNumber), "{value}");
        }
        assert_eq!(take("null"), Err(Flaw::Missing));
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth: usize| {
            let text = format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
            Object::parse(text.as_bytes()).is_ok()
        };
        assert!(nested(NESTING_MAX));
        assert!(!nested(NESTING_MAX + 1));
        assert!(!nested(20_000));
    }

    #[test]
    fn other_values_and_broken_texts_are_no_objects() {
        for bytes in [&b"[]"[..], b"1", b"", b"{", b"{\"a\":\"\xff\"}", b"{\"a\":\"\\ud800\"}"] {
            assert!(Object::parse(bytes).is_err(), "{}", bytes.escape_ascii());
        }
    }
}
