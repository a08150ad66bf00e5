//! How far it is: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use kabar_catalogue::Lang;

use super::words::Text;

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// What is under way.
pub(super) struct Progress {
    label: String,
    all: u64,
    done: u64,
    lang: Lang,
    began: Instant,
    said: Instant,
    /// Only on a terminal.
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins something that has about so many parts.
    pub(super) fn begin(label: String, all: u64, lang: Lang) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(all).with_message(label.clone());
            let style = "{msg:<12} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
            bar.with_style(
                ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            )
        });
        let now = Instant::now();
        Self { label, all, done: 0, lang, began: now, said: now, bar }
    }

    /// So many parts more are done.
    pub(super) fn add(&mut self, parts: u64) {
        self.done += parts;
        if let Some(bar) = &self.bar {
            bar.inc(parts);
        } else if self.said.elapsed() >= LINE_EVERY {
            self.said = Instant::now();
            self.say();
        }
    }

    /// All of it is done.
    pub(super) fn end(mut self) {
        self.all = self.done;
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => self.say(),
        }
    }

    fn say(&self) {
        let secs = self.began.elapsed().as_secs().max(1);
        let rate = self.done / secs;
        let left = self.all.saturating_sub(self.done).checked_div(rate).unwrap_or(0);
        let [done, all, rate, left] =
            [self.done, self.all.max(self.done), rate, left].map(|number| number.to_string());
        let values = [
            ("what", self.label.as_str()),
            ("done", &done),
            ("all", &all),
            ("rate", &rate),
            ("left", &left),
        ];
        eprintln!("{}", Text::Progress.say(self.lang, &values));
    }
}
