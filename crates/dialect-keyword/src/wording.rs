//! What each outcome is called. A wire text stands here and nowhere else.

use std::borrow::Cow;

use kabar_model::{Field, File, Refusal};

use crate::arguments::ARGUMENT_CHARS_MAX;
use crate::command::Command;
use crate::object::Flaw;
use crate::reply::Form;

/// What the server says first on a port of this dialect alone.
pub fn greeting() -> Vec<u8> {
    b"welcome to kabar! AUTH-REGISTER, AUTH-LOGIN or HELP\r\n".to_vec()
}

pub(crate) const REGISTERED: &str = "you are registered now!";
pub(crate) const LOGGED_IN: &str = "you are logged in now";
pub(crate) const LOGGED_OUT: &str = "you are logged out now";
pub(crate) const GROUP_CREATED: &str = "group has been created";
pub(crate) const GROUP_JOINED: &str = "you have joined this group";
pub(crate) const GROUP_LEFT: &str = "you have left this group";
pub(crate) const MEMBERS_ADDED: &str = "new members have been added";
pub(crate) const MESSAGE_SENT: &str = "message sent";
pub(crate) const DELETED: &str = "(deleted)";
pub(crate) const FILE_SENT: &str = "file sent";
pub(crate) const BYE: &str = "bye";

pub(crate) const UNAUTHORIZED: &str = "unauthorized!";
pub(crate) const REGISTER_HINT: &str =
    "register with AUTH-REGISTER USER PASSWORD PASSWORD, then AUTH-LOGIN USER PASSWORD";
pub(crate) const PASSWORDS_DIFFER: &str = "password doesn't match!";
pub(crate) const UNKNOWN_COMMAND: &str = "unknown command";
pub(crate) const NO_COMMAND: &str = "usage: the key COMMAND names a keyword (COMMAND is missing)";
pub(crate) const NOT_JSON: &str = "not a JSON object";
pub(crate) const NOT_UTF8: &str = "not UTF-8";
pub(crate) const REQUEST_TOO_LONG: &str = "request too long";
pub(crate) const LOGIN_FIRST: &str = "too much before login";
pub(crate) const TOO_MANY_ERRORS: &str = "too many errors";
pub(crate) const MISSED: &str =
    "you were too slow and missed new messages: connect again and use NOTIF-GET";

pub(crate) fn contacts_added(count: usize) -> String {
    format!("{count} new contact added")
}

pub(crate) fn contacts_deleted(count: usize) -> String {
    format!("{count} contact deleted")
}

pub(crate) fn contacts(count: usize) -> String {
    format!("{count} contacts")
}

pub(crate) fn groups(count: usize) -> String {
    format!("{count} groups")
}

pub(crate) fn messages(count: usize) -> String {
    format!("{count} messages")
}

pub(crate) fn new_messages(count: usize) -> String {
    format!("{count} new")
}

pub(crate) fn commands(count: usize) -> String {
    format!("{count} commands")
}

/// That so many bytes may come.
pub(crate) fn send_bytes(size: u64) -> String {
    format!("send {size} bytes")
}

/// What a message says: its text, or the file that it is with its caption.
pub(crate) fn said<'a>(body: &'a str, file: Option<&File>) -> Cow<'a, str> {
    let Some(File { name, code, .. }) = file else { return body.into() };
    let gap = if body.is_empty() { "" } else { " " };
    format!("[{name}], file_code: {code}{gap}{body}").into()
}

/// What became of an invitation.
pub(crate) fn invited(joined: bool) -> &'static str {
    if joined { "has joined this group" } else { "failed to join this group" }
}

pub(crate) fn argument_too_long(number: usize) -> String {
    format!("argument {number} is longer than {ARGUMENT_CHARS_MAX} characters")
}

pub(crate) fn file_too_large(bytes_max: u64) -> String {
    format!("file too large, at most {bytes_max} bytes")
}

pub(crate) fn failed(incident: &str) -> String {
    format!("server error {incident}, try again")
}

/// The right way to use a command.
pub(crate) fn usage(command: &Command, form: &Form) -> String {
    format!("usage: {}", command.usage(form))
}

/// The right way to use a command, and what was wrong with a key.
pub(crate) fn flawed_key(command: &Command, form: &Form, key: &str, flaw: Flaw) -> String {
    let flaw = match flaw {
        Flaw::Missing => "is missing",
        Flaw::NotText => "is not a text",
        Flaw::NotTexts => "is not a list of texts",
        Flaw::NotNumber => "is not a whole number",
    };
    format!("{} ({key} {flaw})", usage(command, form))
}

/// What a refusal is called. `usage` is the right way to use the command that was refused.
pub(crate) fn refusal(refusal: &Refusal, usage: &str) -> String {
    let words = match refusal {
        Refusal::UserUnknown => "unknown user",
        Refusal::WrongPassword => "wrong password",
        Refusal::ReceiverUnknown(_) => "user not found",
        Refusal::UsernameTaken => "that username already been used",
        Refusal::SessionUnknown => UNAUTHORIZED,
        Refusal::GroupTaken => "that group name already been used",
        Refusal::GroupUnknown => "group code is invalid",
        Refusal::AlreadyMember => "you already belong to this group",
        Refusal::NotMember => "you are not belong to this group",
        Refusal::AdminOnly => "only an admin can invite",
        Refusal::TooManyGroups => "you are in too many groups",
        Refusal::NotInRoom => "you are in no room",
        Refusal::FileUnknown => "file not found!",
        Refusal::MessageUnknown => "message not found",
        Refusal::InvitationUnknown => "invitation not found",
        Refusal::FileTaken => "that file name already been used",
        Refusal::NobodyActive => "nobody is active",
        Refusal::RealmTaken => "that realm already been linked",
        Refusal::RealmUnknown => "realm not found",
        Refusal::RealmUnreachable => "realm unreachable",
        Refusal::RealmChanged => "realm has changed, ask an administrator",
        Refusal::LinkFull => "too much waits for that realm, try later",
        Refusal::NotAllowed => "not allowed",
        Refusal::Busy => "server busy, try again",
        Refusal::TooManyAttempts { wait_secs } => {
            return format!("too many attempts, wait {wait_secs} s");
        }
        Refusal::PasswordTooShort { chars_min } => {
            return format!("password too short, at least {chars_min} characters");
        }
        Refusal::Invalid(field) | Refusal::TooLong(field) | Refusal::TooMany(field) => {
            return format!("{usage} ({})", rule(*field));
        }
    };
    words.to_owned()
}

/// The rule that a bad value broke.
fn rule(field: Field) -> &'static str {
    match field {
        Field::Username => "a user is 1-32 letters, digits, . _ -",
        Field::Password => "a password is 1-1024 bytes",
        Field::Name => "a name is 1-64 characters on one line",
        Field::Country => "a country is 1-64 characters on one line",
        Field::Group => "a group is 1-64 characters on one line, without @",
        Field::Realm => "a realm is 1-64 letters, digits, . _ -",
        Field::RealmAddress => "a realm's address is a host name or IP address, its port 1-65535",
        Field::Body => "a text is 1-65536 bytes",
        Field::Key => "a key is 1-64 printable ASCII characters",
        Field::Emoji => "an emoji is one picture, 20 at most on a message",
        Field::Label => "a label is 1-64 characters on one line",
        Field::Invitations => "at most 100 invitations",
        Field::Hooks => "at most 20 hooks",
        Field::Programs => "at most 20 programs",
        Field::Settings => "settings are at most 16384 bytes",
        Field::Search => "1-16 words to search for",
        Field::Recipients => "1-100 users at once",
        Field::Room => "a room is 1-64 characters on one line",
        Field::Contacts => "at most 1000 contacts",
        Field::FileName => "a path ends in a name",
        Field::File => "a file is no larger than this server takes",
    }
}

#[cfg(test)]
mod tests {
    use kabar_model::{ContentHash, FileCode, FileName};

    use super::*;

    #[test]
    fn a_file_says_its_name_its_code_and_its_caption() {
        let file = File {
            code: FileCode::parse("00ab12").unwrap(),
            name: FileName::clean("a b.png").unwrap(),
            size: 3,
            media_type: "image/png".into(),
            hash: ContentHash([0; 32]),
        };
        assert_eq!(said("halo", None), "halo");
        assert_eq!(said("", Some(&file)), "[a b.png], file_code: 00ab12");
        assert_eq!(said("lihat ini", Some(&file)), "[a b.png], file_code: 00ab12 lihat ini");
    }
}
