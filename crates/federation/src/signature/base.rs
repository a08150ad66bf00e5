//! The text that is signed (RFC 9421 §2.5), whatever the profile.

/// The list of components as `Signature-Input` has it: `("@method" "date")`.
///
/// Components are named in their serialised form, quotes and parameters included.
pub(super) fn covered(components: &[&str]) -> String {
    format!("({})", components.join(" "))
}

/// One line for each component, and the last for the list with its parameters.
///
/// A value that is no single line would let one text stand for two messages, so the characters that
/// break lines are replaced: such a message is signed, and verifies nowhere.
pub(super) fn signature_base(components: &[&str], values: &[&str], input: &str) -> String {
    let mut base = String::new();
    for (component, value) in components.iter().zip(values) {
        base.push_str(component);
        base.push_str(": ");
        base.extend(value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }));
        base.push('\n');
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(input);
    base
}

/// Whether a value may stand in a signature base: printable ASCII that neither begins nor ends with
/// a space.
pub(super) fn is_plain(value: &str) -> bool {
    value.bytes().all(|b| matches!(b, b' '..=b'~')) && value.trim_matches(' ') == value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;
    use crate::keys::SecretKey;
    use crate::signature::form;

    /// RFC 9421 B.2.6, with `test-key-ed25519` of B.1.4.
    #[test]
    fn the_example_of_the_rfc_is_signed_as_in_the_rfc() {
        let components = [
            r#""date""#,
            r#""@method""#,
            r#""@path""#,
            r#""@authority""#,
            r#""content-type""#,
            r#""content-length""#,
        ];
        let values = [
            "Tue, 20 Apr 2021 02:07:55 GMT",
            "POST",
            "/foo",
            "example.com",
            "application/json",
            "18",
        ];
        let input = covered(&components) + r#";created=1618884473;keyid="test-key-ed25519""#;
        let base = signature_base(&components, &values, &input);
        let expected = r#""date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
        assert_eq!(base, expected);

        let seed = base64url::decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU").unwrap();
        let signature = SecretKey::from_bytes(&seed).sign(base.as_bytes());
        let said = ":wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
        assert_eq!(form::byte_sequence(&signature), said);

        let key: crate::keys::PublicKey =
            "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs".parse().unwrap();
        let read = form::read_byte_sequence(said).unwrap();
        assert!(key.is_signature_of(base.as_bytes(), &read));
        assert!(!key.is_signature_of(base.replace("18\n", "19\n").as_bytes(), &read));
    }

    #[test]
    fn a_value_cannot_bring_lines_of_its_own() {
        let base = signature_base(&["\"a\"", "\"b\""], &["x\n\"b\": y", "\r"], "()");
        assert_eq!(base.lines().count(), 3);
        for (value, plain) in
            [("", true), ("a b", true), (" a", false), ("a ", false), ("a\nb", false), ("é", false)]
        {
            assert_eq!(is_plain(value), plain, "{value:?}");
        }
    }
}
