//! The lines of a transcript, parsed before anything is played.

use super::Fault;
use super::template::{Escapes, Template};

/// A whole transcript, in order.
pub(super) struct Script<'a> {
    pub(super) entries: Vec<Entry<'a>>,
}

/// One or more lines that belong together. Sources are kept for the rewritten file.
pub(super) enum Entry<'a> {
    /// A comment or a blank line.
    Silent(&'a str),
    /// `! words`
    Directive { number: usize, source: &'a str },
    /// A sent line and the replies to it.
    Turn(Turn<'a>),
}

/// `who> sent` and the `who< reply` lines directly below.
pub(super) struct Turn<'a> {
    pub(super) number: usize,
    pub(super) source: &'a str,
    pub(super) who: &'a str,
    pub(super) sent: Template,
    pub(super) replies: Vec<Reply<'a>>,
}

/// One expected reply.
pub(super) struct Reply<'a> {
    pub(super) source: &'a str,
    pub(super) template: Template,
}

impl<'a> Script<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Fault> {
        let mut entries = Vec::new();
        for (index, source) in text.lines().enumerate() {
            let number = index + 1;
            add(&mut entries, number, source).map_err(|error| (number, error))?;
        }
        Ok(Self { entries })
    }
}

fn add<'a>(entries: &mut Vec<Entry<'a>>, number: usize, source: &'a str) -> Result<(), String> {
    if source.trim().is_empty() || source.starts_with('#') {
        entries.push(Entry::Silent(source));
        return Ok(());
    }
    if let Some(words) = source.strip_prefix('!') {
        if words.trim().is_empty() {
            return Err("a directive without words".to_owned());
        }
        entries.push(Entry::Directive { number, source });
        return Ok(());
    }
    let (who, direction, text) = speech(source)
        .ok_or("neither `# comment`, `! directive`, `who> line sent` nor `who< reply`")?;
    if direction == '>' {
        let sent = Template::parse(text, Escapes::Known)?;
        entries.push(Entry::Turn(Turn { number, source, who, sent, replies: Vec::new() }));
        return Ok(());
    }
    match entries.last_mut() {
        Some(Entry::Turn(turn)) if turn.who == who => {
            let template = Template::parse(text, Escapes::Literal)?;
            turn.replies.push(Reply { source, template });
            Ok(())
        }
        _ => Err(format!("no line sent by `{who}` stands directly above this reply")),
    }
}

/// `who = 1*( ALPHA / DIGIT / "_" / "-" )`, then `>` or `<`, then at most one space, then the text.
fn speech(source: &str) -> Option<(&str, char, &str)> {
    let (who, rest) = source.split_at(source.find(['>', '<'])?);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if who.is_empty() || !who.bytes().all(plain) {
        return None;
    }
    let direction = if rest.starts_with('>') { '>' } else { '<' };
    let text = &rest[1..];
    Some((who, direction, text.strip_prefix(' ').unwrap_or(text)))
}
