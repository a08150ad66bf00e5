//! Searching bytes without a parser.

/// Bytes compared at a time; a fixed-size block without early exit becomes vector instructions.
const BLOCK_BYTES: usize = 32;

/// Position of the first byte equal to `a` or `b`.
pub(crate) fn find_either(haystack: &[u8], a: u8, b: u8) -> Option<usize> {
    let (blocks, _) = haystack.as_chunks::<BLOCK_BYTES>();
    let hits = |block: &[u8; BLOCK_BYTES]| {
        block.iter().fold(0, |hits, &byte| hits | u8::from(byte == a) | u8::from(byte == b))
    };
    let clean = blocks.iter().take_while(|block| hits(block) == 0).count();
    let from = clean * BLOCK_BYTES;
    haystack[from..].iter().position(|&byte| byte == a || byte == b).map(|at| from + at)
}

/// Position of the first byte equal to `byte`.
pub(crate) fn find(haystack: &[u8], byte: u8) -> Option<usize> {
    find_either(haystack, byte, byte)
}

/// A server's words, safe to show on a terminal and not too long.
pub(crate) fn printable(bytes: &[u8]) -> String {
    const SHOWN_CHARS_MAX: usize = 200;
    let text = String::from_utf8_lossy(bytes);
    text.trim_end()
        .chars()
        .take(SHOWN_CHARS_MAX)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_bytes_is_found_wherever_it_lies() {
        for at in 0..100 {
            let mut text = vec![b'x'; 100];
            assert_eq!(find_either(&text, b'\r', b'g'), None);
            text[at] = b'\r';
            assert_eq!(find_either(&text, b'\r', b'g'), Some(at));
            text[99] = b'g';
            assert_eq!(find_either(&text, b'\r', b'g'), Some(at.min(99)));
            assert_eq!(find(&text[..99], b'g'), None);
        }
        assert_eq!(find(b"", b'g'), None);
    }

    #[test]
    fn words_of_the_server_reach_the_terminal_short_and_without_control_characters() {
        assert_eq!(printable(b"{\"a\":1}\r\n\r\n"), "{\"a\":1}");
        assert_eq!(printable(b"a\x1b[2Jb"), "a?[2Jb");
        assert_eq!(printable(&[b'a'; 1000]).len(), 200);
    }
}
