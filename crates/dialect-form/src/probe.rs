//! Finding where the contents of a file begin in a request that has not come whole.

use std::ops::Range;

use crate::command;
use crate::form::is_key;

/// The key of the contents.
pub(crate) const PAYLOAD: &str = "payload";

/// Looks for the contents in a request that grows at its end.
#[derive(Debug)]
pub(crate) struct Probe {
    /// The bytes that have been looked at.
    scanned: usize,
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first `=`, which settles the command.
    Command,
    /// In a key that begins here.
    Key(usize),
    /// In the value of another key.
    Value,
    /// There are none to be found.
    Nothing,
}

impl Probe {
    /// At the front of a request.
    pub(crate) const START: Self = Self { scanned: 0, at: At::Command };

    /// Where the key of the contents stands, with its `=`. `request` is what has come of it.
    pub(crate) fn find(&mut self, request: &[u8]) -> Option<Range<usize>> {
        while self.at != At::Nothing && self.scanned < request.len() {
            let fresh = &request[self.scanned..];
            let next = fresh.iter().position(|byte| matches!(byte, b'=' | b'&'));
            let Some(at) = next.map(|next| self.scanned + next) else { break };
            self.scanned = at + 1;
            if request[at] == b'&' {
                self.at = match self.at {
                    // It has no value, and no later one counts.
                    At::Key(start) if is_key(&request[start..at], PAYLOAD) => At::Nothing,
                    At::Key(_) | At::Value => At::Key(at + 1),
                    At::Command | At::Nothing => self.at,
                };
                continue;
            }
            if self.at == At::Command {
                self.at = settled(&request[..=at]);
            }
            let At::Key(start) = self.at else { continue };
            if is_key(&request[start..at], PAYLOAD) {
                self.at = At::Nothing;
                return Some(start..at + 1);
            }
            self.at = At::Value;
        }
        self.scanned = request.len();
        None
    }
}

/// Where one is at the first `=` of a request, with which this ends.
fn settled(request: &[u8]) -> At {
    let Some(form) = command::form_of_upload(request) else { return At::Nothing };
    let mut keys = form[..form.len() - 1].split(|byte| *byte == b'&');
    let last = keys.next_back().unwrap_or_default();
    if keys.any(|key| is_key(key, PAYLOAD)) {
        return At::Nothing;
    }
    At::Key(request.len() - 1 - last.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands before the contents, and what follows from there.
    #[track_caller]
    fn check(request: &str, expected: Option<(&str, &str)>) {
        let split = |key: Range<usize>| (&request[..key.start], &request[key.end..]);
        let mut probe = Probe::START;
        let whole = probe.find(request.as_bytes()).map(split);
        assert_eq!(whole, expected, "{request:?} whole");
        let mut probe = Probe::START;
        let grown = (0..=request.len()).find_map(|end| probe.find(&request.as_bytes()[..end]));
        assert_eq!(grown.map(split), expected, "{request:?} byte by byte");
    }

    #[test]
    fn contents_stand_anywhere_in_the_form_of_an_upload() {
        check("file_send payload=x&a=1", Some(("file_send ", "x&a=1")));
        check("file_send a=1&payload=x", Some(("file_send a=1&", "x")));
        check("  SEND   FILE  a=b c=d&payload=", Some(("  SEND   FILE  a=b c=d&", "")));
        check("send_file a&&payload=x", Some(("send_file a&&", "x")));
        check("room_send_file %70ayload=x=y", Some(("room_send_file ", "x=y")));
        check("file_send a=payload=1&payload=2", Some(("file_send a=payload=1&", "2")));
    }

    #[test]
    fn what_is_no_upload_has_none() {
        for request in [
            "",
            "file_send",
            "file_send payload",
            "file_send session=1",
            "send payload=x",
            "file_get payload=x",
            "payload=x",
            "file_send x payload=x",
            "file_send Payload=x&payloads=y&a payload=z",
            "file_send=1&payload=x",
            "file_send&payload=x",
        ] {
            check(request, None);
        }
    }

    #[test]
    fn the_first_of_two_counts_with_and_without_a_value() {
        check("file_send payload=x&payload=y", Some(("file_send ", "x&payload=y")));
        check("file_send payload&payload=y", None);
        check("file_send a=1&payload&payload=y", None);
    }
}
