//! A server's answer, read with patience: original servers type their JSON loosely.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::shown;

/// The field that says whether the command was carried out.
const STATUS: &str = "status";

/// One JSON object. Values stay as the server wrote them, so that their order and their numbers are
/// shown unchanged.
pub(super) struct Reply {
    fields: BTreeMap<String, Box<RawValue>>,
}

impl Reply {
    /// `None` when the bytes are no JSON object. Bytes that are no UTF-8 become U+FFFD.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let fields = serde_json::from_str(&String::from_utf8_lossy(bytes)).ok()?;
        Some(Self { fields })
    }

    pub(super) fn is_ok(&self) -> bool {
        self.text(&[STATUS]).is_some_and(|status| status.trim().eq_ignore_ascii_case("ok"))
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
