//! The running server's ear for its operator: a socket in the data directory that only the owner of
//! the directory can reach. A request is a JSON object a line, and so is its answer.

pub(crate) mod client;

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kabar_engine::Engine;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::{doctor, realms, users};

/// The socket's name in the data directory.
const SOCKET: &str = "control.sock";
/// The longest request.
const REQUEST_BYTES_MAX: u64 = 16 * 1024;
/// How long an operator's connection may be silent.
const IDLE: Duration = Duration::from_mins(1);
/// Operators who are heard at a time.
const OPERATORS_MAX: usize = 8;

/// What operators ask for.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Request {
    User(users::Request),
    Realm(realms::Request),
    Doctor(doctor::Request),
}

/// Whom operators ask.
pub(crate) struct Asked {
    /// The rules.
    pub(crate) engine: Arc<Engine>,
    /// What `kabar doctor` wants to know of this process.
    pub(crate) server: doctor::Running,
}

/// Listens until the server is to stop. Without the socket the server works all the same, so a failure
/// is only logged.
pub(crate) fn listen(
    directory: &Path,
    asked: Asked,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) {
    match bind(directory) {
        Ok(listener) => {
            let (asked, stop, connections) = (Arc::new(asked), stop.clone(), tasks.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = accept(listener, asked, &stop, &connections) => {}
                    () = stop.cancelled() => {}
                }
            });
        }
        Err(error) => warn!(%error, "no control socket: stop the server before using `kabar user`"),
    }
}

fn bind(directory: &Path) -> io::Result<UnixListener> {
    let path = socket(directory);
    // We hold the lock on the directory, so a socket that is there is a dead server's.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn accept(
    listener: UnixListener,
    asked: Arc<Asked>,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) {
    // Another realm may take its time to answer one operator; the next one need not wait for that.
    let places = Arc::new(Semaphore::new(OPERATORS_MAX));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                let (asked, stop) = (Arc::clone(&asked), stop.clone());
                tasks.spawn(async move {
                    let _place = place;
                    tokio::select! {
                        served = serve(stream, &asked) => {
                            if let Err(error) = served {
                                warn!(%error, "an operator's connection broke");
                            }
                        }
                        () = stop.cancelled() => {}
                    }
                });
            }
            Err(error) => {
                warn!(%error, "cannot accept an operator's connection");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn serve(stream: UnixStream, asked: &Asked) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut read).take(REQUEST_BYTES_MAX);
        let request = limited.read_until(b'\n', &mut line);
        match tokio::time::timeout(IDLE, request).await {
            Ok(Ok(count)) if count > 0 => {}
            Ok(Ok(_)) | Err(_) => return Ok(()),
            Ok(Err(error)) => return Err(error),
        }
        let request = serde_json::from_slice(&line).map_err(io::Error::other)?;
        let mut answer = carry_out(asked, request).await?;
        answer.push(b'\n');
        write.write_all(&answer).await?;
    }
}

async fn carry_out(asked: &Asked, request: Request) -> serde_json::Result<Vec<u8>> {
    match request {
        Request::User(wish) => serde_json::to_vec(&users::carry_out(&asked.engine, wish).await),
        Request::Realm(wish) => serde_json::to_vec(&realms::carry_out(&asked.engine, wish).await),
        Request::Doctor(wish) => serde_json::to_vec(&doctor::carry_out(asked, wish).await),
    }
}

/// Where the socket of a data directory is.
fn socket(directory: &Path) -> PathBuf {
    directory.join(SOCKET)
}
