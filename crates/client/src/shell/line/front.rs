//! Reads lines, asks the server, prints.

use super::{FAREWELL, FileRequest, Shell, Step, error, holds_password};
use crate::shell::End;
use crate::shell::connection::Connection;
use crate::shell::console::{Console, Line};
use crate::shell::file::content::Writing;
use crate::shell::file::outgoing::Outgoing;
use crate::shell::file::transfer::{self, Around};
use crate::shell::file::{Failure, name};
use crate::shell::shown;
use crate::shell::url::{Address, Profile};

/// Where a reply holds a file.
const CONTENTS: &str = "file_content";

/// The shell, from the connection to its end.
pub(in crate::shell) fn talk(
    address: &Address,
    profile: Profile,
    console: &mut Console,
) -> Result<(), End> {
    let mut connection = Connection::open(address)?;
    let mut shell = Shell::new(profile, console.lang);
    loop {
        let step = match console.line(&shell.prompt())? {
            Line::Text(typed) => {
                if !holds_password(&typed) {
                    console.source.remember(&typed)?;
                }
                shell.plan(&typed)
            }
            Line::Bad(reason) => Step::Print(error(&reason)),
            Line::Interrupted | Line::End => break,
        };
        match step {
            Step::Nothing => {}
            Step::Print(text) => console.print(&text)?,
            Step::Ask(request) => {
                let reply = connection.ask(&request.line)?;
                console.print(&shell.answer(&request, &reply))?;
            }
            Step::SendFile(request) => {
                let to = shown::plain(&request.to);
                let sent = send_file(address, console, &request).map(|()| to);
                report(address, console, sent.map(|to| format!("file sent to {to}")))?;
            }
            Step::GetFile(line) => {
                let names = ["file_name"];
                let saved = transfer::fetch(address, console, &line, CONTENTS, &names, "");
                report(address, console, saved.map(|name| shown::plain(&name)))?;
            }
            Step::Leave => {
                leave(&shell, connection);
                return Ok(console.print(FAREWELL)?);
            }
        }
    }
    leave(&shell, connection);
    Ok(())
}

/// Nobody may use the session of somebody who has gone.
fn leave(shell: &Shell, connection: Connection) {
    if let Some(line) = shell.farewell() {
        connection.leave(&line);
    }
}

fn send_file(address: &Address, console: &Console, request: &FileRequest) -> Result<(), Failure> {
    let file = Outgoing::open(&console.directory, &request.path)?;
    let before = format!("{} {} ", request.start, name::one_word(&file.name));
    let around = Around { before, after: " \r\n" };
    transfer::send(address, console, file, Writing::Plain, &around).map(drop)
}

fn report(
    address: &Address,
    console: &Console,
    done: Result<String, Failure>,
) -> std::io::Result<()> {
    let printed = done.unwrap_or_else(|failure| error(&failure.say(console, address)));
    console.print(&printed)
}
