//! The menus: which commands each has, and where they lead.

use super::in_prompt;

/// Where a person is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Menu {
    Auth,
    Main,
    Contacts,
    Groups,
    /// In a chat with somebody.
    Private(String),
    /// In the chat of a group.
    Group {
        code: String,
        name: String,
    },
}

/// What a command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Login,
    Register,
    Logout,
    Contacts,
    Groups,
    News,
    ContactList,
    AddContacts,
    DeleteContacts,
    ChatWith,
    CreateGroup,
    GroupList,
    JoinGroup,
    Invite,
    LeaveGroup,
    ChatInGroup,
    Send,
    SendFile,
    GetFile,
    Back,
    Help,
    Exit,
}

/// A row of a menu.
#[derive(Debug)]
pub(super) struct Command {
    /// The word, and its arguments in capitals; `…` after one that may repeat or have spaces.
    pub(super) usage: &'static str,
    pub(super) wish: Wish,
}

const fn row(usage: &'static str, wish: Wish) -> Command {
    Command { usage, wish }
}

const AUTH: &[Command] = &[
    row("login USER PASSWORD", Wish::Login),
    row("register USER PASSWORD PASSWORD", Wish::Register),
    row("logout", Wish::Logout),
    row("back", Wish::Back),
];

const MAIN: &[Command] = &[
    row("contact", Wish::Contacts),
    row("group", Wish::Groups),
    row("list", Wish::News),
    row("back", Wish::Back),
];

const CONTACTS: &[Command] = &[
    row("get", Wish::ContactList),
    row("add USER…", Wish::AddContacts),
    row("del USER…", Wish::DeleteContacts),
    row("chat USER", Wish::ChatWith),
    row("back", Wish::Back),
];

const GROUPS: &[Command] = &[
    row("create NAME…", Wish::CreateGroup),
    row("get", Wish::GroupList),
    row("join CODE", Wish::JoinGroup),
    row("invite CODE USER…", Wish::Invite),
    row("exit CODE", Wish::LeaveGroup),
    row("chat NUMBER", Wish::ChatInGroup),
    row("back", Wish::Back),
];

const CHAT: &[Command] = &[
    row("send TEXT…", Wish::Send),
    row("send_file PATH…", Wish::SendFile),
    row("get_file CODE", Wish::GetFile),
    row("back", Wish::Back),
];

/// In every menu that has no other command of that name.
const EVERYWHERE: &[Command] = &[row("help", Wish::Help), row("exit", Wish::Exit)];

impl Command {
    fn word(&self) -> &'static str {
        self.usage.split(' ').next().unwrap_or_default()
    }

    /// Whether it can be given with so many words after it.
    pub(super) fn takes(&self, words: usize) -> bool {
        let wanted = self.usage.split(' ').count() - 1;
        if self.usage.ends_with('…') { words >= wanted } else { words == wanted }
    }

    /// Whether what follows it has no place in a history.
    pub(super) fn holds_password(&self) -> bool {
        matches!(self.wish, Wish::Login | Wish::Register)
    }
}

impl Menu {
    pub(super) fn prompt(&self, username: &str) -> String {
        let username = in_prompt(username);
        match self {
            Self::Auth => "Auth Menu > ".to_owned(),
            Self::Main => format!("{username}/Main Menu > "),
            Self::Contacts => "Contact Menu > ".to_owned(),
            Self::Groups => "Group Menu > ".to_owned(),
            Self::Private(with) => format!("{username} - {}/Private Chat > ", in_prompt(with)),
            Self::Group { name, .. } => format!("{username} - {name}/Group Chat > "),
        }
    }

    /// Where `back` leads. The first menu leads on to the main one, for somebody who is logged in.
    pub(super) fn above(&self, logged_in: bool) -> Self {
        match self {
            Self::Auth if logged_in => Self::Main,
            Self::Auth | Self::Main => Self::Auth,
            Self::Contacts | Self::Groups => Self::Main,
            Self::Private(_) => Self::Contacts,
            Self::Group { .. } => Self::Groups,
        }
    }

    fn commands(&self) -> &'static [Command] {
        match self {
            Self::Auth => AUTH,
            Self::Main => MAIN,
            Self::Contacts => CONTACTS,
            Self::Groups => GROUPS,
            Self::Private(_) | Self::Group { .. } => CHAT,
        }
    }

    pub(super) fn command(&self, word: &str) -> Option<&'static Command> {
        let mut known = self.commands().iter().chain(EVERYWHERE);
        known.find(|command| command.word() == word)
    }

    /// The commands of this menu, one a line.
    pub(super) fn help(&self) -> String {
        let own = self.commands();
        let other = EVERYWHERE.iter().filter(|row| !own.iter().any(|o| o.word() == row.word()));
        let usages: Vec<&str> = own.iter().chain(other).map(|command| command.usage).collect();
        usages.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_prompt_names_its_menu() {
        let group = Menu::Group { code: "0a1b2c".to_owned(), name: "Tim".to_owned() };
        for (menu, prompt) in [
            (Menu::Auth, "Auth Menu > "),
            (Menu::Main, "alam/Main Menu > "),
            (Menu::Contacts, "Contact Menu > "),
            (Menu::Groups, "Group Menu > "),
            (Menu::Private("budi".to_owned()), "alam - budi/Private Chat > "),
            (group, "alam - Tim/Group Chat > "),
        ] {
            assert_eq!(menu.prompt("alam"), prompt);
        }
    }

    #[test]
    fn a_word_means_what_its_menu_says() {
        let wish = |menu: Menu, word| menu.command(word).map(|command| command.wish);
        assert_eq!(wish(Menu::Contacts, "get"), Some(Wish::ContactList));
        assert_eq!(wish(Menu::Groups, "get"), Some(Wish::GroupList));
        assert_eq!(wish(Menu::Groups, "exit"), Some(Wish::LeaveGroup));
        assert_eq!(wish(Menu::Main, "exit"), Some(Wish::Exit));
        assert_eq!(wish(Menu::Main, "send"), None);
        assert!(Menu::Groups.help().ends_with("back\nhelp"));
        assert!(Menu::Main.help().starts_with("contact\ngroup\nlist\nback"));
    }

    #[test]
    fn a_command_has_as_many_words_as_its_usage() {
        let takes = |menu: Menu, word, counts: [bool; 4]| {
            let command = menu.command(word).unwrap();
            for (words, takes) in counts.into_iter().enumerate() {
                assert_eq!(command.takes(words), takes, "{word} {words}");
            }
        };
        takes(Menu::Auth, "login", [false, false, true, false]);
        takes(Menu::Main, "list", [true, false, false, false]);
        takes(Menu::Contacts, "add", [false, true, true, true]);
        takes(Menu::Groups, "invite", [false, false, true, true]);
    }

    #[test]
    fn back_leads_up_and_from_the_top_to_the_main_menu() {
        assert_eq!(Menu::Private("x".to_owned()).above(true), Menu::Contacts);
        assert_eq!(Menu::Contacts.above(true), Menu::Main);
        assert_eq!(Menu::Main.above(true), Menu::Auth);
        assert_eq!(Menu::Auth.above(true), Menu::Main);
        assert_eq!(Menu::Auth.above(false), Menu::Auth);
    }
}
