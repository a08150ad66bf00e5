//! A server's answer, read with patience: original servers type their JSON loosely.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::shown;

/// The field that says whether the command was carried out.
const STATUS: &str = "status";

/// One JSON object. Values stay as the server wrote them, so that their order and their numbers are
/// shown unchanged.
#[derive(Debug)]
pub(super) struct Reply {
    fields: BTreeMap<String, Box<RawValue>>,
}

impl Reply {
    /// `None` when the bytes are no JSON object. Bytes that are no UTF-8 become U+FFFD.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        Self::read_text(&String::from_utf8_lossy(bytes))
    }

    fn read_text(text: &str) -> Option<Self> {
        let fields = serde_json::from_str(text).ok()?;
        Some(Self { fields })
    }

    pub(super) fn is_ok(&self) -> bool {
        self.has_status("ok")
    }

    /// Whether that is the status, in any case.
    pub(super) fn has_status(&self, wanted: &str) -> bool {
        self.text(&[STATUS]).is_some_and(|status| status.trim().eq_ignore_ascii_case(wanted))
    }

    /// Whether there is such a field, whatever it holds.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Why something was refused, as far as the server says it.
    pub(super) fn reason(&self) -> String {
        self.text(&["message", "messages", "error"]).unwrap_or_else(|| self.rest())
    }

    /// The first of the fields `names` that holds something.
    fn raw(&self, names: &[&str]) -> Option<&str> {
        names
            .iter()
            .filter_map(|name| self.fields.get(*name))
            .map(|raw| raw.get())
            .find(|raw| *raw != "null")
    }

    /// The first of `names` that holds something, a string without its quotation marks, harmless.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        self.raw(names).map(|raw| shown::unquoted(raw).unwrap_or_else(|| shown::json(raw)))
    }

    /// The first of `names` that holds something, as the server meant it. Not for a terminal.
    pub(super) fn plain_text(&self, names: &[&str]) -> Option<String> {
        self.raw(names).map(|raw| serde_json::from_str(raw).unwrap_or_else(|_| shown::json(raw)))
    }

    /// A number, also one that is written as a text.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.text(&[name])?.parse().ok()
    }

    /// A list of texts, harmless. A list inside a text is one, too.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let raw = self.raw(&[name])?;
        let list: Vec<Box<RawValue>> = match serde_json::from_str(raw) {
            Ok(list) => list,
            Err(_) => serde_json::from_str(&serde_json::from_str::<String>(raw).ok()?).ok()?,
        };
        let text = |raw: &str| shown::unquoted(raw).unwrap_or_else(|| shown::json(raw));
        Some(list.iter().map(|raw| text(raw.get())).collect())
    }

    /// A list of objects; what is none is left out.
    pub(super) fn objects(&self, name: &str) -> Option<Vec<Self>> {
        let list: Vec<Box<RawValue>> = serde_json::from_str(self.raw(&[name])?).ok()?;
        Some(list.iter().filter_map(|raw| Self::read_text(raw.get())).collect())
    }

    /// An object by whose keys, harmless, there are lists of objects.
    pub(super) fn lists(&self, name: &str) -> Option<Vec<(String, Vec<Self>)>> {
        let object = Self::read_text(self.raw(&[name])?)?;
        let named = |key: &String| Some((shown::plain(key), object.objects(key)?));
        Some(object.fields.keys().filter_map(named).collect())
    }

    /// The first of `names` that holds something, as JSON, harmless.
    pub(super) fn json(&self, names: &[&str]) -> Option<String> {
        self.raw(names).map(shown::json)
    }

    /// Everything but the status, as JSON, harmless.
    pub(super) fn rest(&self) -> String {
        let fields: Vec<String> = self
            .fields
            .iter()
            .filter(|(name, _)| *name != STATUS)
            .map(|(name, raw)| {
                // A `Value` made from a string prints it with JSON's own escapes.
                let name = serde_json::Value::from(name.as_str()).to_string();
                format!("{}:{}", shown::json(&name), shown::json(raw.get()))
            })
            .collect();
        format!("{{{}}}", fields.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_may_be_typed_loosely_but_is_an_object() {
        let reply =
            Reply::read(b" { \"status\" : \"ok \", \"message\": null, \"messages\" : [ 1 ] }\r\n")
                .unwrap();
        assert!(reply.is_ok());
        assert_eq!(reply.text(&["message", "messages"]).unwrap(), "[1]");
        assert_eq!(reply.json(&["messages"]).unwrap(), "[1]");
        assert_eq!(reply.text(&["message"]), None);
        assert_eq!(reply.rest(), r#"{"message":null,"messages":[1]}"#);
        for bad in ["", "7", "[]", "null", "OK", "{\"status\":\"OK\"", "{} {}"] {
            assert!(Reply::read(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_reply_without_a_status_is_no_success() {
        for reply in ["{}", r#"{"status":"ERROR"}"#, r#"{"status":true}"#, r#"{"status":null}"#] {
            assert!(!Reply::read(reply.as_bytes()).unwrap().is_ok(), "{reply}");
        }
    }

    #[test]
    fn lists_are_read_however_they_are_written() {
        let reply = Reply::read(
            br#"{"a":["x\u001b",7],"b":"[\"x\", \"y\"]","c":[{"n":1},2,{"n":"3"}],
                "d":{"k\u001b":[{"m":"\ud800"}],"none":7},"e":"x"}"#,
        )
        .unwrap();
        assert_eq!(reply.texts("a").unwrap(), ["x\\u001b", "7"]);
        assert_eq!(reply.texts("b").unwrap(), ["x", "y"]);
        assert!(reply.texts("d").is_none() && reply.texts("e").is_none());
        let numbers: Vec<_> = reply.objects("c").unwrap().iter().map(|o| o.number("n")).collect();
        assert_eq!(numbers, [Some(1), Some(3)]);
        let lists = reply.lists("d").unwrap();
        assert_eq!((lists.len(), &*lists[0].0), (1, "k\\u001b"));
        assert_eq!(lists[0].1[0].text(&["m"]).unwrap(), "\\ud800");
    }

    #[test]
    fn no_field_name_and_no_depth_of_nesting_gets_past() {
        let reply = Reply::read(b"{\"a\\u001b\\\"\":\"\xff\"}").unwrap();
        assert_eq!(reply.rest(), "{\"a\\u001b\\\"\":\"\u{fffd}\"}");
        let deep = format!(r#"{{"messages":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(
            Reply::read(deep.as_bytes()).unwrap().json(&["messages"]).unwrap().len(),
            200_000
        );
    }
}
