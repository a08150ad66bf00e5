//! What a chore is, and how several are run one after the other.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

/// A row of the table of chores. An error it returns ends with what to do next.
#[derive(Clone, Copy)]
pub(crate) struct Chore {
    pub(crate) name: &'static str,
    /// Shown in the help; when empty, arguments are refused before the chore runs.
    pub(crate) arguments: &'static str,
    pub(crate) summary: &'static str,
    /// Takes the root of the repository and the words after the chore's name.
    pub(crate) run: fn(root: &Path, arguments: &[String]) -> Result<()>,
}

/// Runs the steps in order, says how long each took, and stops at the first that fails.
pub(crate) fn in_order(root: &Path, steps: &[Chore]) -> Result<()> {
    let all = steps.len();
    let start = Instant::now();
    for (at, step) in steps.iter().enumerate() {
        let place = format!("[{}/{all}] {}", at + 1, step.name);
        println!("{place}: {}", step.summary);
        let began = Instant::now();
        let outcome = (step.run)(root, &[]);
        let secs = began.elapsed().as_secs_f64();
        outcome.with_context(|| {
            format!("{place} failed after {secs:.1} s; `cargo xtask {}` runs it alone", step.name)
        })?;
        println!("{place}: good, {secs:.1} s");
    }
    println!("all {all} steps passed in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    const GOOD: Chore = Chore { name: "good", arguments: "", summary: "", run: |_, _| Ok(()) };
    const BAD: Chore = Chore { name: "bad", arguments: "", summary: "", run: |_, _| bail!("why") };
    const NEVER: Chore =
        Chore { name: "never", arguments: "", summary: "", run: |_, _| panic!("was run") };

    #[test]
    fn steps_run_in_order_and_stop_at_the_first_failure() {
        let root = Path::new(".");
        assert!(in_order(root, &[GOOD, GOOD]).is_ok());
        let error = format!("{:#}", in_order(root, &[GOOD, BAD, NEVER]).unwrap_err());
        assert!(error.starts_with("[2/3] bad failed after"), "{error}");
        assert!(error.ends_with("why"), "{error}");
    }
}
