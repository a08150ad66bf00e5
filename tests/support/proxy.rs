//! A line between two servers that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Passes on what comes at its port to wherever it leads at that moment.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    leads_to: Mutex<Option<SocketAddr>>,
    /// Bytes that still pass before the next cut; negative: no cut is planned.
    left: AtomicI64,
    cuts: AtomicUsize,
    /// What is cut when the time has come.
    open: Mutex<Vec<TcpStream>>,
    /// How many bytes a cut comes after; given the number of the cut.
    plan: fn(usize) -> Option<i64>,
}

impl Proxy {
    /// One that leads nowhere yet and is never cut by itself.
    pub(crate) fn new() -> Self {
        Self::cutting(|_| None)
    }

    /// One that leads nowhere yet, and is cut after so many bytes of answers, again and again until the plan ends.
    pub(crate) fn cutting(plan: fn(usize) -> Option<i64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            leads_to: Mutex::default(),
            left: AtomicI64::new(plan(0).unwrap_or(-1)),
            cuts: AtomicUsize::new(0),
            open: Mutex::default(),
            plan,
        });
        let proxy = Self { address, state: Arc::clone(&state) };
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                thread::spawn(move || pass(near, &state));
            }
        });
        proxy
    }

    /// Where it leads from now on; `None`: nowhere.
    pub(crate) fn lead_to(&self, to: Option<SocketAddr>) {
        *self.state.leads_to.lock().unwrap() = to;
        self.state.hang_up();
    }

    /// How often it was cut.
    pub(crate) fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::SeqCst)
    }
}

impl State {
    fn hang_up(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Whether so many bytes may pass still; cuts when they may not.
    fn may_pass(&self, count: usize) -> usize {
        let left = self.left.load(Ordering::SeqCst);
        if left < 0 {
            return count;
        }
        let passes = count.min(usize::try_from(left).unwrap());
        self.left.fetch_sub(i64::try_from(passes).unwrap(), Ordering::SeqCst);
        passes
    }

    fn cut(&self) {
        let next = (self.plan)(self.cuts.fetch_add(1, Ordering::SeqCst) + 1);
        self.left.store(next.unwrap_or(-1), Ordering::SeqCst);
        self.hang_up();
    }
}

fn pass(near: TcpStream, state: &Arc<State>) {
    let Some(to) = *state.leads_to.lock().unwrap() else { return };
    let Ok(far) = TcpStream::connect(to) else { return };
    let (near_out, far_out) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    let ends = [&near, &far].map(|stream| stream.try_clone().unwrap());
    state.open.lock().unwrap().extend(ends);
    let asking = thread::spawn(move || copy(near, far_out, |count| (count, false)));
    let counted = Arc::clone(state);
    copy(far, near_out, move |count| {
        let passes = counted.may_pass(count);
        (passes, passes < count)
    });
    if state.left.load(Ordering::SeqCst) == 0 {
        state.cut();
    }
    asking.join().unwrap();
}

/// Copies until one side ends, or not all may pass.
fn copy(mut from: TcpStream, mut to: TcpStream, may_pass: impl Fn(usize) -> (usize, bool)) {
    let mut piece = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        let (passes, is_cut) = may_pass(count);
        if to.write_all(&piece[..passes]).is_err() || is_cut {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
