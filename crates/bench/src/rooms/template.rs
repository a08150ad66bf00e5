//! Recognising the pushes of one author without reading them: but for the text, all are alike.

use crate::text::Text;

/// The bytes around the text in one author's pushes, taken from the first of them.
#[derive(Debug)]
pub(crate) struct Template {
    before: Vec<u8>,
    after: Vec<u8>,
    text_bytes: usize,
}

impl Template {
    /// From `push`, which holds `body`, with its end mark.
    pub(crate) fn learn(push: &[u8], body: &[u8]) -> Option<Self> {
        let at = push.windows(body.len()).position(|window| window == body)?;
        let (before, after) = (push[..at].to_vec(), push[at + body.len()..].to_vec());
        Some(Self { before, after, text_bytes: body.len() })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.before.len() + self.text_bytes + self.after.len()
    }

    /// The number of the message at the front of `bytes`, if a whole push of this author is there.
    pub(crate) fn read(&self, bytes: &[u8], text: &Text) -> Option<u64> {
        let push = bytes.get(..self.bytes())?;
        let (before, rest) = push.split_at(self.before.len());
        let (body, after) = rest.split_at(self.text_bytes);
        if before != self.before || after != self.after {
            return None;
        }
        text.read(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_push_with_the_same_surroundings_is_recognised() {
        let text = Text::new(7, 1, 64);
        let push = |author: &str, number| {
            let mut push = format!("notif {author}: ").into_bytes();
            text.append(number, &mut push);
            push.extend_from_slice(b"\r\n\r\n");
            push
        };
        let first = push("ana", 0);
        let template = Template::learn(&first, &first[11..75]).unwrap();
        assert_eq!(template.bytes(), first.len());
        let two = [push("ana", 0xAB), push("ana", 0xAC)].concat();
        assert_eq!(template.read(&two, &text), Some(0xAB));
        assert_eq!(template.read(&two[template.bytes()..], &text), Some(0xAC));
        assert_eq!(template.read(&two[..template.bytes() - 1], &text), None);
        for mut other in [push("ani", 1), push("ana", 1)] {
            other[20] ^= 1;
            assert_eq!(template.read(&other, &text), None);
        }
        assert_eq!(template.read(&push("ani", 1), &text), None);
        assert!(Template::learn(&first, b"absent").is_none());
    }
}
