//! One run of one fuzz target, within limits.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io, process};

use anyhow::{Context, Result, bail};

/// Twice the longest line a dialect takes.
const INPUT_BYTES_MAX: u32 = 4096;
const MEMORY_MB_MAX: u32 = 256;
/// For one input.
const INPUT_SECS_MAX: u32 = 1;
/// How much of libFuzzer's log is shown when a target fails.
const LOG_LINES_SHOWN: usize = 40;

/// Starts from a copy of the corpus, so that what is found does not change the repository, and
/// leaves a failing input in `fuzz/artifacts`.
pub(super) fn run(root: &Path, program: &Path, target: &str, secs: u32) -> Result<()> {
    let corpus = Scratch::copy_of(&root.join("fuzz/corpus").join(target), target)?;
    let artifacts = root.join("fuzz/artifacts").join(target);
    fs::create_dir_all(&artifacts).context("cannot make the folder for failing inputs")?;
    print!("  {target}: ");
    io::stdout().flush()?;
    let done = Command::new(program)
        .arg(format!("-max_total_time={secs}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MB_MAX}"))
        .arg(format!("-timeout={INPUT_SECS_MAX}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg("-print_final_stats=1")
        .arg(&corpus.folder)
        .current_dir(&corpus.folder)
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let log = String::from_utf8_lossy(&done.stderr);
    if !done.status.success() {
        bail!(
            "the fuzz target {target} failed ({}):\n{}\nnext: `{} INPUT` runs an input of {} \
             again; with the repair, add the input to fuzz/corpus/{target}",
            done.status,
            tail(&log),
            program.display(),
            artifacts.display()
        );
    }
    match inputs(&log) {
        Some(inputs) if inputs > 0 => println!("{inputs} inputs in {secs} s"),
        _ => bail!("the fuzz target {target} ran no input:\n{}", tail(&log)),
    }
    Ok(())
}

/// How many inputs were run, from the statistics at the end of the log.
fn inputs(log: &str) -> Option<u64> {
    let row = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    row.trim().parse().ok()
}

/// The end of the log; lines such as `#85970 REDUCE cov: 73` tell of progress only.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.starts_with('#')).collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}

/// A folder that goes with its value.
struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    fn copy_of(seeds: &Path, target: &str) -> Result<Self> {
        let folder = env::temp_dir().join(format!("kabar-fuzz-{}-{target}", process::id()));
        fs::create_dir_all(&folder).context("cannot make a folder for the corpus")?;
        let scratch = Self { folder };
        let entries = fs::read_dir(seeds)
            .with_context(|| format!("no seeds in {}; write at least one", seeds.display()))?;
        for seed in entries {
            let seed = seed?;
            fs::copy(seed.path(), scratch.folder.join(seed.file_name()))?;
        }
        Ok(scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is in the folder for temporary files, and does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_inputs_is_read_from_the_log() {
        assert_eq!(inputs("INFO: x\nstat::number_of_executed_units: 4711\nend"), Some(4711));
        assert_eq!(inputs("INFO: x"), None);
    }

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let log = "x\n".repeat(LOG_LINES_SHOWN) + "#1 NEW\nend\n";
        assert_eq!(tail(&log).lines().count(), LOG_LINES_SHOWN);
        assert!(tail(&log).ends_with("x\nend"));
    }

    #[test]
    fn a_target_that_fails_or_runs_nothing_fails_the_chore() {
        let root = crate::root();
        let end = |program| run(&root, Path::new(program), "json", 1).unwrap_err().to_string();
        assert!(end("/bin/false").contains("json failed"));
        assert!(end("/bin/true").contains("ran no input"));
        assert!(run(&root, Path::new("/bin/true"), "no-such-target", 1).is_err());
    }
}
