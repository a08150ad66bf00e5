//! The commands of dialect line as the shell knows them: one row each.

/// How the arguments typed travel to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Words, one space between them.
    Words,
    /// A word, then a text. Clients in the wild put two spaces before a text.
    WordAndText,
    /// Whatever was typed.
    AsTyped,
}

/// What a success prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prints {
    /// Who is logged in now, and the token.
    Login,
    /// To whom the message went.
    SentTo,
    /// What the server listed, as JSON.
    Content,
    /// What the seed of the profile prints.
    Logout,
    /// The group and what was done to it.
    Group(&'static str),
    /// To whom the file went: the last of so many words that stand before its path.
    FileSent { words: usize, usage: &'static str },
    /// Under which name a file was saved.
    Saved { usage: &'static str },
    /// The realm that was added.
    RealmAdded,
    /// The realm that a message went to.
    SentToRealm,
    /// The realm, and what came from it.
    FromRealm,
    /// The server's help and how to leave.
    Help,
    /// The server's own words.
    Message,
    /// The end of the program.
    Farewell,
}

pub(super) struct Command {
    pub(super) name: &'static str,
    /// The command takes a token, so that there must be one.
    pub(super) login: bool,
    pub(super) form: Form,
    pub(super) prints: Prints,
}

/// A command that anyone may give.
const fn open(name: &'static str, form: Form, prints: Prints) -> Command {
    Command { name, login: false, form, prints }
}

/// A command that takes a token.
const fn closed(name: &'static str, form: Form, prints: Prints) -> Command {
    Command { name, login: true, form, prints }
}

const fn file_sent(words: usize, usage: &'static str) -> Prints {
    Prints::FileSent { words, usage }
}

const COMMANDS: &[Command] = &[
    open("auth", Form::Words, Prints::Login),
    open("register", Form::Words, Prints::Login),
    open("help", Form::AsTyped, Prints::Help),
    open("exit", Form::AsTyped, Prints::Farewell),
    open("quit", Form::AsTyped, Prints::Farewell),
    closed("send", Form::WordAndText, Prints::SentTo),
    closed("inbox", Form::AsTyped, Prints::Content),
    closed("list", Form::AsTyped, Prints::Content),
    closed("show", Form::AsTyped, Prints::Content),
    closed("info", Form::AsTyped, Prints::Content),
    closed("logout", Form::AsTyped, Prints::Logout),
    closed("addgroup", Form::AsTyped, Prints::Group("added")),
    closed("joingroup", Form::AsTyped, Prints::Group("joined")),
    closed("leavegroup", Form::AsTyped, Prints::Group("left")),
    closed("getgroups", Form::AsTyped, Prints::Content),
    closed("sendgroup", Form::WordAndText, Prints::SentTo),
    closed("sendfile", Form::AsTyped, file_sent(1, "sendfile USER PATH")),
    closed("sendgroupfile", Form::AsTyped, file_sent(1, "sendgroupfile GROUP PATH")),
    closed("getfile", Form::AsTyped, Prints::Saved { usage: "getfile CODE" }),
    closed("addrealm", Form::AsTyped, Prints::RealmAdded),
    closed("sendprivaterealm", Form::AsTyped, Prints::SentToRealm),
    closed("sendfilerealm", Form::AsTyped, file_sent(2, "sendfilerealm REALM USER PATH")),
    closed("sendgrouprealm", Form::AsTyped, Prints::SentToRealm),
    closed(
        "sendgroupfilerealm",
        Form::AsTyped,
        file_sent(2, "sendgroupfilerealm REALM GROUP PATH"),
    ),
    closed("getrealminbox", Form::AsTyped, Prints::FromRealm),
    closed("listrealm", Form::AsTyped, Prints::Content),
];

/// The row of a command word, in any case.
pub(super) fn find(word: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_in_any_case_and_stands_in_the_table_once() {
        for command in COMMANDS {
            assert_eq!(find(&command.name.to_uppercase()).unwrap().name, command.name);
            assert_eq!(COMMANDS.iter().filter(|other| other.name == command.name).count(), 1);
        }
        assert!(find("authx").is_none());
        assert!(find("").is_none());
    }
}
