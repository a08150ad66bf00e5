//! Does any text stay inside its quotes, on one line of printable ASCII?
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kabar_wire::laws::writing(input));
