//! What is searched for, and when a message is what was searched for.

use std::ops::Range;

use kabar_model::{Arrival, ConversationId, Timestamp, UserId};

use super::Message;

/// What a message must be to be found. With nothing set, every message is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Each is a part of its text or of its file's name, in any case.
    pub words: Vec<String>,
    /// It is from this person.
    pub from: Option<UserId>,
    /// It is in this conversation.
    pub within: Option<ConversationId>,
    /// It is a file.
    pub has_file: bool,
    /// There is a link in its text, as [`has_link`] says.
    pub has_link: bool,
    /// It was sent then or later.
    pub since: Option<Timestamp>,
    /// It was sent before then.
    pub until: Option<Timestamp>,
    /// It arrived before that one.
    pub before: Option<Arrival>,
}

impl SearchQuery {
    /// Whether a message that the person may see is what is searched for.
    pub fn matches(&self, message: &Message) -> bool {
        let is_said = message.change.is_none() && !message.deleted;
        is_said
            && self.from.is_none_or(|from| message.author == from)
            && self.within.is_none_or(|within| message.place.conversation == within)
            && (!self.has_file || message.file.is_some())
            && (!self.has_link || has_link(&message.body))
            && self.since.is_none_or(|since| message.at >= since)
            && self.until.is_none_or(|until| message.at < until)
            && self.before.is_none_or(|before| message.arrival < before)
            && self.has_words(message)
    }

    fn has_words(&self, message: &Message) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let text = caseless(&message.body);
        let name = message.file.as_ref().map(|file| caseless(file.name.as_str()));
        self.words.iter().map(|word| caseless(word)).all(|word| {
            text.contains(&word) || name.as_ref().is_some_and(|name| name.contains(&word))
        })
    }
}

/// Whether there is an address of the web in a text, `http://…` or `https://…`, in any case.
pub fn has_link(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let before = text[..at].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let is_web = ["http", "https"].iter().any(|scheme| before.eq_ignore_ascii_case(scheme));
        is_web && text[at + 3..].starts_with(|c: char| c.is_alphanumeric() || c == '[')
    })
}

/// A text in which case makes no difference any more. Character by character, so that where a part of it
/// stands does not depend on what follows.
pub fn caseless(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Where these words stand in a text, in any case: ranges of bytes, in order, none of which touches another.
pub fn found_in(text: &str, words: &[String]) -> Vec<Range<usize>> {
    // Where each byte of the folded text comes from: lower case may be longer or shorter.
    let mut folded = String::with_capacity(text.len());
    let mut origins: Vec<Range<usize>> = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        folded.extend(c.to_lowercase());
        origins.resize(folded.len(), at..at + c.len_utf8());
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    for word in words.iter().map(|word| caseless(word)).filter(|word| !word.is_empty()) {
        found.extend(
            folded
                .match_indices(&word)
                .map(|(at, _)| origins[at].start..origins[at + word.len() - 1].end),
        );
    }
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        found_in(text, &words).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn words_are_found_in_any_case_and_joined_where_they_touch() {
        assert_eq!(parts("Halo halo", &["HALO"]), ["Halo", "halo"]);
        assert_eq!(parts("abcdef", &["bcd", "def"]), ["bcdef"]);
        assert_eq!(parts("ab ab", &["ab", "x"]), ["ab", "ab"]);
        assert_eq!(parts("nothing", &["x", ""]), [""; 0]);
    }

    #[test]
    fn a_link_is_an_address_of_the_web() {
        for text in
            ["http://a", "lihat HTTPS://é.id/x ya", "(https://[::1]/)", "x http:// http://b"]
        {
            assert!(has_link(text), "{text}");
        }
        for text in ["", "http://", "https:// a", "xhttp://a", "ftp://a", "mailto:a@b", "www.a.id"]
        {
            assert!(!has_link(text), "{text}");
        }
    }

    #[test]
    fn ranges_are_those_of_the_text_though_its_lower_case_has_another_length() {
        assert_eq!(parts("İstanbul ĐẸP", &["stan", "đẹp"]), ["stan", "ĐẸP"]);
        assert_eq!(parts("İİx", &["x"]), ["x"]);
        assert_eq!(parts("ẞ ß", &["ß"]), ["ẞ", "ß"]);
    }
}
