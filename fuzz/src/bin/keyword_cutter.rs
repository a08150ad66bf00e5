//! Are the requests of dialect keyword the same however the stream was split, as lines and as objects?
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kabar_dialect_keyword::laws::cutting(input));
