//! The text of a message: a mark that says which run, pair and number it is, then padding.

/// Hexadecimal digits of the counter, always all of them: every text of a pair has one length.
const COUNTER_DIGITS: usize = 12;
const COUNTER_AT: usize = "kb-RRRRRRRR-PPPP-".len();
/// Bytes of the mark; no message may be shorter.
pub(crate) const MARK_BYTES: usize = COUNTER_AT + COUNTER_DIGITS + 1;
const PADDING: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// What stands in the body of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// The pair's own text with this number.
    Ours(u64),
    /// Anything else.
    Stranger,
}

/// Writes and recognises the texts of one pair. They hold nothing that JSON would escape.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    whole: Vec<u8>,
}

impl Text {
    /// `run` keeps two runs with the same accounts apart; `body_bytes` is at least `MARK_BYTES`.
    pub(crate) fn new(run: u32, pair: u32, body_bytes: usize) -> Self {
        let mut whole = format!("kb-{run:08x}-{pair:04x}-000000000000-").into_bytes();
        whole.extend(PADDING.iter().cycle().take(body_bytes.saturating_sub(whole.len())));
        Self { whole }
    }

    pub(crate) fn len(&self) -> usize {
        self.whole.len()
    }

    pub(crate) fn append(&self, counter: u64, line: &mut Vec<u8>) {
        let at = line.len() + COUNTER_AT;
        line.extend_from_slice(&self.whole);
        for (place, digit) in line[at..at + COUNTER_DIGITS].iter_mut().rev().enumerate() {
            let nibble = (counter >> (4 * place)) & 0xF;
            *digit = b"0123456789abcdef"[usize::try_from(nibble).expect("four bits fit")];
        }
    }

    /// What stands in `body` for this pair.
    pub(crate) fn body(&self, body: &[u8]) -> Body {
        self.read(body).map_or(Body::Stranger, Body::Ours)
    }

    /// The counter, if `body` is one of this pair's texts down to the last byte.
    pub(crate) fn read(&self, body: &[u8]) -> Option<u64> {
        let after = COUNTER_AT + COUNTER_DIGITS;
        if body.len() != self.whole.len()
            || body[..COUNTER_AT] != self.whole[..COUNTER_AT]
            || body[after..] != self.whole[after..]
        {
            return None;
        }
        body[COUNTER_AT..after].iter().try_fold(0, |counter, &digit| match digit {
            b'0'..=b'9' => Some(counter << 4 | u64::from(digit - b'0')),
            b'a'..=b'f' => Some(counter << 4 | u64::from(digit - b'a' + 10)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &Text, counter: u64) -> Vec<u8> {
        let mut line = b"send ".to_vec();
        text.append(counter, &mut line);
        line.split_off(5)
    }

    #[test]
    fn what_was_written_is_read_again_at_its_full_length() {
        for body_bytes in [MARK_BYTES, 120, 60_000] {
            let text = Text::new(0xDEAD_BEEF, 4095, body_bytes);
            assert_eq!(text.len(), body_bytes);
            for counter in [0, 9, 10, 0xABC, (1 << 48) - 1] {
                assert_eq!(text.read(&written(&text, counter)), Some(counter));
            }
        }
        let text = Text::new(1, 2, 40);
        assert_eq!(written(&text, 26), b"kb-00000001-0002-00000000001a-abcdefghij");
    }

    #[test]
    fn another_run_pair_length_padding_or_digit_is_not_ours() {
        let text = Text::new(1, 2, 40);
        for other in [Text::new(2, 2, 40), Text::new(1, 3, 40), Text::new(1, 2, 41)] {
            assert_eq!(text.read(&written(&other, 7)), None);
        }
        for at in [COUNTER_AT, 39] {
            let mut body = written(&text, 7);
            body[at] = b'Z';
            assert_eq!(text.read(&body), None);
        }
        assert_eq!(text.read(b""), None);
    }
}
