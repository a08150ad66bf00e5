//! Telling what has arrived: a push is compared with what it must be, and only what looks different
//! is read.

use std::io;
use std::time::Instant;

use super::member::Member;
use super::talk::Talk;
use super::template::Template;
use crate::bytes::{find, printable};
use crate::dialect::Dialect;
use crate::meter::Meter;

/// One look at the sockets.
pub(super) struct Hearing<'a> {
    pub(super) dialect: Dialect,
    pub(super) meter: &'a Meter,
    pub(super) talks: &'a mut [Talk],
    pub(super) deliveries: u64,
    pub(super) bytes: u64,
    pub(super) now: Instant,
}

impl Hearing<'_> {
    /// Reads once what one of them has, into `buffer`, and takes all that is whole.
    pub(super) fn read(
        &mut self,
        at: usize,
        member: &mut Member,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        let arrived = member.read(buffer)?;
        let used = self.take(at, member, &buffer[..arrived])?;
        member.keep(&buffer[used..arrived]);
        Ok(())
    }

    /// How many bytes were whole.
    fn take(&mut self, at: usize, member: &mut Member, bytes: &[u8]) -> io::Result<usize> {
        let mut used = 0;
        while used < bytes.len() {
            let rest = &bytes[used..];
            let known = self.talks.iter().enumerate().find_map(|(author, talk)| {
                let template = talk.template.as_ref()?;
                Some((author, template.read(rest, &talk.text)?, template.bytes()))
            });
            if let Some((author, number, length)) = known {
                self.delivered(member, author, number, length)?;
                used += length;
                continue;
            }
            let Some(length) = frame_bytes(rest, self.dialect.end()) else { break };
            self.frame(at, member, &rest[..length])?;
            used += length;
        }
        Ok(used)
    }

    /// Anything but a push of an author who has been heard before.
    fn frame(&mut self, at: usize, member: &mut Member, frame: &[u8]) -> io::Result<()> {
        if self.dialect.is_push(frame) {
            return self.push(member, frame);
        }
        let ok = frame.starts_with(self.dialect.ok());
        let Some(talk) = self.talks.get_mut(at) else {
            return Err(io::Error::other(format!("said unasked: {}", printable(frame))));
        };
        if !ok {
            self.meter.refused(frame);
        }
        let took = talk.answer(ok, self.now).map_err(|_| {
            io::Error::other(format!("a reply that nobody asked for: {}", printable(frame)))
        })?;
        if let Some(took) = took {
            self.meter.accepted(took);
        }
        Ok(())
    }

    fn push(&mut self, member: &mut Member, push: &[u8]) -> io::Result<()> {
        let body = self.dialect.pushed_text(push).unwrap_or_default();
        let read = |talk: &Talk| Some((talk.text.read(body)?, Template::learn(push, body)?));
        let found = self.talks.iter().enumerate().find_map(|(author, talk)| {
            let (number, template) = read(talk)?;
            Some((author, number, template))
        });
        if let Some((author, number, template)) = found {
            self.talks[author].template.get_or_insert(template);
            return self.delivered(member, author, number, push.len());
        }
        // Who comes and goes is told, too.
        if !is_of_the_room(push) {
            member.heard[0].stranger();
        }
        Ok(())
    }

    fn delivered(
        &mut self,
        member: &mut Member,
        author: usize,
        number: u64,
        bytes: usize,
    ) -> io::Result<()> {
        let (talk, heard) = (&mut self.talks[author], &mut member.heard[author]);
        let before = heard.distinct();
        if heard.arrived(number, talk.issued).is_err() {
            return Err(io::Error::other("too many gaps in what somebody heard"));
        }
        if heard.distinct() > before {
            self.deliveries += 1;
            self.bytes += bytes as u64;
            if let Some(took) = talk.heard(number, self.now) {
                self.meter.accepted(took);
            }
        }
        Ok(())
    }
}

/// Whether the server speaks here in its own name.
fn is_of_the_room(push: &[u8]) -> bool {
    push.ends_with(b"\"username\":\"[System]\"}\n")
}

/// Bytes of the first whole frame.
fn frame_bytes(bytes: &[u8], end: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + find(&bytes[from..], end[0])?;
        if bytes.get(at..at + end.len())? == end {
            return Some(at + end.len());
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::frame_bytes;

    #[test]
    fn a_frame_ends_with_its_mark_and_is_not_whole_before() {
        let both = b"notif a: b\r\nc\r\n\r\nsuccess\r\n\r\n";
        assert_eq!(frame_bytes(both, b"\r\n\r\n"), Some(17));
        for cut in 0..17 {
            assert_eq!(frame_bytes(&both[..cut], b"\r\n\r\n"), None);
        }
        assert_eq!(frame_bytes(b"{}\n{}\n", b"\n"), Some(3));
    }
}
