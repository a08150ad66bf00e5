//! Hashing passwords without getting in anyone's way.
//!
//! Argon2id takes some 20 MiB and tens of milliseconds a password. So it has threads of its own, as many
//! as cores, at a lower priority, with a short queue: logins can neither starve messages nor fill memory.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, LazyLock};
use std::thread;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use kabar_model::{Password, Refusal};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// The passwords that wait to be hashed; with more, the realm is busy.
pub(crate) const HASHES_QUEUED_MAX: usize = 64;

/// How much less the hashing threads weigh than the others (POSIX nice value). At 10 they get about a
/// tenth of a core that others want, and all of one that nobody wants. Less still would let any busy
/// program on the machine keep people from logging in.
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The threads that hash.
#[derive(Debug)]
pub(crate) struct Hasher(SyncSender<Job>);

impl Hasher {
    /// Starts as many threads as there are cores. They end when the hasher is dropped.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(HASHES_QUEUED_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new().name("hasher".into()).spawn(move || work(&receiver))?;
        }
        Ok(Self(sender))
    }

    /// Runs `job` on a hashing thread; refuses `Busy` when too many wait already.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, outcome) = oneshot::channel();
        let job = Box::new(move || {
            // Who asked may have hung up meanwhile: then nobody needs the answer.
            if !answer.is_closed() {
                let _ = answer.send(job());
            }
        });
        match self.0.try_send(job) {
            Ok(()) => outcome.await.map_err(Error::failed)?,
            Err(TrySendError::Full(_)) => Err(Refusal::Busy.into()),
            Err(TrySendError::Disconnected(_)) => {
                Err(Error::failed("the hashing threads are gone"))
            }
        }
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    // On Linux a nice value belongs to the thread. Without the right to set it, hashing just weighs more.
    let _ = rustix::process::setpriority_process(None, NICENESS);
    loop {
        let job = jobs.lock().recv();
        let Ok(job) = job else { return };
        job();
    }
}

/// Hashes a password with a salt of its own, as a PHC string.
pub(crate) fn hash(password: &Password) -> Result<String> {
    let hash = Argon2::default()
        .hash_password(password.expose().as_bytes())
        .map_err(|error| Error::failed(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password is the one behind the hash.
pub(crate) fn verify(password: &Password, hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(|error| Error::failed(error.to_string()))?;
    Ok(Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
}

/// Takes as long as [`verify`], for an account that does not exist.
pub(crate) fn verify_nothing(password: &Password) -> Result<()> {
    static HASH: LazyLock<Option<String>> =
        LazyLock::new(|| hash(&Password::parse("nobody").ok()?).ok());
    match &*HASH {
        Some(hash) => verify(password, hash).map(drop),
        None => Err(Error::failed("cannot hash")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_with_its_own_salt() {
        let password = Password::parse("surabaya").unwrap();
        let (one, other) = (hash(&password).unwrap(), hash(&password).unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(verify(&password, &one).unwrap());
        assert!(!verify(&Password::parse("malang").unwrap(), &one).unwrap());
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_and_recovers() {
        let hasher = Arc::new(Hasher::start().unwrap());
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let tasks: Vec<_> = (0..=threads + HASHES_QUEUED_MAX)
            .map(|_| {
                let (hasher, gate) = (Arc::clone(&hasher), Arc::clone(&gate));
                tokio::spawn(async move {
                    let wait = move || {
                        // Until the other end is dropped.
                        let _ = gate.lock().recv();
                        Ok(())
                    };
                    hasher.run(wait).await
                })
            })
            .collect();
        // More than the threads and the queue hold: one at least is refused, while none is done.
        while !tasks.iter().any(tokio::task::JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
        drop(open);
        let mut refused = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => {}
                Err(error) => {
                    assert_eq!(error.refusal(), Some(&Refusal::Busy));
                    refused += 1;
                }
            }
        }
        assert!((1..=threads + 1).contains(&refused), "{refused} refused");
        hasher.run(|| Ok(())).await.unwrap();
    }
}
