//! Where a shell prints. Lines may come from two sides at once: answers from the shell, and what is
//! said unasked from the thread that hears it.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use parking_lot::Mutex;

/// Lines that wait to be shown above a line that is being edited. When they are full, nothing more
/// is read from the server until some have been shown.
const WAITING_LINES_MAX: usize = 1_000;

/// The output, shared.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<Inner>>);

struct Inner {
    out: Box<dyn Write + Send>,
    /// A prompt stands at the end, without a line end of its own.
    mid_line: bool,
    /// Shows a line above the one that is being edited.
    editor: Option<SyncSender<String>>,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}

impl Screen {
    /// Plain output: a pipe, a file, a terminal without an editor.
    pub fn plain(out: impl Write + Send + 'static) -> Self {
        Self::new(Box::new(out), None)
    }

    /// A terminal whose lines are edited; `show` writes a text above the edited line.
    pub(in crate::shell) fn edited(
        out: impl Write + Send + 'static,
        mut show: impl FnMut(String) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let (sender, lines) = sync_channel(WAITING_LINES_MAX);
        // A thread, since the editor may let a line wait until the next prompt.
        thread::spawn(move || lines.into_iter().try_for_each(&mut show));
        Self::new(Box::new(out), Some(sender))
    }

    fn new(out: Box<dyn Write + Send>, editor: Option<SyncSender<String>>) -> Self {
        Self(Arc::new(Mutex::new(Inner { out, mid_line: false, editor })))
    }

    /// A line, after the prompt if there is one.
    pub(in crate::shell) fn print(&self, line: &str) -> io::Result<()> {
        let mut inner = self.0.lock();
        inner.mid_line = false;
        writeln!(inner.out, "{line}")?;
        inner.out.flush()
    }

    /// A prompt, for inputs that show none by themselves.
    pub(in crate::shell) fn prompt(&self, prompt: &str) -> io::Result<()> {
        let mut inner = self.0.lock();
        inner.mid_line |= !prompt.is_empty();
        write!(inner.out, "{prompt}")?;
        inner.out.flush()
    }

    /// A line that nobody waited for. If the output is broken, the next answer will tell.
    pub(in crate::shell) fn live(&self, line: &str) {
        let mut inner = self.0.lock();
        if let Some(editor) = inner.editor.clone() {
            // Not under the lock: this may wait.
            drop(inner);
            let _ = editor.send(format!("{line}\n"));
            return;
        }
        let start = if std::mem::take(&mut inner.mid_line) { "\n" } else { "" };
        let _ = writeln!(inner.out, "{start}{line}").and_then(|()| inner.out.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_answer_follows_its_prompt_and_a_live_line_stands_alone() {
        let out = Memory::default();
        let screen = Screen::plain(out.clone());
        screen.live("a");
        screen.prompt("p: ").unwrap();
        screen.print("b").unwrap();
        screen.prompt("p: ").unwrap();
        screen.live("c");
        screen.live("d");
        screen.print("e").unwrap();
        screen.prompt("").unwrap();
        screen.live("f");
        assert_eq!(*out.0.lock(), b"a\np: b\np: \nc\nd\ne\nf\n");
    }

    #[test]
    fn a_live_line_goes_above_the_edited_one() {
        let (sender, shown) = std::sync::mpsc::channel();
        let out = Memory::default();
        let show = move |line| sender.send(line).map_err(io::Error::other);
        let screen = Screen::edited(out.clone(), show);
        screen.live("a");
        screen.print("b").unwrap();
        assert_eq!(shown.recv().unwrap(), "a\n");
        assert_eq!(*out.0.lock(), b"b\n");
    }
}
