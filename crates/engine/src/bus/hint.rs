//! What a hint says, and the bytes that carry it to other nodes.

use kabar_model::{Arrival, ConversationId, LinkId, Seq, SessionId, UserId};

use crate::store::Place;
use crate::store::nodes::{NodeId, Version};

/// Something changed, or something happens that may be missed without harm.
///
/// A reading of the store covers each hint that is lost, so that a node without a bus is at most 2 s behind: for those
/// that are [`durable`](Self::durable) and [`Arrived`](Self::Arrived) that of the store's own (the table `hint` and the
/// order of arrival), for [`Nodes`](Self::Nodes) the node's beat, for [`Queued`](Self::Queued) that of who holds the
/// link's lease. [`Typing`](Self::Typing) alone is lost with its hint.
///
/// Hints with a node are told by that node itself to its own listeners, so it passes over its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// This session is over.
    SessionEnded(SessionId),
    /// This account's name, role or state is another.
    UserChanged(UserId),
    /// This group's name, members or state are others.
    GroupChanged(ConversationId),
    /// Messages arrived, up to this one.
    Arrived(Arrival),
    /// Who is active or in a room on some node is another, up to this change.
    Nodes(Version),
    /// Something began to wait for this link.
    Queued {
        /// Where it was queued.
        by: NodeId,
        /// The link.
        link: LinkId,
    },
    /// Somebody is writing.
    Typing {
        /// Who tells it.
        by: NodeId,
        /// Where.
        conversation: ConversationId,
        /// Who.
        user: UserId,
    },
    /// Somebody has read so far.
    Read {
        /// Who tells it.
        by: NodeId,
        /// Who.
        user: UserId,
        /// How far.
        place: Place,
    },
    /// It stands otherwise with somebody's messages that go to another realm; with everybody's where nobody is named.
    Delivery {
        /// Who tells it.
        by: NodeId,
        /// Where.
        conversation: ConversationId,
        /// Whose.
        user: Option<UserId>,
    },
    /// Somebody is no longer in a group. [`Hint::GroupChanged`] tells those who still are.
    Left {
        /// Who tells it.
        by: NodeId,
        /// The group.
        conversation: ConversationId,
        /// Who.
        user: UserId,
    },
}

/// The version of the form. One that is not known is passed over whole.
const FORM: u8 = 1;

/// The bytes of the longest hint.
pub const HINT_BYTES_MAX: usize = 34;

impl Hint {
    /// Those that also stand in the store until every node has seen them: their kind and their numbers, which are those
    /// of [`to_bytes`](Self::to_bytes) without the node. Those that are not used are 0.
    pub fn durable(self) -> Option<(u8, [i64; 3])> {
        Some(match self {
            Self::SessionEnded(id) => (1, [id.0, 0, 0]),
            Self::UserChanged(id) => (2, [id.0, 0, 0]),
            Self::GroupChanged(id) => (3, [id.0, 0, 0]),
            Self::Read { user, place, .. } => (8, [user.0, place.conversation.0, place.seq.0]),
            Self::Delivery { conversation, user, .. } => {
                (9, [conversation.0, user.map_or(NOBODY, |user| user.0), 0])
            }
            Self::Left { conversation, user, .. } => (10, [conversation.0, user.0, 0]),
            Self::Arrived(_) | Self::Nodes(_) | Self::Queued { .. } | Self::Typing { .. } => {
                return None;
            }
        })
    }

    /// What [`Hint::durable`] said, of [`NodeId::NONE`]; `None`: a kind that this version does not know.
    pub fn from_durable(kind: u8, numbers: [i64; 3]) -> Option<Self> {
        let [first, second, third] = numbers;
        let by = NodeId::NONE;
        Some(match kind {
            1 => Self::SessionEnded(SessionId(first)),
            2 => Self::UserChanged(UserId(first)),
            3 => Self::GroupChanged(ConversationId(first)),
            8 => {
                let place = Place { conversation: ConversationId(second), seq: Seq(third) };
                Self::Read { by, user: UserId(first), place }
            }
            9 => {
                let user = Some(second).filter(|id| *id != NOBODY).map(UserId);
                Self::Delivery { by, conversation: ConversationId(first), user }
            }
            10 => Self::Left { by, conversation: ConversationId(first), user: UserId(second) },
            _ => return None,
        })
    }

    /// Whether it changes nothing that a node remembers: it is for those who listen closely alone.
    pub fn is_for_listeners(self) -> bool {
        matches!(
            self,
            Self::Typing { .. } | Self::Read { .. } | Self::Delivery { .. } | Self::Left { .. }
        )
    }

    /// The bytes for other nodes: the form (1), the kind, and the kind's numbers, 8 bytes each, big-endian:
    ///
    /// | kind | numbers |
    /// |---|---|
    /// | 1 | session |
    /// | 2 | user |
    /// | 3 | group |
    /// | 4 | arrival |
    /// | 5 | version |
    /// | 6 | node, link |
    /// | 7 | node, conversation, user |
    /// | 8 | node, user, conversation, number |
    /// | 9 | node, conversation, user or -1 |
    /// | 10 | node, group, user |
    pub fn to_bytes(self) -> Vec<u8> {
        let (kind, numbers): (u8, &[i64]) = match self {
            Self::SessionEnded(id) => (1, &[id.0]),
            Self::UserChanged(id) => (2, &[id.0]),
            Self::GroupChanged(id) => (3, &[id.0]),
            Self::Arrived(arrival) => (4, &[arrival.0]),
            Self::Nodes(version) => (5, &[version.0]),
            Self::Queued { by, link } => (6, &[by.0, link.0]),
            Self::Typing { by, conversation, user } => (7, &[by.0, conversation.0, user.0]),
            Self::Read { by, user, place } => {
                (8, &[by.0, user.0, place.conversation.0, place.seq.0])
            }
            Self::Delivery { by, conversation, user } => {
                (9, &[by.0, conversation.0, user.map_or(NOBODY, |user| user.0)])
            }
            Self::Left { by, conversation, user } => (10, &[by.0, conversation.0, user.0]),
        };
        let mut bytes = vec![FORM, kind];
        bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        bytes
    }

    /// The hint in these bytes; `None`: none that this version knows, or none at all. Whatever follows a kind's own
    /// numbers is passed over, so that a later version may add some.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[form, kind], rest) = bytes.split_first_chunk()?;
        if form != FORM {
            return None;
        }
        let (numbers, _) = rest.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|bytes| i64::from_be_bytes(*bytes));
        let mut next = || numbers.next();
        Some(match kind {
            1 => Self::SessionEnded(SessionId(next()?)),
            2 => Self::UserChanged(UserId(next()?)),
            3 => Self::GroupChanged(ConversationId(next()?)),
            4 => Self::Arrived(Arrival(next()?)),
            5 => Self::Nodes(Version(next()?)),
            6 => Self::Queued { by: NodeId(next()?), link: LinkId(next()?) },
            7 => Self::Typing {
                by: NodeId(next()?),
                conversation: ConversationId(next()?),
                user: UserId(next()?),
            },
            8 => {
                let (by, user) = (NodeId(next()?), UserId(next()?));
                let conversation = ConversationId(next()?);
                let place = Place { conversation, seq: Seq(next()?) };
                Self::Read { by, user, place }
            }
            9 => Self::Delivery {
                by: NodeId(next()?),
                conversation: ConversationId(next()?),
                user: Some(next()?).filter(|id| *id != NOBODY).map(UserId),
            },
            10 => Self::Left {
                by: NodeId(next()?),
                conversation: ConversationId(next()?),
                user: UserId(next()?),
            },
            _ => return None,
        })
    }
}

/// No account's number.
const NOBODY: i64 = -1;

#[cfg(test)]
mod tests {
    use super::*;

    fn each() -> Vec<Hint> {
        let (by, user, conversation) = (NodeId(i64::MAX), UserId(2), ConversationId(3));
        vec![
            Hint::SessionEnded(SessionId(1)),
            Hint::UserChanged(user),
            Hint::GroupChanged(conversation),
            Hint::Arrived(Arrival(i64::MAX)),
            Hint::Nodes(Version(5)),
            Hint::Queued { by, link: LinkId(6) },
            Hint::Typing { by, conversation, user },
            Hint::Read { by, user, place: Place { conversation, seq: Seq(7) } },
            Hint::Delivery { by, conversation, user: Some(user) },
            Hint::Delivery { by, conversation, user: None },
            Hint::Left { by, conversation, user },
        ]
    }

    #[test]
    fn a_hint_is_read_as_it_was_written() {
        for hint in each() {
            let mut bytes = hint.to_bytes();
            assert!(bytes.len() <= HINT_BYTES_MAX);
            assert_eq!(Hint::from_bytes(&bytes), Some(hint));
            bytes.extend([0; 11]);
            assert_eq!(Hint::from_bytes(&bytes), Some(hint), "with what a later version adds");
        }
    }

    #[test]
    fn what_is_cut_or_not_known_is_no_hint() {
        for hint in each() {
            let bytes = hint.to_bytes();
            for length in 0..bytes.len() {
                assert_eq!(Hint::from_bytes(&bytes[..length]), None, "{hint:?}");
            }
        }
        for unknown in [[2, 1], [1, 0], [1, 11], [1, 255], [0, 0]] {
            let bytes = [&unknown[..], &[0; 64]].concat();
            assert_eq!(Hint::from_bytes(&bytes), None, "{unknown:?}");
        }
    }

    #[test]
    fn the_form_is_what_it_has_been() {
        let hint = Hint::Left { by: NodeId(1), conversation: ConversationId(258), user: UserId(3) };
        let numbers =
            [[0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 0, 0, 0, 3]];
        assert_eq!(hint.to_bytes(), [&[1, 10][..], &numbers.concat()].concat());
    }

    #[test]
    fn what_is_durable_is_read_as_it_was_kept() {
        let mut kinds = Vec::new();
        for hint in each() {
            let Some((kind, numbers)) = hint.durable() else { continue };
            kinds.push(kind);
            let kept = Hint::from_durable(kind, numbers).unwrap();
            assert_eq!(kept.durable(), Some((kind, numbers)));
            // The same but for its node, which is none.
            let mut bytes = hint.to_bytes();
            assert_eq!(bytes[1], kind);
            if hint.is_for_listeners() {
                bytes[2..10].copy_from_slice(&NodeId::NONE.0.to_be_bytes());
            }
            assert_eq!(kept.to_bytes(), bytes);
        }
        assert_eq!(kinds, [1, 2, 3, 8, 9, 9, 10]);
        assert_eq!(Hint::from_durable(4, [1, 0, 0]), None);
    }
}
