//! Where typed lines come from: a line editor on a terminal, plain standard input otherwise.

pub mod cancel;
mod editor;
pub mod screen;
mod signals;

use std::io::{self, BufRead, IsTerminal, Read};
use std::path::PathBuf;

use super::console::Console;
use cancel::Cancel;
use editor::Editor;
use kabar_catalogue::Lang;
use screen::Screen;

/// One typed line, and so a message with all that an original server may take.
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
    /// Ctrl-C.
    Interrupted,
    /// The end of the input.
    End,
}

/// A source of typed lines.
pub trait Source {
    /// Shows the prompt and waits for a line. A source without an editor writes the prompt to
    /// `screen`, and ends the prompt's line there at the end of the input.
    fn next(&mut self, prompt: &str, screen: &Screen) -> io::Result<Typed>;

    /// As [`Source::next`], with nothing shown of what is typed where that is possible.
    fn secret(&mut self, prompt: &str, screen: &Screen) -> io::Result<Typed> {
        self.next(prompt, screen)
    }

    /// Keeps a line in the history, if there is one.
    fn remember(&mut self, _line: &str) -> io::Result<()> {
        Ok(())
    }

    /// Whether somebody is there who can be asked a question.
    fn is_person(&self) -> bool {
        false
    }
}

/// This process's terminal or pipes, and its current directory.
pub fn open(lang: Lang) -> io::Result<Console> {
    let cancel = Cancel::default();
    signals::watch(cancel.clone())?;
    let (source, screen): (Box<dyn Source>, _) = if edits() {
        let (editor, screen) = Editor::open()?;
        (Box::new(editor), screen)
    } else {
        (Box::new(Plain::new(io::stdin().lock())), Screen::plain(io::stdout()))
    };
    let bars = io::stderr().is_terminal();
    Ok(Console { source, screen, lang, directory: PathBuf::from("."), bars, cancel })
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
    fn next(&mut self, prompt: &str, screen: &Screen) -> io::Result<Typed> {
        screen.prompt(prompt)?;
        let mut bytes = Vec::new();
        let limit = u64::try_from(LINE_BYTES_MAX + 1).unwrap_or(u64::MAX);
        let read = self.0.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            screen.print("")?;
            return Ok(Typed::End);
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        } else if read > LINE_BYTES_MAX {
            self.skip_line()?;
            return Ok(Typed::TooLong);
        }
        Ok(String::from_utf8(bytes).map_or(Typed::NotText, Typed::Line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_one_by_one_and_then_the_end() {
        let screen = Screen::plain(io::sink());
        let mut source = Plain::new(&b"auth a b\r\n\n\xff\nlast"[..]);
        let mut next = || source.next("p:", &screen).unwrap();
        assert_eq!(next(), Typed::Line("auth a b".to_owned()));
        assert_eq!(next(), Typed::Line(String::new()));
        assert_eq!(next(), Typed::NotText);
        assert_eq!(next(), Typed::Line("last".to_owned()));
        assert_eq!(next(), Typed::End);
    }

    #[test]
    fn a_line_may_be_as_long_as_the_limit_and_a_longer_one_is_skipped_whole() {
        let mut input = vec![b'x'; LINE_BYTES_MAX];
        input.push(b'\n');
        input.resize(input.len() + LINE_BYTES_MAX + 1, b'y');
        input.extend_from_slice(b"y\nnext\n");
        let screen = Screen::plain(io::sink());
        let mut source = Plain::new(&input[..]);
        let mut next = || source.next("", &screen).unwrap();
        assert_eq!(next(), Typed::Line("x".repeat(LINE_BYTES_MAX)));
        assert_eq!(next(), Typed::TooLong);
        assert_eq!(next(), Typed::Line("next".to_owned()));
        assert_eq!(next(), Typed::End);
    }
}
