//! Requests of dialect form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything that could mean something else in a form.
const SPECIAL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `command key=value&key=value`, without its end.
///
/// The values are percent-encoded UTF-8.
pub(super) fn open_ended(command: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, SPECIAL)))
        .collect();
    format!("{command} {}", fields.join("&"))
}

/// A request with its end.
pub(super) fn request(command: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    format!("{}\n", open_ended(command, fields)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_end_a_request_or_begin_another_field() {
        let fields = [("session", "a-b_c.d~"), ("message", "1+1=2 & é\r\n100%")];
        assert_eq!(
            request("send", &fields),
            b"send session=a-b_c.d~&message=1%2B1%3D2%20%26%20%C3%A9%0D%0A100%25\n"
        );
    }
}
