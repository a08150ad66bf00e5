//! Signals: an interrupted transfer ends alone; everything else ends the program, with the terminal as
//! it was found.

use std::io::{self, Write};
use std::process;
use std::thread;
use std::time::Duration;

use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::cancel::Cancel;

/// How long a transfer has to take back what it left half done.
const END_SECS: u64 = 1;

/// The exit status of a program that a signal ended, less the signal's number.
const EXIT_BY_SIGNAL: i32 = 128;

/// Listens from now on, in a thread that ends with the program.
pub(super) fn watch(cancel: Cancel) -> io::Result<()> {
    // Without a terminal there is nothing to restore.
    let found = tcgetattr(stdin()).ok();
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let inside = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    drop(inside);
    thread::spawn(move || {
        let kind = runtime.block_on(first_to_end(&mut interrupt, &mut terminate, &cancel));
        cancel.ask();
        cancel.wait_idle(Duration::from_secs(END_SECS));
        leave(found.as_ref(), kind)
    });
    Ok(())
}

/// Waits for a signal that ends the program.
async fn first_to_end(
    interrupt: &mut Signal,
    terminate: &mut Signal,
    cancel: &Cancel,
) -> SignalKind {
    loop {
        tokio::select! {
            _ = interrupt.recv() => {
                if !cancel.ask() {
                    return SignalKind::interrupt();
                }
            }
            _ = terminate.recv() => return SignalKind::terminate(),
        }
    }
}

fn leave(found: Option<&Termios>, kind: SignalKind) -> ! {
    if let Some(found) = found {
        // There is nobody left to tell when this fails.
        let _ = tcsetattr(stdin(), OptionalActions::Now, found);
        let _ = writeln!(io::stderr());
    }
    process::exit(EXIT_BY_SIGNAL + kind.as_raw_value())
}
