//! Telling the protocols of one port apart by the first bytes of a connection.
//!
//! The rows are tried from the top; letters of a method are capital, every other word may be said
//! in any case:
//!
//! ```text
//! 0x16                                            TLS, closed without a certificate
//! below 0x20, above 0x7E                          closed silently
//! METHOD SP                                       HTTP
//! *SP "{"    /  *SP KEYWORD end                   keyword
//! ( "CAP" / "NICK" / "USER" / "PASS" ) SP         irc
//! *SP FORM-COMMAND 1*SP *text "="                 form
//! *SP LINE-COMMAND end                            line
//! any other text                                  not understood
//! end = SP / CR / LF
//! ```
//!
//! The bytes are read from the left, and a decision is taken at the first byte that settles it, so
//! it cannot depend on how the bytes were split on their way.

use crate::guard::HTTP_METHODS;

/// A connection that is not recognised within this many bytes is not understood. One block of the
/// form dialect is as long, so a form request is always settled within it.
pub const SNIFF_BYTES_MAX: usize = 1024;

/// What this server understands. A dialect that is not served is left empty.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Commands of the line dialect, lower case.
    pub line: &'a [&'a str],
    /// Commands of the form dialect, lower case. A command of two words has one space in it
    /// (`file list`).
    pub form: &'a [&'a str],
    /// Keywords of the keyword dialect, upper case.
    pub keyword: &'a [&'a str],
    /// Whether a certificate is configured. Inside TLS it is false: TLS does not nest.
    pub tls: bool,
    /// Whether IRC is enabled.
    pub irc: bool,
}

/// A protocol a connection can be taken as, once, for its whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A TLS handshake; what is inside is looked at again.
    Tls,
    /// HTTP/1 or HTTP/2 without TLS.
    Http,
    /// Dialect keyword, without the greeting.
    Keyword,
    /// Dialect form.
    Form,
    /// Dialect line, profile `realm`.
    Line,
    /// IRC.
    Irc,
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sniff {
    /// Nothing yet: call again with the same bytes and more. Never said of [`SNIFF_BYTES_MAX`]
    /// bytes.
    NeedMore,
    /// This protocol; its parser starts at the first byte.
    Found(Protocol),
    /// Close without a word.
    Closed,
    /// Send one fixed error line in which nothing of the input is echoed, then close.
    NotUnderstood,
}

/// Decides from all the bytes a connection has sent so far. Once it has decided, no continuation
/// of `prefix` changes the decision.
pub fn sniff(prefix: &[u8], known: &Known<'_>) -> Sniff {
    let prefix = &prefix[..prefix.len().min(SNIFF_BYTES_MAX)];
    match from_first_byte(prefix, known) {
        Sniff::NeedMore if prefix.len() == SNIFF_BYTES_MAX => Sniff::NotUnderstood,
        decision => decision,
    }
}

fn from_first_byte(prefix: &[u8], known: &Known<'_>) -> Sniff {
    match prefix.first() {
        None => Sniff::NeedMore,
        Some(0x16) if known.tls => Sniff::Found(Protocol::Tls),
        Some(0x20..=0x7E) => from_first_word(prefix, known),
        Some(_) => Sniff::Closed,
    }
}

fn from_first_word(prefix: &[u8], known: &Known<'_>) -> Sniff {
    let text = skip_spaces(prefix);
    if text.first() == Some(&b'{') {
        return found_if(!known.keyword.is_empty(), Protocol::Keyword);
    }
    // One byte more than the longest known word is enough to see that a word is unknown.
    let longest = known.first_words().map(str::len).max().unwrap_or(0);
    let window = &text[..text.len().min(longest + 1)];
    let Some(end) = window.iter().position(|byte| *byte == b' ' || byte.is_ascii_control()) else {
        return if window.len() > longest { Sniff::NotUnderstood } else { Sniff::NeedMore };
    };
    let (word, rest) = text.split_at(end);
    if is_control(rest) {
        return Sniff::Closed;
    }
    // Browsers and IRC clients begin with the first byte; only people put spaces before a word.
    let machine = prefix.len() == text.len() && rest[0] == b' ';
    if machine && HTTP_METHODS.iter().any(|method| method.as_bytes() == word) {
        return Sniff::Found(Protocol::Http);
    }
    if names(known.keyword, word) {
        return Sniff::Found(Protocol::Keyword);
    }
    if machine && names(&IRC_COMMANDS, word) {
        return found_if(known.irc, Protocol::Irc);
    }
    match form(word, rest, known.form) {
        Form::Undecided => Sniff::NeedMore,
        Form::Control => Sniff::Closed,
        Form::Yes => Sniff::Found(Protocol::Form),
        Form::No => found_if(names(known.line, word), Protocol::Line),
    }
}

/// What an IRC client says first (RFC 2812, section 3.1), or before it to ask for capabilities.
const IRC_COMMANDS: [&str; 4] = ["CAP", "NICK", "USER", "PASS"];

impl<'a> Known<'a> {
    /// Every word that can begin a connection, methods of HTTP and commands of IRC included.
    fn first_words(&self) -> impl Iterator<Item = &'a str> {
        let dialects = self.line.iter().chain(self.form).chain(self.keyword);
        dialects.chain(&HTTP_METHODS).chain(&IRC_COMMANDS).map(|name| words(name).0)
    }
}

/// Whether the words are a request of the form dialect.
enum Form {
    Undecided,
    Control,
    Yes,
    No,
}

/// `send budi hi` is line where `send username=budi` is form, so a command both dialects know waits
/// for its second word; a command of two words (`send file`) waits for its third.
fn form(word: &[u8], rest: &[u8], commands: &[&str]) -> Form {
    let one_word = names(commands, word);
    let mut two_words = commands.iter().map(|name| words(name)).filter(|(first, second)| {
        !second.is_empty() && first.as_bytes().eq_ignore_ascii_case(word)
    });
    if !one_word && two_words.clone().next().is_none() {
        return Form::No;
    }
    let Some((second, rest)) = split_argument(rest) else {
        return Form::Undecided;
    };
    match rest[0] {
        b'=' if one_word => return Form::Yes,
        b' ' => (),
        _ if is_control(rest) => return Form::Control,
        _ => return Form::No,
    }
    if !two_words.any(|(_, name)| name.as_bytes().eq_ignore_ascii_case(second)) {
        return Form::No;
    }
    match split_argument(rest) {
        None => Form::Undecided,
        Some((_, [b'=', ..])) => Form::Yes,
        Some((_, rest)) if is_control(rest) => Form::Control,
        Some(_) => Form::No,
    }
}

fn found_if(served: bool, protocol: Protocol) -> Sniff {
    if served { Sniff::Found(protocol) } else { Sniff::NotUnderstood }
}

fn names(known: &[&str], word: &[u8]) -> bool {
    known.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(word))
}

/// The first word of a known command, and its second, if it has one.
fn words(name: &str) -> (&str, &str) {
    name.split_once(' ').unwrap_or((name, ""))
}

fn skip_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|byte| **byte == b' ').count();
    &text[spaces..]
}

/// Cuts the text after its first word, once something ended that word: a space, a `=` or a control
/// character, with which what is left begins.
fn split_argument(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = skip_spaces(text);
    let ends = |byte: &u8| matches!(byte, b' ' | b'=') || byte.is_ascii_control();
    text.iter().position(ends).map(|end| text.split_at(end))
}

/// Whether what ended a word is neither a space, a `=` nor a line ending.
fn is_control(rest: &[u8]) -> bool {
    rest.first().is_some_and(|byte| byte.is_ascii_control() && !matches!(byte, b'\r' | b'\n'))
}
