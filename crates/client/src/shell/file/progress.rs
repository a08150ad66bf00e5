//! How far a transfer has come, drawn on standard error.

use indicatif::{ProgressBar, ProgressStyle};

use crate::shell::shown;

const OF_KNOWN_SIZE: &str = "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}";
const OF_UNKNOWN_SIZE: &str = "{msg} {spinner} {bytes} {bytes_per_sec}";

/// One transfer. It takes its line off the terminal when it ends.
#[derive(Debug)]
pub(in crate::shell) struct Progress(ProgressBar);

impl Progress {
    /// The transfer of `name`, hidden unless `shown`.
    pub(in crate::shell) fn start(shown: bool, name: &str, size: Option<u64>) -> Self {
        let bar = if shown { ProgressBar::no_length() } else { ProgressBar::hidden() };
        let progress = Self(bar.with_message(shown::plain(name)));
        progress.style(OF_UNKNOWN_SIZE);
        if let Some(size) = size {
            progress.size(size);
        }
        progress
    }

    /// How much it will be, once that is known.
    pub(in crate::shell) fn size(&self, size: u64) {
        self.style(OF_KNOWN_SIZE);
        self.0.set_length(size);
    }

    pub(in crate::shell) fn more(&self, bytes: usize) {
        self.0.inc(bytes as u64);
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_templates_can_be_drawn() {
        for template in [OF_KNOWN_SIZE, OF_UNKNOWN_SIZE] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
