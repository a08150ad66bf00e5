//! `kabar migrate`: the whole realm to another database, another place for files, or both.
//!
//! Rows are copied by `kabar_store_sql::copy`, in an order that lets a move that was cut short go on; then the contents
//! that rows refer to. Afterwards both sides are read again and compared, row for row and value for value, and only
//! then is the target a realm that can be served. Nothing is written where the realm was.

mod check;
mod databases;
mod files;
mod progress;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use kabar_catalogue::Lang;
use kabar_store_sql::copy::{self, Mark, Side, TABLES};

pub(crate) use databases::unfinished;

use crate::cli::{self, Place};
use crate::config::Config;
use crate::realm::PlaceLock;
use crate::text;
use check::Verdict;
use files::Files;
use progress::Progress;
use words::Text;

/// `kabar migrate`.
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    place: Place,
    /// The file with the settings of the realm as it shall be (TOML); variables do not change them
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Compare the two and copy nothing
    #[arg(long)]
    check: bool,
    /// Go on although contents of files are missing or damaged where the realm is
    #[arg(long)]
    missing_files_are_lost: bool,
}

/// The realm as it is, and as it shall be.
struct Move<'a> {
    args: &'a MigrateArgs,
    from: Config,
    to: Config,
    lang: Lang,
}

/// Does what the command says, and says what became of it.
pub(crate) fn run(args: &MigrateArgs, lang: Lang) -> ExitCode {
    let to = || Config::load(Some(&args.to), std::iter::empty());
    let (from, to) = match args.place.settings().and_then(|from| Ok((from, to()?))) {
        Ok(both) => both,
        Err(error) => return cli::complain(&error, cli::EXIT_USAGE),
    };
    match (Move { args, from, to, lang }).perform() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::complain(&error, 1),
    }
}

impl Move<'_> {
    fn perform(&self) -> Result<()> {
        let has_other_database = !databases::is_same(&self.from, &self.to);
        if !has_other_database && files::is_same(&self.from, &self.to) {
            bail!(Text::Same.say(self.lang, &[]));
        }
        let _places = self.places()?;
        let from = databases::open_from(&self.from, self.lang)?;
        let mark = self.mark(&*from)?;
        let mut to = match (has_other_database, self.args.check) {
            (false, _) => None,
            (true, true) => Some(databases::open_from(&self.to, self.lang)?),
            (true, false) => Some(databases::open_to(&self.to, self.lang)?),
        };
        let outcome = self.carry_out(&mark, &*from, &mut to);
        // Also after an error: the target is left as whole as it is.
        if let Some(to) = to {
            to.close();
        }
        from.close();
        outcome
    }

    /// By what the realm is known again. It is whole, and has somebody.
    fn mark(&self, from: &dyn Side) -> Result<Mark> {
        let place = databases::place(&self.from);
        let values = [("place", place.as_str())];
        if from.is_unfinished()? {
            bail!(Text::Unfinished.say(self.lang, &values));
        }
        match Mark::of(from)? {
            Some(mark) => Ok(mark),
            None => bail!(Text::NoAccounts.say(self.lang, &values)),
        }
    }

    fn carry_out(
        &self,
        mark: &Mark,
        from: &dyn Side,
        to: &mut Option<Box<dyn Side>>,
    ) -> Result<()> {
        let (lang, is_fine) = (self.lang, self.args.missing_files_are_lost);
        if let (Some(to), false) = (&*to, self.args.check) {
            self.may_take(mark, &**to)?;
        }
        let files = Files::open(&self.from, &self.to, lang)?;
        if !self.args.check {
            if let Some(to) = to {
                self.copy_rows(mark, from, &mut **to)?;
            }
            files.copy(from, is_fine)?;
        }
        let files = files.check(from, is_fine)?;
        let rows = match to {
            Some(to) => check::rows(from, &**to, lang)?,
            None => Verdict::default(),
        };
        text::print(&rows.said);
        if rows.differences > 0 {
            let count = rows.differences.to_string();
            let place = databases::place(&self.to);
            bail!(Text::Different.say(lang, &[("count", &count), ("place", &place)]));
        }
        if let (Some(to), false) = (to, self.args.check) {
            copy::finish(from, &mut **to)?;
        }
        self.say_end(rows.rows, files);
        Ok(())
    }

    fn say_end(&self, rows: u64, files: u64) {
        let (rows, files) = (rows.to_string(), files.to_string());
        let (to, place) = (self.args.to.display().to_string(), databases::place(&self.from));
        let values = [("rows", &rows[..]), ("files", &files), ("to", &to), ("place", &place)];
        let end = if self.args.check { Text::Alike } else { Text::Moved };
        text::print(&format!("{}\n", end.say(self.lang, &values)));
    }

    /// Nobody on this machine is a node of either.
    fn places(&self) -> Result<Vec<PlaceLock>> {
        let mut directories: Vec<PathBuf> = [&self.from, &self.to]
            .into_iter()
            .filter(|config| config.storage.is_shared() && config.server.data.is_dir())
            .filter_map(|config| config.server.data.canonicalize().ok())
            .collect();
        directories.dedup();
        let mut locks = Vec::new();
        for directory in directories {
            let place = directory.display().to_string();
            match PlaceLock::take(&directory)? {
                Some(lock) => locks.push(lock),
                None => bail!(Text::InUse.say(self.lang, &[("place", &place)])),
            }
        }
        Ok(locks)
    }

    /// The target is empty, or this very realm has been on its way to it.
    fn may_take(&self, mark: &Mark, to: &dyn Side) -> Result<()> {
        let (lang, place) = (self.lang, databases::place(&self.to));
        let values = [("place", place.as_str())];
        if !to.is_unfinished()? {
            if copy::is_empty(to)? {
                return Ok(());
            }
            bail!(Text::NotEmpty.say(lang, &values));
        }
        match Mark::written(to)? {
            Some(begun) if begun == *mark => {
                eprintln!("{}", Text::GoesOn.say(lang, &[]));
                Ok(())
            }
            Some(begun) if begun.realm == mark.realm => bail!(Text::Changed.say(lang, &values)),
            _ => bail!(Text::AnotherRealm.say(lang, &values)),
        }
    }

    fn copy_rows(&self, mark: &Mark, from: &dyn Side, to: &mut dyn Side) -> Result<()> {
        if !to.is_unfinished()? {
            mark.write(to)?;
        }
        let (mut all, mut there) = (0, 0);
        for table in TABLES {
            all += from.rows_about(table)?;
            there += to.rows_about(table)?;
        }
        let label = Text::Rows.say(self.lang, &[]);
        let mut progress = Progress::begin(label, all.saturating_sub(there), self.lang);
        for table in TABLES {
            copy::copy(table, from, to, &mut |rows| progress.add(rows))?;
        }
        progress.end();
        Ok(to.settle()?)
    }
}
