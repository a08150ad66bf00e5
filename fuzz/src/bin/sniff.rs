//! Is the protocol of a connection the same whole, byte by byte and with more bytes after it?
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kabar_wire::laws::sniffing(input));
