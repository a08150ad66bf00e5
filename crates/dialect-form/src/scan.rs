//! Finding a byte in a long text that most likely has none.

/// Where a byte first stands. The standard library looks for whether it is there several bytes at a time, for
/// where it is one by one.
pub(crate) fn find(text: &[u8], byte: u8) -> Option<usize> {
    if !text.contains(&byte) {
        return None;
    }
    text.iter().position(|it| *it == byte)
}
