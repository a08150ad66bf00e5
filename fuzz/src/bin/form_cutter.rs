//! Are the requests of dialect form the same however the stream was split, in lines and in blocks?
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kabar_dialect_form::laws::cutting(input));
