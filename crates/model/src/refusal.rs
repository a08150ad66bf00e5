//! The reasons for a "no".

use std::fmt;

/// The wish was understood and denied. Always safe to show to who asked.
///
/// The names are codes: they do not change their meaning. Each interface words them in one
/// exhaustive function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No account of that name, at login.
    UserUnknown,
    /// The account exists; the password is another.
    WrongPassword,
    /// No account of these names, where a message was to go. As given by the sender.
    ReceiverUnknown(Vec<String>),
    /// That username is in use.
    UsernameTaken,
    /// No session, or one that has ended.
    SessionUnknown,
    /// That group name is in use.
    GroupTaken,
    /// No group of that name or code, or none that the person may see.
    GroupUnknown,
    /// Already in the group.
    AlreadyMember,
    /// Not in the group.
    NotMember,
    /// In the group, but only an admin of it may do this.
    AdminOnly,
    /// In as many groups as one person may be.
    TooManyGroups,
    /// In no room.
    NotInRoom,
    /// No such file, or nothing in it.
    FileUnknown,
    /// The receiver has a file of that name already.
    FileTaken,
    /// No such message, or none that the person may see, or none that can be changed.
    MessageUnknown,
    /// No such invitation, or it is used up or over.
    InvitationUnknown,
    /// Nobody is active.
    NobodyActive,
    /// That realm is linked already.
    RealmTaken,
    /// No link to a realm of that name.
    RealmUnknown,
    /// The realm does not answer.
    RealmUnreachable,
    /// The realm has another key than it had before, or another name than it gave: perhaps it is another.
    RealmChanged,
    /// So much waits for that realm that nothing more is taken.
    LinkFull,
    /// The person may not do this.
    NotAllowed,
    /// Too many wrong passwords; the next try counts after this many seconds.
    TooManyAttempts {
        /// Seconds to wait.
        wait_secs: u64,
    },
    /// More work of this kind is waiting than is sensible; later it may do.
    Busy,
    /// The value breaks the rule of its field.
    Invalid(Field),
    /// The value is longer than its field takes.
    TooLong(Field),
    /// More values than are taken at once.
    TooMany(Field),
    /// The password is shorter than this realm wants.
    PasswordTooShort {
        /// The fewest characters.
        chars_min: usize,
    },
}

/// A part of a wish that can be wrong by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A username.
    Username,
    /// A password.
    Password,
    /// A display name.
    Name,
    /// A country.
    Country,
    /// A group's name or code.
    Group,
    /// A realm's name.
    Realm,
    /// A realm's address.
    RealmAddress,
    /// A message's text.
    Body,
    /// Receivers.
    Recipients,
    /// A room's name.
    Room,
    /// Contacts.
    Contacts,
    /// A file's name.
    FileName,
    /// A file's contents.
    File,
    /// A client's key for a message.
    Key,
    /// An emoji.
    Emoji,
    /// What a hook or a program is called.
    Label,
    /// Invitations.
    Invitations,
    /// Hooks.
    Hooks,
    /// Programs that act for a person.
    Programs,
    /// A person's own settings.
    Settings,
    /// What is searched for.
    Search,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {self:?}")
    }
}

impl std::error::Error for Refusal {}
