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
