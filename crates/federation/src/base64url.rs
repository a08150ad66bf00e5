//! Bytes of a known count as text: base64url without padding (RFC 4648 §5).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// The text of these bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The `N` bytes of this text; every sequence of bytes has exactly one text that is read.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Four characters for three bytes: a text of another length is not worth its decoding.
    let fits = text.len() == (N * 4).div_ceil(3);
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(fits.then_some(text)?).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_text() {
        assert_eq!(encode(&[0xff, 0xef]), "_-8");
        assert_eq!(decode("_-8"), Some([0xff, 0xef]));
        // Another alphabet, padding, bits that say nothing, white space, other lengths.
        for bad in ["/+8", "_-8=", "_-9", "_-8 ", " _-8", "_-", "_-8A", "", "é8"] {
            assert_eq!(decode::<2>(bad), None, "{bad:?}");
        }
    }
}
