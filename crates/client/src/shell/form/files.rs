//! Files of a person and of a room. Each is moved on a connection of its own, as the original client
//! does in rooms: the stay in the room ends with the connection that joined.

use super::request::open_ended;
use super::{Ended, Shell};
use crate::shell::file::Failure;
use crate::shell::file::content::Writing;
use crate::shell::file::outgoing::Outgoing;
use crate::shell::file::transfer::{self, Around};
use crate::shell::shown;

/// Where a request and a reply hold a file.
const CONTENTS: &str = "payload";

/// What a reply calls the file.
const NAMES: &[&str] = &["filename", "name"];

impl Shell<'_> {
    pub(super) fn list_file(&mut self, session: &str) -> Result<(), Ended> {
        let Some(reply) = self.ask("file_list", &[("session", session)])? else {
            return Ok(());
        };
        let names = reply.texts("file").or_else(|| {
            let files = reply.objects("files")?;
            Some(files.iter().filter_map(|file| file.text(&["name"])).collect())
        });
        for name in names.unwrap_or_default() {
            self.console.print(&name)?;
        }
        Ok(())
    }

    pub(super) fn send_file(&mut self, session: &str) -> Result<(), Ended> {
        let path = self.question("File Name: ")?;
        let to = self.question("Recipient Username: ")?;
        let sent = self.upload("file_send", &[("session", session), ("username", &to)], &path);
        self.report(sent)
    }

    pub(super) fn get_file(&mut self, session: &str) -> Result<(), Ended> {
        let name = self.question("Remote File Name: ")?;
        let saved = self.download("file_get", session, &name);
        self.report(saved)
    }

    pub(super) fn send_file_to_room(&mut self, session: &str, path: &str) -> Result<(), Ended> {
        let sent = self.upload("room_send_file", &[("session", session)], path);
        self.report(sent)
    }

    pub(super) fn get_file_of_room(&mut self, session: &str, name: &str) -> Result<(), Ended> {
        let saved = self.download("room_get_file", session, name);
        self.report(saved)
    }

    fn upload(
        &mut self,
        command: &str,
        fields: &[(&str, &str)],
        path: &str,
    ) -> Result<String, Failure> {
        let file = Outgoing::open(&self.console.directory, path)?;
        let name = file.name.clone();
        let fields = [fields, &[("filename", &*name), (CONTENTS, "")]].concat();
        let around = Around { before: open_ended(command, &fields), after: "\n" };
        transfer::send(self.address, self.console, file, Writing::Percent, &around)?;
        Ok(format!("Berhasil mengirim file ! {} telah dikirim.", shown::plain(&name)))
    }

    fn download(&mut self, command: &str, session: &str, name: &str) -> Result<String, Failure> {
        let request = open_ended(command, &[("session", session), ("filename", name)]) + "\n";
        transfer::fetch(self.address, self.console, &request, CONTENTS, NAMES, name)
            .map(|name| shown::plain(&name))
    }

    fn report(&self, done: Result<String, Failure>) -> Result<(), Ended> {
        match done {
            Ok(line) => Ok(self.console.print(&line)?),
            Err(failure) => self.error(&failure.say(self.console, self.address)),
        }
    }
}
