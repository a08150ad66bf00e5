//! Running other programs: an error names the command line, how it ended and what to do next.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The cargo that runs this chore, in the root of the repository.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(arguments).current_dir(root);
    // What the outer cargo says of this package is not about what is built: build scripts that look at it would run again,
    // here and at the next build without us.
    for (name, _) in env::vars_os() {
        let says = |start: &str| name.to_string_lossy().starts_with(start);
        if says("CARGO_PKG_") || says("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs to the end with our own standard streams.
pub(crate) fn run(command: &mut Command, next: &str) -> Result<()> {
    let line = shown(command);
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}\nnext: {next}");
    }
    Ok(())
}

/// Runs to the end and returns what was written to standard output.
pub(crate) fn output(command: &mut Command, next: &str) -> Result<Vec<u8>> {
    let line = shown(command);
    let done = command.output().with_context(|| format!("cannot start `{line}`"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("`{line}` ended with {}\n{}\nnext: {next}", done.status, said.trim_end());
    }
    Ok(done.stdout)
}

/// The command line as a person would type it, with the program's folder left out.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut words = vec![name.to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cargo_within_hears_nothing_of_this_package() {
        let command = cargo(Path::new("."), &[]);
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        // `cargo test` has told us.
        assert!(removed.iter().any(|(name, _)| *name == "CARGO_MANIFEST_DIR"));
        assert!(removed.iter().any(|(name, _)| *name == "CARGO_PKG_NAME"));
        assert!(!removed.iter().any(|(name, _)| *name == "CARGO_HOME"));
    }

    #[test]
    fn a_failure_names_the_command_and_the_next_deed() {
        let root = Path::new(".");
        assert!(output(&mut cargo(root, &["--version"]), "nothing").is_ok());
        let error = output(&mut cargo(root, &["--no-such-flag"]), "do this").unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("`cargo --no-such-flag` ended with"), "{error}");
        assert!(error.ends_with("next: do this"), "{error}");
    }
}
