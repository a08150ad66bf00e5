//! The line editor: a history that no file ever sees, and lines of others above the one being typed.

use std::borrow::Cow;
use std::io;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, Config, ExternalPrinter as _, Helper};

use super::screen::Screen;
use super::{HISTORY_LINES_MAX, LINE_BYTES_MAX, Source, Typed};

pub(super) struct Editor(rustyline::Editor<Veil, MemHistory>);

impl Editor {
    /// An editor, and the screen that goes with it.
    pub(super) fn open() -> io::Result<(Self, Screen)> {
        // Without bracketed paste, pasted lines are commands one after the other, as from a pipe.
        // Colours are forced, since without them nothing could be veiled; none are used.
        let config = Config::builder()
            .max_history_size(HISTORY_LINES_MAX)
            .map_err(io::Error::other)?
            .auto_add_history(false)
            .bracketed_paste(false)
            .color_mode(ColorMode::Forced)
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor =
            rustyline::Editor::with_history(config, history).map_err(io::Error::other)?;
        editor.set_helper(Some(Veil::default()));
        let mut printer = editor.create_external_printer().map_err(io::Error::other)?;
        let show = move |line| printer.print(line).map_err(io::Error::other);
        Ok((Self(editor), Screen::edited(io::stdout(), show)))
    }

    fn veil(&mut self, veiled: bool) {
        if let Some(veil) = self.0.helper_mut() {
            veil.veiled = veiled;
        }
    }

    fn read(&mut self, prompt: &str) -> io::Result<Typed> {
        match self.0.readline(prompt) {
            Ok(line) if line.len() > LINE_BYTES_MAX => Ok(Typed::TooLong),
            Ok(line) => Ok(Typed::Line(line)),
            Err(ReadlineError::Interrupted) => Ok(Typed::Interrupted),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(ReadlineError::Io(error)) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

impl Source for Editor {
    fn next(&mut self, prompt: &str, _screen: &Screen) -> io::Result<Typed> {
        self.read(prompt)
    }

    fn secret(&mut self, prompt: &str, _screen: &Screen) -> io::Result<Typed> {
        self.veil(true);
        let typed = self.read(prompt);
        self.veil(false);
        typed
    }

    fn remember(&mut self, line: &str) -> io::Result<()> {
        self.0.add_history_entry(line).map(drop).map_err(io::Error::other)
    }

    fn is_person(&self) -> bool {
        true
    }
}

/// Draws blanks in place of a password.
#[derive(Default)]
struct Veil {
    veiled: bool,
}

impl Highlighter for Veil {
    fn highlight<'l>(&self, line: &'l str, _at: usize) -> Cow<'l, str> {
        if self.veiled { Cow::Owned(" ".repeat(line.chars().count())) } else { Cow::Borrowed(line) }
    }

    /// True means: draw the line anew instead of the typed character alone.
    fn highlight_char(&self, _line: &str, _at: usize, _kind: CmdKind) -> bool {
        self.veiled
    }
}

impl Completer for Veil {
    type Candidate = String;
}

impl Hinter for Veil {
    type Hint = String;
}

impl Validator for Veil {}

impl Helper for Veil {}
