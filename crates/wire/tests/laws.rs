//! The laws of the crate over arbitrary bytes.

use kabar_wire::laws;
use proptest::prelude::*;

/// Arbitrary bytes, with those that matter to some parser more often.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let special = prop::sample::select(&b" \r\n<>=:\\\"{}#!\0\x7f\xffaGETauth"[..]);
    proptest::collection::vec(prop_oneof![special, any::<u8>()], 0..120)
}

proptest! {
    #[test]
    fn hold_for_any_bytes(bytes in bytes()) {
        laws::framing(&bytes);
        laws::sniffing(&bytes);
        laws::guarding(&bytes);
        laws::writing(&bytes);
        laws::transcripts(&bytes);
    }
}
