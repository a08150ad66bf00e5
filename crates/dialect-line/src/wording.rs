//! What each outcome is called in each profile. A wire text stands here and nowhere else.

use kabar_model::{Field, Refusal};

use crate::profile::Profile;

/// An outcome that has words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    MessageSent,
    FileSent,
    RealmAdded,
    GroupAdded,
    GroupJoined,
    GroupLeft,
    LoggedOut,
    Deleted,
    UserUnknown,
    WrongPassword,
    ReceiverUnknown,
    UsernameTaken,
    SessionUnknown,
    GroupTaken,
    GroupUnknownToJoin,
    GroupUnknown,
    AlreadyMember,
    NotMember,
    TooManyGroups,
    NotInRoom,
    FileUnknown,
    FileTaken,
    MessageUnknown,
    InvitationUnknown,
    NobodyActive,
    RealmTaken,
    RealmUnknown,
    RealmUnreachable,
    RealmChanged,
    LinkFull,
    NotAllowed,
    TooManyAttempts,
    Busy,
    PasswordTooShort,
    UnknownCommand,
    Usage,
    NotUtf8,
    LineTooLong,
    LoginFirst,
    TooManyErrors,
    Failure,
}

impl Text {
    /// The words, with what belongs in place of `{}`.
    pub(crate) fn say(self, profile: Profile, detail: &str) -> String {
        self.words(profile).replace("{}", detail)
    }

    /// The words as they stand.
    pub(crate) fn words(self, profile: Profile) -> &'static str {
        let [line_en, line_id, realm] = self.in_each_profile();
        match profile {
            Profile::LineEn => line_en,
            Profile::LineId => line_id,
            Profile::Realm => realm,
        }
    }

    #[rustfmt::skip]
    fn in_each_profile(self) -> [&'static str; 3] {
        match self {
            Self::MessageSent => ["Message sent"; 3],
            Self::FileSent => ["File sent"; 3],
            Self::RealmAdded => ["Realm added"; 3],
            Self::GroupAdded => ["Group added", "Add group berhasil", "Add group Berhasil"],
            Self::GroupJoined => indonesian("Group joined", "Join group berhasil"),
            Self::GroupLeft => indonesian("Group left", "Keluar group berhasil"),
            Self::LoggedOut => indonesian("Logged out", "Logout berhasil"),
            Self::Deleted => indonesian("(deleted)", "(dihapus)"),
            Self::UserUnknown => ["User is not found", "User Tidak Ada", "User tidak ada"],
            Self::WrongPassword => ["Wrong password", "password salah", "Password salah"],
            Self::ReceiverUnknown => ["User is not found", "User Tidak Ditemukan", "User tidak ada"],
            Self::UsernameTaken => ["User already exists", "User Sudah Ada", "User sudah ada"],
            Self::SessionUnknown => ["Session is not found", "Session Tidak Ditemukan", "Session tidak ditemukan"],
            Self::GroupTaken => indonesian("Group already exists", "Group sudah ada"),
            Self::GroupUnknownToJoin => indonesian("Group is not found", "Group belum ada"),
            Self::GroupUnknown => indonesian("Group is not found", "Group tidak ditemukan"),
            Self::AlreadyMember => indonesian("Already a member", "User sudah join"),
            Self::NotMember => indonesian("Not a member of the group", "User bukan member grup"),
            Self::TooManyGroups => indonesian("In too many groups", "Terlalu banyak group"),
            Self::NotInRoom => indonesian("Not in a room", "Belum bergabung ke ruangan"),
            Self::FileUnknown => indonesian("File is not found", "File tidak ditemukan"),
            Self::FileTaken => indonesian("File already exists", "File sudah ada"),
            Self::MessageUnknown => indonesian("Message is not found", "Pesan tidak ditemukan"),
            Self::InvitationUnknown => indonesian("Invitation is not found", "Undangan tidak ditemukan"),
            Self::NobodyActive => indonesian("No active user", "Tidak ada user yang aktif"),
            Self::RealmTaken => indonesian("Realm already exists", "Realm sudah ada"),
            Self::RealmUnknown => indonesian("Realm is not found", "Realm tidak ditemukan"),
            Self::RealmUnreachable => indonesian("Realm unreachable", "Realm Unreachable"),
            Self::RealmChanged => indonesian("Realm has changed, ask an administrator", "Realm berubah, hubungi administrator"),
            Self::LinkFull => indonesian("Too much waits for that realm, try later", "Antrean ke realm penuh, coba lagi nanti"),
            Self::NotAllowed => indonesian("Not allowed", "Tidak diizinkan"),
            Self::TooManyAttempts => indonesian("Too many attempts, wait {} s", "Terlalu banyak percobaan, tunggu {} detik"),
            Self::Busy => indonesian("Server busy, try again", "Server sibuk, coba lagi"),
            Self::PasswordTooShort => indonesian("Password too short, at least {} characters", "Password terlalu pendek, paling sedikit {} karakter"),
            Self::UnknownCommand => indonesian("Wrong protocol: unknown command", "Protocol tidak benar: perintah tidak dikenal"),
            Self::Usage => indonesian("Wrong protocol: usage: {}", "Protocol tidak benar: pemakaian: {}"),
            Self::NotUtf8 => indonesian("Wrong protocol: not UTF-8", "Protocol tidak benar: bukan UTF-8"),
            Self::LineTooLong => indonesian("Wrong protocol: line too long", "Protocol tidak benar: baris terlalu panjang"),
            Self::LoginFirst => indonesian("Too much before login", "Terlalu banyak sebelum login"),
            Self::TooManyErrors => indonesian("Too many errors", "Terlalu banyak kesalahan"),
            Self::Failure => indonesian("Server error {}, try again", "Kesalahan server {}, coba lagi"),
        }
    }
}

/// Both Indonesian profiles say the same.
const fn indonesian(english: &'static str, indonesian: &'static str) -> [&'static str; 3] {
    [english, indonesian, indonesian]
}

/// What a refusal is called. `usage` is the form of the command that was refused.
pub(crate) fn refusal(refusal: &Refusal, profile: Profile, usage: &str) -> String {
    let say = |text: Text| text.words(profile).to_owned();
    match refusal {
        Refusal::UserUnknown => say(Text::UserUnknown),
        Refusal::WrongPassword => say(Text::WrongPassword),
        Refusal::ReceiverUnknown(_) => say(Text::ReceiverUnknown),
        Refusal::UsernameTaken => say(Text::UsernameTaken),
        Refusal::SessionUnknown => say(Text::SessionUnknown),
        Refusal::GroupTaken => say(Text::GroupTaken),
        Refusal::GroupUnknown => say(Text::GroupUnknown),
        Refusal::AlreadyMember => say(Text::AlreadyMember),
        Refusal::NotMember => say(Text::NotMember),
        Refusal::TooManyGroups => say(Text::TooManyGroups),
        Refusal::NotInRoom => say(Text::NotInRoom),
        Refusal::FileUnknown => say(Text::FileUnknown),
        Refusal::FileTaken => say(Text::FileTaken),
        Refusal::MessageUnknown => say(Text::MessageUnknown),
        Refusal::InvitationUnknown => say(Text::InvitationUnknown),
        Refusal::NobodyActive => say(Text::NobodyActive),
        Refusal::RealmTaken => say(Text::RealmTaken),
        Refusal::RealmUnknown => say(Text::RealmUnknown),
        Refusal::RealmUnreachable => say(Text::RealmUnreachable),
        Refusal::RealmChanged => say(Text::RealmChanged),
        Refusal::LinkFull => say(Text::LinkFull),
        Refusal::NotAllowed | Refusal::AdminOnly => say(Text::NotAllowed),
        Refusal::TooManyAttempts { wait_secs } => {
            Text::TooManyAttempts.say(profile, &wait_secs.to_string())
        }
        Refusal::Busy => say(Text::Busy),
        Refusal::PasswordTooShort { chars_min } => {
            Text::PasswordTooShort.say(profile, &chars_min.to_string())
        }
        Refusal::Invalid(field) | Refusal::TooLong(field) | Refusal::TooMany(field) => {
            let [english, indonesian] = rule(*field);
            let rule = if profile == Profile::LineEn { english } else { indonesian };
            Text::Usage.say(profile, &format!("{usage} ({rule})"))
        }
    }
}

/// The rule that a bad value broke, in English and Indonesian.
#[rustfmt::skip]
fn rule(field: Field) -> [&'static str; 2] {
    match field {
        Field::Username => ["USER: 1-32 letters, digits, . _ -", "USER: 1-32 huruf, angka, . _ -"],
        Field::Password => ["PASSWORD: 1-1024 bytes", "PASSWORD: 1-1024 byte"],
        Field::Name => ["NAME: 1-64 characters on one line", "NAME: 1-64 karakter dalam satu baris"],
        Field::Country => ["COUNTRY: 1-64 characters", "COUNTRY: 1-64 karakter"],
        Field::Group => ["GROUP: 1-64 characters on one line, without @", "GROUP: 1-64 karakter dalam satu baris, tanpa @"],
        Field::Realm => ["REALM: 1-64 letters, digits, . _ -", "REALM: 1-64 huruf, angka, . _ -"],
        Field::RealmAddress => ["ADDRESS PORT: a host name or IP address, and 1-65535", "ADDRESS PORT: nama host atau alamat IP, dan 1-65535"],
        Field::Body => ["TEXT: 1-65536 bytes", "TEXT: 1-65536 byte"],
        Field::Room => ["ROOM: 1-64 characters on one line", "ROOM: 1-64 karakter dalam satu baris"],
        Field::Contacts => ["1-1000 contacts", "1-1000 kontak"],
        Field::FileName => ["FILENAME: a name of 1-255 bytes", "FILENAME: nama 1-255 byte"],
        Field::File => ["BASE64: the file is larger than this server takes", "BASE64: file lebih besar dari batas server ini"],
        Field::Key => ["KEY: 1-64 printable ASCII characters", "KEY: 1-64 karakter ASCII"],
        Field::Emoji => ["EMOJI: one picture of at most 64 bytes, 20 on a message", "EMOJI: satu gambar paling banyak 64 byte, 20 pada satu pesan"],
        Field::Label => ["LABEL: 1-64 characters on one line", "LABEL: 1-64 karakter dalam satu baris"],
        Field::Invitations => ["at most 100 invitations", "paling banyak 100 undangan"],
        Field::Hooks => ["at most 20 hooks", "paling banyak 20 hook"],
        Field::Programs => ["at most 20 programs", "paling banyak 20 program"],
        Field::Settings => ["SETTINGS: at most 16384 bytes", "SETTINGS: paling banyak 16384 byte"],
        Field::Search => ["SEARCH: 1-16 words", "SEARCH: 1-16 kata"],
        Field::Recipients => ["1-100 receivers", "1-100 penerima"],
    }
}
