//! Does the guard against browsers take any line, and let no control character pass?
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kabar_wire::laws::guarding(input));
