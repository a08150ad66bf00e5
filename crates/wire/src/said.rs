//! What a message says in a dialect that knows texts alone: a change to an earlier message is a text, too.

use std::borrow::Cow;

use kabar_model::Change;

/// Stands before what is said of an earlier message.
const OF_EARLIER: &str = "* ";
/// Stands before an emoji that was taken back.
const TAKEN_BACK: &str = "- ";

/// What a message says: its text, or `* ` and the new text of an earlier message, an emoji, or `deleted`.
pub fn said<'a>(text: &'a str, change: Option<Change>, deleted: &str) -> Cow<'a, str> {
    match change {
        None => text.into(),
        Some(Change::Edit(_) | Change::Reaction(_)) => format!("{OF_EARLIER}{text}").into(),
        Some(Change::ReactionEnd(_)) => format!("{OF_EARLIER}{TAKEN_BACK}{text}").into(),
        Some(Change::Deletion(_)) => format!("{OF_EARLIER}{deleted}").into(),
    }
}

#[cfg(test)]
mod tests {
    use kabar_model::Seq;

    use super::*;

    #[test]
    fn a_change_is_said_as_a_text() {
        let of = Seq(1);
        for (text, change, expected) in [
            ("halo", None, "halo"),
            ("hallo", Some(Change::Edit(of)), "* hallo"),
            ("👍", Some(Change::Reaction(of)), "* 👍"),
            ("👍", Some(Change::ReactionEnd(of)), "* - 👍"),
            ("", Some(Change::Deletion(of)), "* (deleted)"),
        ] {
            assert_eq!(said(text, change, "(deleted)"), expected);
        }
    }
}
