//! The person's end of a shell: what is typed, what is printed, and where files lie.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::complaint;
use super::terminal::cancel::Cancel;
use super::terminal::screen::Screen;
use super::terminal::{LINE_BYTES_MAX, Source, Typed};
use crate::text::Text;
use kabar_catalogue::Lang;

/// One person at one terminal, or a script in a person's place.
pub struct Console {
    /// Where typed lines come from.
    pub source: Box<dyn Source>,
    /// Where lines are printed.
    pub screen: Screen,
    /// The language of what the shell itself has to say.
    pub lang: Lang,
    /// Where local paths begin, and where files are saved.
    pub directory: PathBuf,
    /// Whether progress is drawn on standard error.
    pub bars: bool,
    /// How a transfer is interrupted.
    pub cancel: Cancel,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// What came of waiting for a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Text(String),
    /// It cannot be used; why.
    Bad(String),
    Interrupted,
    End,
}

impl Console {
    /// A console without an editor.
    pub fn plain(source: Box<dyn Source>, screen: Screen, lang: Lang, directory: &Path) -> Self {
        let directory = directory.to_owned();
        Self { source, screen, lang, directory, bars: false, cancel: Cancel::default() }
    }

    /// The next line. It is not remembered yet, since it may hold a password.
    pub(super) fn line(&mut self, prompt: &str) -> io::Result<Line> {
        let typed = self.source.next(prompt, &self.screen)?;
        Ok(self.usable(typed))
    }

    /// The next line, not shown.
    pub(super) fn secret(&mut self, prompt: &str) -> io::Result<Line> {
        let typed = self.source.secret(prompt, &self.screen)?;
        Ok(self.usable(typed))
    }

    /// Prints a line.
    pub(super) fn print(&self, line: &str) -> io::Result<()> {
        self.screen.print(line)
    }

    /// A text of the catalogue.
    pub(super) fn say(&self, text: Text, values: &[(&str, &str)]) -> String {
        text.say(self.lang, values)
    }

    /// Asks a question; only a person can agree.
    pub(super) fn agrees(&mut self, question: &str) -> io::Result<bool> {
        if !self.source.is_person() {
            return Ok(false);
        }
        let Line::Text(answer) = self.line(question)? else {
            return Ok(false);
        };
        Ok(["y", "yes", "ya"].contains(&answer.trim().to_lowercase().as_str()))
    }

    fn usable(&self, typed: Typed) -> Line {
        match typed {
            Typed::Line(line) => Line::Text(line),
            Typed::NotText => Line::Bad(self.say(Text::LineNotUtf8, &[])),
            Typed::TooLong => {
                let limit = complaint::mebibytes(LINE_BYTES_MAX);
                Line::Bad(self.say(Text::LineTooLong, &[("mebibytes", &limit)]))
            }
            Typed::Interrupted => Line::Interrupted,
            Typed::End => Line::End,
        }
    }
}
