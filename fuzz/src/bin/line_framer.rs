//! Are the lines the same however the stream was split, and within the cap?
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kabar_wire::laws::framing(input));
