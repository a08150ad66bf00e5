//! What a message under the subject says.

use bytes::Bytes;
use kabar_engine::Hint;
use uuid::Uuid;

/// The bytes of a node's id, which every payload begins with.
const NODE_BYTES: usize = 16;

/// The longest payload that is looked at; a hint is a few numbers.
const PAYLOAD_BYTES_MAX: usize = 1_024;

/// A node, from one start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node([u8; NODE_BYTES]);

/// What a payload says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Another node's hint.
    Hint(Hint),
    /// What this node published comes back.
    Echo,
    /// This node's own mark comes back: from its number on it hears everything.
    Mark(u64),
    /// Nothing that this version understands.
    Nothing,
}

impl Node {
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4().into_bytes())
    }

    /// This node's hint: `node hint`.
    pub(crate) fn hint(self, hint: Hint) -> Bytes {
        self.payload(&hint.to_bytes())
    }

    /// This node's mark: `node 0 number`. No hint begins with a zero, so other nodes pass it over.
    pub(crate) fn mark(self, number: u64) -> Bytes {
        let mut mark = [0; 9];
        mark[1..].copy_from_slice(&number.to_be_bytes());
        self.payload(&mark)
    }

    fn payload(self, rest: &[u8]) -> Bytes {
        [&self.0, rest].concat().into()
    }

    /// What this node is told by a payload.
    pub(crate) fn read(self, payload: &[u8]) -> Said {
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Said::Nothing;
        }
        let Some((from, rest)) = payload.split_first_chunk::<NODE_BYTES>() else {
            return Said::Nothing;
        };
        if *from != self.0 {
            return Hint::from_bytes(rest).map_or(Said::Nothing, Said::Hint);
        }
        match rest.split_first() {
            Some((0, number)) => {
                number.try_into().map_or(Said::Nothing, |it| Said::Mark(u64::from_be_bytes(it)))
            }
            _ => Said::Echo,
        }
    }
}

#[cfg(test)]
mod tests {
    use kabar_model::UserId;

    use super::*;

    #[test]
    fn a_hint_is_heard_by_others_and_known_by_its_own_node() {
        let (here, there) = (Node::random(), Node::random());
        let hint = Hint::UserChanged(UserId(7));
        let payload = here.hint(hint);
        assert_eq!(there.read(&payload), Said::Hint(hint));
        assert_eq!(here.read(&payload), Said::Echo);
    }

    #[test]
    fn a_mark_is_read_by_its_own_node_alone() {
        let (here, there) = (Node::random(), Node::random());
        let mark = here.mark(u64::MAX - 1);
        assert_eq!(here.read(&mark), Said::Mark(u64::MAX - 1));
        assert_eq!(there.read(&mark), Said::Nothing);
    }

    #[test]
    fn what_is_no_payload_says_nothing() {
        let (here, there) = (Node::random(), Node::random());
        let whole = here.hint(Hint::UserChanged(UserId(7)));
        for length in 0..whole.len() {
            assert_eq!(there.read(&whole[..length]), Said::Nothing, "{length} bytes of a hint");
        }
        assert_eq!(here.read(&here.mark(1)[..NODE_BYTES + 4]), Said::Nothing);
        for noise in [vec![0; 17], vec![0xff; 40], [&whole[..], &[7; PAYLOAD_BYTES_MAX]].concat()] {
            assert_eq!(there.read(&noise), Said::Nothing);
        }
    }
}
