//! Files in a chat: raw bytes between two objects.

use std::sync::mpsc::RecvTimeoutError;

use serde_json::json;

use super::{Ended, SUCCESS, Shell, connect};
use crate::shell::connection::Lost;
use crate::shell::connection::ticking::{IDLE_TICKS, TICK};
use crate::shell::file::Failure;
use crate::shell::file::incoming::Incoming;
use crate::shell::file::outgoing::Outgoing;
use crate::shell::file::progress::Progress;
use crate::shell::reply::Reply;
use crate::shell::shown;

/// Says that the bytes of a file may come; the server says it in the same words.
const READY: &str = "ready";

impl Shell<'_> {
    pub(super) fn send_file(&mut self, path: &str) -> Result<(), Ended> {
        let mut file = match Outgoing::open(&self.console.directory, path) {
            Ok(file) => file,
            Err(failure) => return self.not_moved(&failure),
        };
        let fields = json!({"file_name": file.name, "file_size": file.size});
        let Some((kind, fields)) = self.menu.in_chat(fields) else {
            return Ok(());
        };
        let request = self.request(&format!("FILE-SEND-{kind}"), fields);
        let reply = self.live.ask_for_two(&request)?;
        if self.successful(reply, READY)?.is_none() {
            self.live.no_more();
            return Ok(());
        }
        if let Err(failure) = self.upload(&mut file) {
            return self.start_anew(&failure);
        }
        let reply = self.live.second()?;
        let Some(reply) = self.successful(reply, SUCCESS)? else {
            return Ok(());
        };
        let message = reply.text(&["message"]).unwrap_or_else(|| SUCCESS.to_owned());
        let code = reply.text(&["file_code"]).unwrap_or_default();
        let name = shown::plain(&file.name);
        Ok(self.console.print(&format!("{message} [{name}], file_code: {code}"))?)
    }

    fn upload(&mut self, file: &mut Outgoing) -> Result<(), Failure> {
        let cancel = self.console.cancel.clone();
        let _transferring = cancel.begin();
        let progress = Progress::start(self.console.bars, &file.name, Some(file.size));
        loop {
            let piece = file.piece()?;
            if piece.is_empty() {
                return Ok(());
            }
            self.live.send(&piece, &cancel)?;
            progress.more(piece.len());
        }
    }

    pub(super) fn get_file(&mut self, code: &str) -> Result<(), Ended> {
        let Some((kind, fields)) = self.menu.in_chat(json!({"file_code": code})) else {
            return Ok(());
        };
        // Before the server is asked: it waits for a yes as soon as it has answered.
        let file = match Incoming::create(&self.console.directory) {
            Ok(file) => file,
            Err(failure) => return self.not_moved(&failure),
        };
        let Some(reply) = self.ask(&format!("FILE-GET-{kind}"), fields)? else {
            return Ok(());
        };
        let saved = match self.download(file, &reply) {
            Ok(file) => {
                let name = reply.plain_text(&["file_name"]).unwrap_or_else(|| code.to_owned());
                file.save(&name, self.console)
            }
            Err(failure) => return self.start_anew(&failure),
        };
        match saved {
            Ok(name) => Ok(self.console.print(&shown::plain(&name))?),
            Err(failure) => self.not_moved(&failure),
        }
    }

    fn download(&mut self, file: Incoming, reply: &Reply) -> Result<Incoming, Failure> {
        let size = reply.number("file_size").ok_or(Failure::BadReply)?;
        let name = reply.text(&["file_name"]).unwrap_or_default();
        let cancel = self.console.cancel.clone();
        let _transferring = cancel.begin();
        // Held here, so that it is removed before the transfer counts as ended.
        let mut file = file;
        let progress = Progress::start(self.console.bars, &name, Some(size));
        let pieces = (size > 0).then(|| self.live.raw(size));
        self.live.send(json!({"status": READY}).to_string().as_bytes(), &cancel)?;
        let Some(pieces) = pieces else {
            return Ok(file);
        };
        let mut idle_ticks = 0;
        while file.size < size {
            if cancel.is_asked() {
                return Err(Failure::Cancelled);
            }
            match pieces.recv_timeout(TICK) {
                Ok(piece) => {
                    file.write(&piece)?;
                    progress.more(piece.len());
                    idle_ticks = 0;
                }
                Err(RecvTimeoutError::Timeout) if idle_ticks < IDLE_TICKS => idle_ticks += 1,
                Err(RecvTimeoutError::Timeout) => return Err(Failure::Lost(Lost::Silent)),
                Err(RecvTimeoutError::Disconnected) => return Err(Failure::Lost(Lost::Closed)),
            }
        }
        Ok(file)
    }

    /// The other side still waits for bytes, or sends some that nobody wants: only a new connection
    /// makes sense of what comes next. A request with the token logs it in.
    fn start_anew(&mut self, failure: &Failure) -> Result<(), Ended> {
        if let Failure::Lost(why) = failure {
            return Err((*why).into());
        }
        self.not_moved(failure)?;
        self.live = connect(self.address, self.console)?;
        self.live.greeting()?;
        let request = self.request("CONTACT-GET", json!({}));
        self.live.ask(&request)?;
        Ok(())
    }

    fn not_moved(&mut self, failure: &Failure) -> Result<(), Ended> {
        let reason = failure.say(self.console, self.address);
        self.failed(&reason)
    }
}
