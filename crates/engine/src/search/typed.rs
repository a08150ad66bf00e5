//! What somebody typed into a field for searching.
//!
//! ```text
//! search   = *( operator / word )
//! operator = ("from:" user) / ("in:" place) / ("has:" ("file" / "link")) / ("after:" date) / ("before:" date)
//! user     = ["@"] name
//! place    = ["#"] name / ["@"] name
//! word     = 1*CHAR / DQUOTE *CHAR DQUOTE
//! ```
//!
//! A user, a place and a date may be quoted, too. A word of letters, a colon and something is an operator, so
//! that one that is not known is not searched for in vain; in quotes it is a word, and so is an address such
//! as `https://example.org`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use kabar_model::Timestamp;
use kabar_model::limits::SEARCH_WORDS_MAX;

use crate::store::found_in;

/// A search as typed, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// What the text or the file's name is to contain.
    pub words: Vec<String>,
    /// The username after `from:`, without `@`.
    pub from: Option<String>,
    /// The group or the username after `in:`; with `@` it is a username, with `#` a group.
    pub within: Option<String>,
    /// Whether only files are wanted.
    pub has_file: bool,
    /// Whether only texts with a link are wanted.
    pub has_link: bool,
    /// The beginning of the day after `after:` (UTC).
    pub since: Option<Timestamp>,
    /// The beginning of the day after `before:` (UTC).
    pub until: Option<Timestamp>,
}

/// Why a search is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// There is nothing in it.
    Empty,
    /// No such operator.
    Operator(String),
    /// An operator with what it does not take: `has:` takes `file` and `link`, `after:` and `before:` a date such as
    /// 2026-12-31, and none takes nothing.
    Value {
        /// The operator, without the colon.
        operator: String,
        /// What followed.
        value: String,
    },
    /// An operator that was there already.
    Twice(String),
    /// More words than [`limits::SEARCH_WORDS_MAX`](kabar_model::limits::SEARCH_WORDS_MAX).
    TooManyWords,
}

impl Search {
    /// Takes apart what was typed.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let mut search = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let item = Item::first_of(rest);
            rest = rest[item.bytes..].trim_start();
            match item.operator {
                Some(operator) => search.operate(operator, &item.value)?,
                None if item.value.is_empty() => {}
                None => search.words.push(item.value),
            }
        }
        if search.words.len() > SEARCH_WORDS_MAX {
            return Err(Mistake::TooManyWords);
        }
        if search == Self::default() { Err(Mistake::Empty) } else { Ok(search) }
    }

    fn operate(&mut self, operator: &str, value: &str) -> Result<(), Mistake> {
        let mistake = || Mistake::Value { operator: operator.to_owned(), value: value.to_owned() };
        let day = || first_moment(value).ok_or_else(mistake);
        let bare = value.strip_prefix(['@', '#']).unwrap_or(value);
        let is_new = match operator {
            "from" | "in" if bare.is_empty() => return Err(mistake()),
            "from" => {
                let name = value.strip_prefix('@').unwrap_or(value);
                self.from.replace(name.to_owned()).is_none()
            }
            "in" => self.within.replace(value.to_owned()).is_none(),
            "has" if value.eq_ignore_ascii_case("file") => {
                !std::mem::replace(&mut self.has_file, true)
            }
            "has" if value.eq_ignore_ascii_case("link") => {
                !std::mem::replace(&mut self.has_link, true)
            }
            "has" => return Err(mistake()),
            "after" => self.since.replace(day()?).is_none(),
            "before" => self.until.replace(day()?).is_none(),
            other => return Err(Mistake::Operator(other.to_owned())),
        };
        if is_new { Ok(()) } else { Err(Mistake::Twice(operator.to_owned())) }
    }

    /// Where the words stand in a text: ranges of bytes, in order, none of which touches another.
    pub fn found_in(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        found_in(text, &self.words)
    }
}

/// One word or operator.
struct Item<'a> {
    operator: Option<&'a str>,
    value: String,
    /// How much of the text it takes.
    bytes: usize,
}

impl<'a> Item<'a> {
    /// The first of a text that begins with one.
    fn first_of(text: &'a str) -> Self {
        let word = &text[..text.find(char::is_whitespace).unwrap_or(text.len())];
        let operator = word.split_once(':').filter(|(name, value)| {
            let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
            is_name && !value.starts_with("//")
        });
        let operator = operator.map(|(name, _)| name);
        let start = operator.map_or(0, |name| name.len() + 1);
        match text[start..].strip_prefix('"') {
            Some(quoted) => {
                // A quotation that is not closed goes to the end.
                let end = quoted.find('"').unwrap_or(quoted.len());
                let bytes = (start + 1 + end + 1).min(text.len());
                Self { operator, value: quoted[..end].trim().to_owned(), bytes }
            }
            None => Self { operator, value: word[start..].to_owned(), bytes: word.len() },
        }
    }
}

/// The first moment of a day such as 2026-12-31, in UTC.
fn first_moment(day: &str) -> Option<Timestamp> {
    let is_plain = day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let day: Date = day.parse().ok().filter(|_| is_plain)?;
    let start = day.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp(start.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Search {
        Search { words: words.iter().map(|word| (*word).to_owned()).collect(), ..Search::default() }
    }

    #[test]
    fn words_stand_alone_or_in_quotes() {
        assert_eq!(Search::parse("  halo  dunia "), Ok(words(&["halo", "dunia"])));
        assert_eq!(Search::parse("\"halo dunia\" x"), Ok(words(&["halo dunia", "x"])));
        assert_eq!(Search::parse("\"no end"), Ok(words(&["no end"])));
        assert_eq!(Search::parse("a\"b"), Ok(words(&["a\"b"])));
        assert_eq!(Search::parse("\"a\"b"), Ok(words(&["a", "b"])));
    }

    #[test]
    fn operators_narrow_the_search() {
        let all = "from:messi in:\"Chess Club\" has:file after:1970-01-02 before:2026-01-01 report";
        let search = Search {
            words: vec!["report".into()],
            from: Some("messi".into()),
            within: Some("Chess Club".into()),
            has_file: true,
            has_link: false,
            since: Some(Timestamp(86_400_000_000)),
            until: Some(Timestamp(1_767_225_600_000_000)),
        };
        assert_eq!(Search::parse(all), Ok(search));
        let has_file = Search { has_file: true, ..Search::default() };
        assert_eq!(Search::parse("has:FILE"), Ok(has_file.clone()), "no word is needed");
        let both = Search { has_link: true, ..has_file };
        assert_eq!(Search::parse("has:file has:Link"), Ok(both));
    }

    #[test]
    fn a_name_may_bear_a_sign_that_says_what_it_is() {
        let from = Search { from: Some("ani".into()), ..Search::default() };
        for text in ["from:ani", "from:@ani", "from:\"@ani\"", " from:\" ani \" "] {
            assert_eq!(Search::parse(text).as_ref(), Ok(&from), "{text}");
        }
        for (text, place) in [
            ("in:#ops", "#ops"),
            ("in:@maya", "@maya"),
            ("in:\"Kelompok 3\"", "Kelompok 3"),
            ("in:\"#Kelompok 3\"", "#Kelompok 3"),
        ] {
            let within = Search { within: Some(place.into()), ..Search::default() };
            assert_eq!(Search::parse(text), Ok(within), "{text}");
        }
        assert_eq!(Search::parse("@izza #x"), Ok(words(&["@izza", "#x"])), "words, elsewhere");
    }

    #[test]
    fn what_is_no_operator_is_a_word_only_in_quotes_or_by_its_looks() {
        assert_eq!(Search::parse("to:messi"), Err(Mistake::Operator("to".into())));
        assert_eq!(Search::parse("\"to:messi\""), Ok(words(&["to:messi"])));
        let plain = ["10:30", "https://example.org", ":)", "a.b:c", "::"];
        for text in plain {
            assert_eq!(Search::parse(text), Ok(words(&[text])));
        }
    }

    #[test]
    fn an_operator_takes_what_it_takes_once() {
        let wrong = [("has", "image"), ("after", "yesterday"), ("before", "2026-02-30")];
        for (operator, value) in wrong.into_iter().chain([
            ("after", "2026-01-01T00:00"),
            ("after", "26-1-1"),
            ("from", ""),
            ("in", ""),
            ("from", "@"),
            ("in", "#"),
            ("in", "@"),
            ("before", ""),
        ]) {
            let mistake = Mistake::Value { operator: operator.to_owned(), value: value.to_owned() };
            assert_eq!(Search::parse(&format!("{operator}:{value}")), Err(mistake));
        }
        assert_eq!(Search::parse("in:a in:b"), Err(Mistake::Twice("in".into())));
    }

    #[test]
    fn a_search_is_not_empty_and_has_so_many_words() {
        for text in ["", "  ", "\"\"", "\" \""] {
            assert_eq!(Search::parse(text), Err(Mistake::Empty), "{text:?}");
        }
        assert!(Search::parse(&"a ".repeat(SEARCH_WORDS_MAX)).is_ok());
        let many = "a ".repeat(SEARCH_WORDS_MAX + 1);
        assert_eq!(Search::parse(&many), Err(Mistake::TooManyWords));
    }

    #[test]
    fn any_input_is_taken_apart_or_refused() {
        for text in ["\"", "from:\"", "in:\"é", "é:\"x", "\u{2003}x", "a:\"\"b", "🦀:x from:🦀"]
        {
            let _ = Search::parse(text);
        }
    }
}
