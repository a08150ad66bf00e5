//! What writers sent, held against what arrived.

/// What became of a message, as its writer saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// The server said that it was accepted.
    Accepted,
    /// The server said no.
    Refused,
    /// No answer came: it may be there, or not.
    Unknown,
}

/// What one writer sent to one place, in order.
pub(crate) type History = Vec<(String, Fate)>;

/// What is wrong with what arrived, given what was sent, both in order.
pub(crate) fn compare(sent: &[(String, Fate)], arrived: &[&String]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut left = arrived.iter().peekable();
    for (text, fate) in sent {
        let is_next = left.peek().is_some_and(|next| **next == text);
        match fate {
            Fate::Accepted if !is_next => faults.push(format!("lost or out of order: {text}")),
            Fate::Refused if is_next => faults.push(format!("resurrected: {text}")),
            Fate::Accepted | Fate::Refused | Fate::Unknown => {}
        }
        if is_next {
            left.next();
        }
    }
    faults.extend(left.map(|text| format!("double, ghost or out of order: {text}")));
    faults
}
