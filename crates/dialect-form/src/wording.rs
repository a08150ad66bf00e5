//! What each outcome is called. A wire text stands here and nowhere else.

use kabar_model::{Field, Refusal};

/// The most that an error repeats of what was sent, in characters.
const ECHO_CHARS_MAX: usize = 64;

pub(crate) const REGISTERED: &str = "User berhasil dibuat";
pub(crate) const SENT: &str = "Message Sent";
pub(crate) const SENT_TO_ROOM: &str = "Broadcasted the messages";
pub(crate) const FILE_SENT_TO_ROOM: &str = "File sent to the room.";
pub(crate) const LOGGED_OUT: &str = "Berhasil keluar";
pub(crate) const DELETED: &str = "(dihapus)";
pub(crate) const SYSTEM: &str = "[System]";

pub(crate) const NOT_BASE64: &str = "Gagal mengirim file : payload bukan base64";
pub(crate) const UNKNOWN_COMMAND: &str = "Fitur belum tersedia";
pub(crate) const REQUEST_TOO_LONG: &str = "Protocol Tidak Benar : permintaan terlalu panjang";
pub(crate) const LOGIN_FIRST: &str = "Terlalu banyak sebelum login";
pub(crate) const TOO_MANY_ERRORS: &str = "Terlalu banyak kesalahan";
pub(crate) const MISSED: &str = "Anda terlalu lambat dan melewatkan pesan, bergabunglah kembali";

pub(crate) fn logged_in(username: &str) -> String {
    format!("Login [{username}] telah berhasil")
}

pub(crate) fn room_joined(room: &str) -> String {
    format!("Telah bergabung ke ruangan [{room}]")
}

pub(crate) fn room_left(room: &str) -> String {
    format!("Telah keluar dari ruangan [{room}]")
}

pub(crate) fn somebody_joined(name: &str) -> String {
    format!("User [{name}] telah bergabung dengan chat!")
}

pub(crate) fn somebody_left(name: &str) -> String {
    format!("User [{name}] telah meninggalkan chat!")
}

pub(crate) fn file_sent(name: &str) -> String {
    format!("file {name} has been sent")
}

/// A file in the room, and what was said of it, if anything.
pub(crate) fn file_in_room(name: &str, caption: &str) -> String {
    let sent = format!("file {name} has been sent to the room");
    if caption.is_empty() { sent } else { format!("{sent}: {caption}") }
}

pub(crate) fn files(count: usize) -> String {
    format!("{count} file")
}

pub(crate) fn missing_key(key: &str) -> String {
    format!("Protocol Tidak Benar : kunci [{key}] tidak ada")
}

pub(crate) fn not_utf8(key: &str) -> String {
    format!("Protocol Tidak Benar : kunci [{key}] bukan UTF-8")
}

pub(crate) fn failed(incident: &str) -> String {
    format!("Kesalahan server {incident}, coba lagi")
}

/// What the request that was refused spoke of; each is empty where it spoke of none.
#[derive(Debug, Default)]
pub(crate) struct Subject {
    pub(crate) username: String,
    pub(crate) session: String,
    pub(crate) file: String,
    /// The longest file.
    pub(crate) file_bytes_max: u64,
}

/// What a refusal is called.
pub(crate) fn refusal(refusal: &Refusal, subject: &Subject) -> String {
    let words = match refusal {
        Refusal::UserUnknown => return user_unknown(&subject.username),
        Refusal::ReceiverUnknown(names) => return user_unknown(&names.join(", ")),
        Refusal::UsernameTaken => {
            return format!("Username [{}] sudah digunakan!", echo(&subject.username));
        }
        Refusal::SessionUnknown => {
            return format!("Session dengan id [{}] tidak dapat ditemukan", echo(&subject.session));
        }
        Refusal::FileUnknown => {
            return format!("File dengan nama [{}] tidak ditemukan", echo(&subject.file));
        }
        Refusal::FileTaken => {
            return format!("File dengan nama [{}] sudah pernah ada", echo(&subject.file));
        }
        Refusal::TooLong(Field::File) => {
            let most = size(subject.file_bytes_max);
            return format!("Gagal mengirim file : file terlalu besar, paling besar {most}");
        }
        Refusal::TooManyAttempts { wait_secs } => {
            return format!("Terlalu banyak percobaan, tunggu {wait_secs} detik");
        }
        Refusal::PasswordTooShort { chars_min } => {
            return format!("Password terlalu pendek, paling sedikit {chars_min} karakter");
        }
        Refusal::TooMany(Field::Room) => "Ruangan sudah penuh",
        Refusal::Invalid(field) | Refusal::TooLong(field) | Refusal::TooMany(field) => {
            return format!("Protocol Tidak Benar : {}", rule(*field));
        }
        Refusal::WrongPassword => "Password tidak benar",
        Refusal::NotInRoom => "Anda belum bergabung ke ruangan",
        Refusal::GroupTaken => "Group sudah ada",
        Refusal::GroupUnknown => "Group tidak ditemukan",
        Refusal::AlreadyMember => "User sudah join",
        Refusal::NotMember => "User bukan member grup",
        Refusal::AdminOnly => "Hanya admin grup yang diizinkan",
        Refusal::TooManyGroups => "Terlalu banyak group",
        Refusal::MessageUnknown => "Pesan tidak ditemukan",
        Refusal::InvitationUnknown => "Undangan tidak ditemukan",
        Refusal::NobodyActive => "Tidak ada user yang aktif",
        Refusal::RealmTaken => "Realm sudah ada",
        Refusal::RealmUnknown => "Realm tidak ditemukan",
        Refusal::RealmUnreachable => "Realm tidak dapat dihubungi",
        Refusal::RealmChanged => "Realm berubah, hubungi administrator",
        Refusal::LinkFull => "Antrean ke realm penuh, coba lagi nanti",
        Refusal::NotAllowed => "Tidak diizinkan",
        Refusal::Busy => "Server sibuk, coba lagi",
    };
    words.to_owned()
}

fn user_unknown(name: &str) -> String {
    format!("Username dengan nama [{}] tidak dapat ditemukan", echo(name))
}

/// The rule that a bad value broke.
#[rustfmt::skip]
fn rule(field: Field) -> &'static str {
    match field {
        Field::Username => "kunci [username] harus 1-32 huruf, angka, . _ -",
        Field::Password => "kunci [password] harus 1-1024 byte",
        Field::Name => "kunci [name] harus 1-64 karakter dalam satu baris",
        Field::Country => "kunci [nationality] harus 1-64 karakter dalam satu baris",
        Field::RealmAddress => "alamat realm harus nama host atau alamat IP, port 1-65535",
        Field::Body => "kunci [message] harus 1-65536 byte",
        Field::Room => "kunci [roomname] harus 1-64 karakter dalam satu baris",
        Field::Key => "kunci [key] harus 1-64 karakter ASCII",
        Field::Emoji => "kunci [emoji] harus satu gambar, paling banyak 20 pada satu pesan",
        Field::Label => "kunci [label] harus 1-64 karakter dalam satu baris",
        Field::Invitations => "paling banyak 100 undangan",
        Field::Hooks => "paling banyak 20 hook",
        Field::Programs => "paling banyak 20 program",
        Field::Settings => "kunci [settings] paling banyak 16384 byte",
        Field::Search => "pencarian harus 1-16 kata",
        Field::Recipients => "1-100 penerima",
        Field::Group => "nama grup harus 1-64 karakter dalam satu baris, tanpa @",
        Field::Realm => "nama realm harus 1-64 huruf, angka, . _ -",
        Field::Contacts => "paling banyak 1000 kontak",
        Field::FileName => "kunci [filename] harus nama file",
        Field::File => "kunci [payload] harus isi file",
    }
}

/// A size in the largest unit that shows it as it is.
fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    match bytes {
        _ if bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} byte"),
    }
}

/// What was sent, if it is short; else how it begins.
fn echo(sent: &str) -> String {
    match sent.char_indices().nth(ECHO_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &sent[..end]),
        None => sent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_repeats_no_more_than_a_little_of_what_was_sent() {
        let longest = "é".repeat(ECHO_CHARS_MAX);
        assert_eq!(echo(&longest), longest);
        assert_eq!(echo(&format!("{longest}x")), format!("{longest}…"));
        assert_eq!(echo(""), "");
    }

    #[test]
    fn a_size_is_told_as_it_is() {
        assert_eq!(size(100 * 1024 * 1024), "100 MiB");
        assert_eq!(size(1536 * 1024), "1536 KiB");
        assert_eq!(size(1_000), "1000 byte");
    }
}
