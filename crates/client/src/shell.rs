//! `kabar shell URL`: a thin front. Read a line, make one request, print the answer.

mod complaint;
mod connection;
pub mod console;
mod file;
mod form;
mod keyword;
mod line;
mod reply;
mod shown;
pub mod terminal;
pub mod url;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::text::Text;
use connection::{Lost, Unreachable};
use console::Console;
use kabar_catalogue::Lang;
use url::Scheme;

/// Arguments of `kabar shell`.
#[derive(clap::Args, Clone, Debug)]
pub struct ShellArgs {
    /// line-en://HOST:PORT, line-id://HOST:PORT, realm://HOST:PORT or form://HOST:PORT (without a port, 8889), or keyword://HOST:PORT (without a port, 8000)
    pub url: String,
}

/// How a shell ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran to `exit` or to the end of its input.
    Done,
    /// The terminal or a pipe failed.
    Failed,
    /// The URL names nothing to connect to.
    Usage,
    /// There was no connection, or it was lost.
    Unreachable,
}

impl Outcome {
    /// The exit status that scripts rely on.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// Runs a shell on this process's terminal or pipes.
pub fn run(url: &str, lang: Lang) -> Outcome {
    let mut complaints = io::stderr();
    match terminal::open(lang) {
        Ok(mut console) => run_on(url, &mut console, &mut complaints),
        Err(error) => failed(lang, &error, &mut complaints),
    }
}

/// As [`run`], with the person's end handed in. What the program itself has to complain about goes to
/// `complaints`.
pub fn run_on(url: &str, console: &mut Console, complaints: &mut dyn Write) -> Outcome {
    let lang = console.lang;
    let address = match url::parse(url) {
        Ok(address) => address,
        Err(error) => {
            complain(complaints, &complaint::bad_url(lang, url, &error));
            return Outcome::Usage;
        }
    };
    let ended = match address.scheme {
        Scheme::Line(profile) => line::talk(&address, profile, console),
        Scheme::Form => form::talk(&address, console),
        Scheme::Keyword => keyword::talk(&address, console),
    };
    match ended {
        Ok(()) => Outcome::Done,
        Err(End::Unreachable(why)) => {
            complain(complaints, &complaint::unreachable(lang, &address, &why));
            Outcome::Unreachable
        }
        Err(End::Lost(why)) => {
            complain(complaints, &complaint::lost(lang, &address, why));
            Outcome::Unreachable
        }
        // Nobody reads on, as in `kabar shell … | head -1`: no reason to complain.
        Err(End::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Done,
        Err(End::Io(error)) => failed(lang, &error, complaints),
    }
}

/// Why a conversation could not go on.
#[derive(Debug)]
enum End {
    Unreachable(Unreachable),
    Lost(Lost),
    Io(io::Error),
}

impl From<Unreachable> for End {
    fn from(why: Unreachable) -> Self {
        Self::Unreachable(why)
    }
}

impl From<Lost> for End {
    fn from(why: Lost) -> Self {
        Self::Lost(why)
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn failed(lang: Lang, error: &io::Error, complaints: &mut dyn Write) -> Outcome {
    let reason = shown::plain(&error.to_string());
    complain(complaints, &Text::TerminalFailed.say(lang, &[("reason", &reason)]));
    Outcome::Failed
}

fn complain(complaints: &mut dyn Write, text: &str) {
    // With nowhere left to complain, the exit status has to say it.
    let _ = writeln!(complaints, "{text}");
}
