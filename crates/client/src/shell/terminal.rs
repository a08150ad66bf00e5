//! Where typed lines come from: a line editor on a terminal, plain standard input otherwise.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor};

use super::line::holds_password;

/// One typed line. Files travel in lines, so this is the limit of a reply.
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many lines the history holds, in memory only.
const HISTORY_LINES_MAX: usize = 1_000;

/// What a person, or a script in a person's place, typed.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// A line without its end.
    Line(String),
    /// A line that is not UTF-8.
    NotText,
    /// A line longer than [`LINE_BYTES_MAX`]; it is skipped.
    TooLong,
    /// The end of the input.
    End,
}

/// A source of typed lines.
pub trait Source {
    /// Shows the prompt and waits for a line. A source without an editor writes the prompt to
    /// `out`, and ends the prompt's line there at the end of the input.
    fn next(&mut self, prompt: &str, out: &mut dyn Write) -> io::Result<Typed>;
}

/// The source for this process.
pub fn source() -> io::Result<Box<dyn Source>> {
    if edits() {
        Ok(Box::new(Editor::new()?))
    } else {
        Ok(Box::new(Plain::new(io::stdin().lock())))
    }
}

/// An editor writes escape bytes: only where they are understood, and never into a pipe.
fn edits() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    !dumb && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Lines from a stream, the prompts written all the same, as the seeds' programs do.
#[derive(Debug)]
pub struct Plain<R>(R);

impl<R: BufRead> Plain<R> {
    /// Reads from `input`.
    pub fn new(input: R) -> Self {
        Self(input)
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.0.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let (size, done) = end.map_or((buffer.len(), buffer.is_empty()), |at| (at + 1, true));
            self.0.consume(size);
            if done {
                return Ok(());
            }
        }
    }
}

impl<R: BufRead> Source for Plain<R> {
    fn next(&mut self, prompt: &str, out: &mut dyn Write) -> io::Result<Typed> {
        write!(out, "{prompt}")?;
        out.flush()?;
        let mut bytes = Vec::new();
        let limit = u64::try_from(LINE_BYTES_MAX + 1).unwrap_or(u64::MAX);
        let read = self.0.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            writeln!(out)?;
            return Ok(Typed::End);
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        } else if read > LINE_BYTES_MAX {
            self.skip_line()?;
            return Ok(Typed::TooLong);
        }
        Ok(String::from_utf8(bytes).map_or(Typed::NotText, Typed::Line))
    }
}

/// A line editor with a history that no file ever sees.
struct Editor(DefaultEditor);

impl Editor {
    fn new() -> io::Result<Self> {
        // Without bracketed paste, pasted lines are commands one after the other, as from a pipe.
        let config = Config::builder()
            .max_history_size(HISTORY_LINES_MAX)
            .map_err(io::Error::other)?
            .auto_add_history(false)
            .bracketed_paste(false)
            .build();
        DefaultEditor::with_config(config).map(Self).map_err(io::Error::other)
    }
}

impl Source for Editor {
    fn next(&mut self, prompt: &str, _out: &mut dyn Write) -> io::Result<Typed> {
        match self.0.readline(prompt) {
            Ok(line) if line.len() > LINE_BYTES_MAX => Ok(Typed::TooLong),
            Ok(line) => {
                if !holds_password(&line) {
                    self.0.add_history_entry(line.as_str()).map_err(io::Error::other)?;
                }
                Ok(Typed::Line(line))
            }
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => Ok(Typed::End),
            Err(ReadlineError::Io(error)) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_one_by_one_with_a_prompt_each_and_then_the_end() {
        let mut out = Vec::new();
        let mut source = Plain::new(&b"auth a b\r\n\n\xff\nlast"[..]);
        let mut next = || source.next("p:", &mut out).unwrap();
        assert_eq!(next(), Typed::Line("auth a b\r".to_owned()));
        assert_eq!(next(), Typed::Line(String::new()));
        assert_eq!(next(), Typed::NotText);
        assert_eq!(next(), Typed::Line("last".to_owned()));
        assert_eq!(next(), Typed::End);
        assert_eq!(out, b"p:p:p:p:p:\n");
    }

    #[test]
    fn a_line_may_be_as_long_as_the_limit_and_a_longer_one_is_skipped_whole() {
        let mut input = vec![b'x'; LINE_BYTES_MAX];
        input.push(b'\n');
        input.resize(input.len() + LINE_BYTES_MAX + 1, b'y');
        input.extend_from_slice(b"y\nnext\n");
        let mut source = Plain::new(&input[..]);
        let mut next = || source.next("", &mut io::sink()).unwrap();
        assert_eq!(next(), Typed::Line("x".repeat(LINE_BYTES_MAX)));
        assert_eq!(next(), Typed::TooLong);
        assert_eq!(next(), Typed::Line("next".to_owned()));
        assert_eq!(next(), Typed::End);
    }
}
