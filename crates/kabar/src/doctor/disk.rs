//! The data directory: is it ours alone, and is there room?

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use kabar_catalogue::Lang;
use rustix::fs::{Access, access, statvfs};

use super::report::{Finding, State};
use crate::text::Text;

/// With less, an upload or a busy hour fills the disk.
const FREE_BYTES_MIN: u64 = 128 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;

/// Group and others may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Whether it is there, and who may write in it.
pub(super) fn directory(path: &Path, lang: Lang) -> Finding {
    let shown = path.display().to_string();
    let wrong = |code, text: Text, more: &[(&str, &str)]| {
        let values = [&[("path", shown.as_str())], more].concat();
        Finding::new("data", State::Wrong, code, text.say(lang, &values))
    };
    let found = match fs::metadata(path) {
        Ok(found) if found.is_dir() => found,
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let reason = error.to_string();
            return wrong("unknown", Text::DoctorDataUnknown, &[("reason", &reason)]);
        }
        Ok(_) | Err(_) => return wrong("none", Text::DoctorDataNone, &[]),
    };
    if access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return wrong("rights", Text::DoctorDataRights, &[]);
    }
    if found.mode() & WRITABLE_BY_OTHERS != 0 {
        let mode = format!("{:o}", found.mode() & 0o7777);
        return wrong("open", Text::DoctorDataOpen, &[("mode", &mode)]);
    }
    Finding::new("data", State::Well, "well", Text::DoctorData.say(lang, &[("path", &shown)]))
}

/// Whether there is room.
pub(super) fn space(path: &Path, lang: Lang) -> Finding {
    let Ok(found) = statvfs(path) else {
        return Finding::new("space", State::Skipped, "not_tried", String::new());
    };
    let bytes = found.f_bavail.saturating_mul(found.f_frsize);
    let (free, shown) = ((bytes / MIB).to_string(), path.display().to_string());
    let (state, code, text) = if bytes < FREE_BYTES_MIN {
        (State::Wrong, "low", Text::DoctorSpaceLow)
    } else {
        (State::Well, "well", Text::DoctorSpace)
    };
    Finding::new("space", state, code, text.say(lang, &[("free", &free), ("path", &shown)]))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_directory_that_others_may_write_in_is_wrong_and_so_is_none() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("data");
        assert_eq!(directory(&path, Lang::En).code, "none");
        fs::write(&path, "").unwrap();
        assert_eq!(directory(&path, Lang::En).code, "none");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        for (mode, code) in [(0o700, "well"), (0o755, "well"), (0o775, "open"), (0o777, "open")] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let found = directory(&path, Lang::En);
            assert_eq!(found.code, code, "{mode:o}: {}", found.words);
        }
    }
}
