//! The machine: its clock, and how many files a process may open.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kabar_catalogue::Lang;
use kabar_model::Timestamp;
use kabar_wire::rfc3339;
use rustix::process::{Resource, getrlimit};

use super::report::{Finding, State};
use crate::text::Text;

/// 2026-01-01: no clock that is right shows a moment before it.
const EARLIEST: Duration = Duration::from_hours(20_454 * 24);
/// Clocks are set by so much now and then.
const SKEW: Duration = Duration::from_mins(5);
/// With fewer a class cannot connect at once.
const FILES_MIN: u64 = 1_024;

/// Whether the time can be right, and is not before that of the last write.
pub(super) fn clock(directory: &Path, lang: Lang) -> Finding {
    let written = [kabar_store_sqlite::FILE, "kabar.db-wal"]
        .iter()
        .filter_map(|name| fs::metadata(directory.join(name)).ok()?.modified().ok());
    judged(SystemTime::now(), written.max(), lang)
}

fn judged(now: SystemTime, written: Option<SystemTime>, lang: Lang) -> Finding {
    let (now_shown, written_shown) = (shown(now), written.map(shown).unwrap_or_default());
    let (state, code, text) = if now < UNIX_EPOCH + EARLIEST {
        (State::Wrong, "early", Text::DoctorClockEarly)
    } else if written.is_some_and(|written| written > now + SKEW) {
        (State::Wrong, "back", Text::DoctorClockBack)
    } else {
        (State::Well, "well", Text::DoctorClock)
    };
    let values = [("now", now_shown.as_str()), ("written", &written_shown)];
    Finding::new("clock", state, code, text.say(lang, &values))
}

fn shown(at: SystemTime) -> String {
    let secs = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    rfc3339(Timestamp(i64::try_from(secs).unwrap_or(i64::MAX).saturating_mul(1_000_000)))
}

/// How many files this process may open.
pub(super) fn files() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// How many it may open once it has raised that as far as it goes, as the server does.
pub(super) fn files_at_most() -> u64 {
    getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)
}

/// Whether those are enough.
pub(super) fn enough_files(files: u64, lang: Lang) -> Finding {
    let (state, code, text) = if files < FILES_MIN {
        (State::Wrong, "low", Text::DoctorFilesLow)
    } else {
        (State::Well, "well", Text::DoctorFiles)
    };
    Finding::new("files", state, code, text.say(lang, &[("files", &files.to_string())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_its_time_or_before_the_last_write_is_wrong() {
        let now = UNIX_EPOCH + EARLIEST + Duration::from_hours(24);
        for (written, code) in [
            (None, "well"),
            (Some(now - SKEW), "well"),
            (Some(now + SKEW), "well"),
            (Some(now + SKEW + Duration::from_secs(1)), "back"),
        ] {
            assert_eq!(judged(now, written, Lang::En).code, code, "{written:?}");
        }
        let early = judged(UNIX_EPOCH, None, Lang::En);
        assert_eq!(early.code, "early");
        assert!(early.words.contains("1970-01-01T00:00:00Z"), "{}", early.words);
    }

    #[test]
    fn few_files_are_wrong() {
        for (files, state) in [(FILES_MIN, State::Well), (FILES_MIN - 1, State::Wrong)] {
            assert_eq!(enough_files(files, Lang::En).state, state);
        }
    }
}
