//! `kabar shell URL`: a thin front. Read a line, make one request, print the answer.

mod complaint;
mod connection;
pub mod line;
mod reply;
mod shown;
pub mod terminal;
pub mod url;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::text::Text;
use connection::Connection;
use kabar_catalogue::Lang;
use line::{FAREWELL, Shell, Step};
use terminal::{LINE_BYTES_MAX, Source, Typed};
use url::Address;

/// Arguments of `kabar shell`.
#[derive(clap::Args, Clone, Debug)]
pub struct ShellArgs {
    /// line-en://HOST:PORT, line-id://HOST:PORT or realm://HOST:PORT; without a port, 8889
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
    let (mut out, mut complaints) = (io::stdout(), io::stderr());
    match terminal::source() {
        Ok(mut source) => run_on(url, lang, source.as_mut(), &mut out, &mut complaints),
        Err(error) => failed(lang, &error, &mut complaints),
    }
}

/// As [`run`], with the input and the outputs handed in: answers go to `out`, what the program
/// itself has to complain about to `complaints`.
pub fn run_on(
    url: &str,
    lang: Lang,
    source: &mut dyn Source,
    out: &mut dyn Write,
    complaints: &mut dyn Write,
) -> Outcome {
    let address = match url::parse(url) {
        Ok(address) => address,
        Err(error) => {
            complain(complaints, &complaint::bad_url(lang, url, &error));
            return Outcome::Usage;
        }
    };
    let connection = match Connection::open(&address) {
        Ok(connection) => connection,
        Err(why) => {
            complain(complaints, &complaint::unreachable(lang, &address, &why));
            return Outcome::Unreachable;
        }
    };
    match talk(&address, lang, connection, source, out) {
        Ok(()) => Outcome::Done,
        Err(End::Lost(why)) => {
            complain(complaints, &complaint::lost(lang, &address, &why));
            Outcome::Unreachable
        }
        // Nobody reads on, as in `kabar shell … | head -1`: no reason to complain.
        Err(End::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Done,
        Err(End::Io(error)) => failed(lang, &error, complaints),
    }
}

/// Why a conversation could not go on.
enum End {
    Lost(connection::Lost),
    Io(io::Error),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn talk(
    address: &Address,
    lang: Lang,
    mut connection: Connection,
    source: &mut dyn Source,
    out: &mut dyn Write,
) -> Result<(), End> {
    let mut shell = Shell::new(address.profile, lang);
    loop {
        let step = match source.next(&shell.prompt(), out)? {
            Typed::Line(typed) => shell.plan(&typed),
            Typed::NotText => Step::Print(line::error(&Text::LineNotUtf8.say(lang, &[]))),
            Typed::TooLong => {
                let limit = complaint::mebibytes(LINE_BYTES_MAX);
                let text = Text::LineTooLong.say(lang, &[("mebibytes", &limit)]);
                Step::Print(line::error(&text))
            }
            Typed::End => return Ok(()),
        };
        match step {
            Step::Nothing => {}
            Step::Print(text) => writeln!(out, "{text}")?,
            Step::Ask(request) => {
                let reply = connection.ask(&request.line).map_err(End::Lost)?;
                writeln!(out, "{}", shell.answer(&request, &reply))?;
            }
            Step::Leave(last_line) => {
                if let Some(last_line) = last_line {
                    connection.leave(&last_line);
                }
                writeln!(out, "{FAREWELL}")?;
                return Ok(out.flush()?);
            }
        }
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
