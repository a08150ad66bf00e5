//! How long and how many. A limit stands here once, with its unit.

/// A username, counted after normalisation.
pub const USERNAME_CHARS_MAX: usize = 32;
/// A display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 64;
/// A country.
pub const COUNTRY_CHARS_MAX: usize = 64;
/// A group's name.
pub const GROUP_NAME_CHARS_MAX: usize = 64;
/// A group's or a file's code, in hexadecimal digits.
pub const CODE_DIGITS: usize = 6;
/// A realm's name.
pub const REALM_NAME_CHARS_MAX: usize = 64;
/// A message's text, after trimming.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// A password. Longer ones are refused before they are hashed.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// The receivers of one message.
pub const RECIPIENTS_MAX: usize = 100;
/// The messages in one part of an inbox.
pub const INBOX_MESSAGES_MAX: usize = 1_000;
/// The text in one part of an inbox, escaped.
pub const INBOX_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The text in all parts of inboxes that are on their way to their readers, escaped. With more, parts get
/// smaller.
pub const INBOXES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The text that a part of an inbox may always have, escaped.
pub const INBOX_BYTES_MIN: usize = 64 * 1024;
/// The groups in one list of groups.
pub const GROUPS_LISTED_MAX: usize = 1_000;
/// The people in one list of people.
pub const PEOPLE_LISTED_MAX: usize = 10_000;
/// The groups one person may be in at a time.
pub const GROUPS_JOINED_MAX: usize = 1_000;
/// A room's name.
pub const ROOM_NAME_CHARS_MAX: usize = 64;
/// The contacts of one person.
pub const CONTACTS_MAX: usize = 1_000;
/// The messages shown when a conversation is opened.
pub const RECENT_MESSAGES_MAX: usize = 100;
/// The people in one room.
pub const ROOM_PEOPLE_MAX: usize = 10_000;
/// A file's name.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// The ending that a name which is too long keeps, with its dot.
pub const FILE_EXTENSION_BYTES_MAX: usize = 32;
/// A file, unless the operator says otherwise.
pub const FILE_BYTES_MAX: u64 = 100 * 1024 * 1024;
/// The contents of a file that an inbox carries along, unless the operator says otherwise.
pub const FILE_INLINE_BYTES_MAX: u64 = 1024 * 1024;
/// The files in one list of files.
pub const FILES_LISTED_MAX: usize = 1_000;
/// The uploads of one person that are written at a time.
pub const UPLOADS_EACH_MAX: usize = 8;
/// The uploads that are written at a time.
pub const UPLOADS_MAX: usize = 64;
/// A client's key for a message.
pub const CLIENT_KEY_CHARS_MAX: usize = 64;
/// How long a client's key for a message is remembered, in seconds.
pub const CLIENT_KEY_SECS_MAX: u64 = 30 * 24 * 60 * 60;
/// An emoji.
pub const EMOJI_BYTES_MAX: usize = 64;
/// The different reactions of one person to one message.
pub const REACTIONS_EACH_MAX: usize = 20;
/// The code of an invitation, always.
pub const INVITATION_CODE_CHARS: usize = 10;
/// How long an invitation is good, in seconds.
pub const INVITATION_SECS_MAX: u64 = 30 * 24 * 60 * 60;
/// How often an invitation can be used.
pub const INVITATION_USES_MAX: u32 = 1_000;
/// The usable invitations of one group.
pub const INVITATIONS_MAX: usize = 100;
/// The hooks of one conversation.
pub const HOOKS_MAX: usize = 20;
/// The programs that act for one person.
pub const TOKENS_MAX: usize = 20;
/// The sessions of one person, those of programs not counted.
pub const SESSIONS_MAX: usize = 1_000;
/// What a hook or a program is called.
pub const LABEL_CHARS_MAX: usize = 64;
/// A person's own settings.
pub const SETTINGS_BYTES_MAX: usize = 16 * 1024;
/// The unread messages of a conversation that are counted; with more, so many are said.
pub const UNREAD_COUNTED_MAX: usize = 1_000;
/// The conversations in one list of conversations.
pub const CONVERSATIONS_LISTED_MAX: usize = 1_000;
/// The messages in one page of a conversation.
pub const PAGE_MESSAGES_MAX: usize = 200;
/// The people, results and the like in one page of them.
pub const PAGE_ITEMS_MAX: usize = 200;
/// The words in one search.
pub const SEARCH_WORDS_MAX: usize = 16;

/// The links of a realm.
pub const LINKS_MAX: usize = 1_000;

/// Items that wait for one link.
pub const LINK_ITEMS_MAX: u64 = 100_000;

/// What waits for one link, in bytes of text.
pub const LINK_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Items in one batch of a link.
pub const BATCH_ITEMS_MAX: usize = 100;

/// A batch of a link, in bytes.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// People of one other realm in one group whose home is here.
pub const GROUP_REALM_PEOPLE_MAX: usize = 5_000;

/// People of one other realm who are known here.
pub const REALM_PEOPLE_MAX: usize = 100_000;
