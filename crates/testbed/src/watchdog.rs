//! What ends a server when the process of the test is gone, however it went.

use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use std::os::unix::process::CommandExt;

/// A shell that waits for its input to end. The end comes when this is dropped, and also when the process was killed:
/// the system closes the pipe. Then it ends the server whose number stands in a file, if it is that server still, and
/// removes its directory.
#[derive(Debug)]
pub struct Watchdog {
    shell: Child,
    /// There until this is dropped.
    input: Option<ChildStdin>,
}

/// `$1`: what to remove, `$2`: where the server runs, `$3`: the file with its number. First a request to stop at once,
/// then no question.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
read -r _ 2>/dev/null
runs() { pid=$(head -n 1 "$3" 2>/dev/null) && [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$2" ]; }
runs "$@" && kill -QUIT "$pid" 2>/dev/null
turns=0
while runs "$@" && [ "$turns" -lt 50 ]; do sleep 0.1; turns=$((turns + 1)); done
runs "$@" && kill -KILL "$pid" 2>/dev/null
rm -rf -- "$1"
"#;

impl Watchdog {
    /// Watches over the server that runs with `runs_in` as its directory and writes its number into `pid_file`; `dir`
    /// goes with it.
    ///
    /// # Panics
    /// When there is no shell.
    pub fn over(dir: &Path, runs_in: &Path, pid_file: &Path) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "watchdog"]).arg(dir).arg(runs_in).arg(pid_file);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // In a group of its own, so that what ends the test by its group leaves it alone.
        let mut shell = command.process_group(0).spawn().expect("there is a shell");
        let input = shell.stdin.take();
        Self { shell, input }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}
