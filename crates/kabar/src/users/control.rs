//! The running server's ear for its operator: a socket in the data directory that only the owner of
//! the directory can reach.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kabar_engine::{Engine, Error, Operator, Registration};
use kabar_model::{Country, DisplayName, Password, Refusal, Role, User, Username};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::request::{Answer, Denial, Person, Request};
use super::socket;

/// The socket's name in the data directory.
pub(super) const SOCKET: &str = "control.sock";
/// The longest request.
const REQUEST_BYTES_MAX: u64 = 16 * 1024;
/// How long an operator's connection may be silent.
const IDLE: Duration = Duration::from_mins(1);
/// Accounts in one answer.
const PEOPLE_MAX: usize = 1_000;

/// Listens until the server is to stop. Without the socket the server works all the same, so a failure
/// is only logged.
pub(crate) fn listen(
    directory: &Path,
    engine: &Arc<Engine>,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) {
    match bind(directory) {
        Ok(listener) => {
            let (engine, stop) = (Arc::clone(engine), stop.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = accept(listener, engine) => {}
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

async fn accept(listener: UnixListener, engine: Arc<Engine>) {
    loop {
        match listener.accept().await {
            // One at a time: operators are few, and this way the tasks need no counting.
            Ok((stream, _)) => {
                if let Err(error) = serve(stream, &engine).await {
                    warn!(%error, "an operator's connection broke");
                }
            }
            Err(error) => {
                warn!(%error, "cannot accept an operator's connection");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn serve(stream: UnixStream, engine: &Arc<Engine>) -> io::Result<()> {
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
        let mut answer = serde_json::to_vec(&carry_out(engine, request).await)?;
        answer.push(b'\n');
        write.write_all(&answer).await?;
    }
}

/// Carries out a request with the rights of who has the data directory.
pub(super) async fn carry_out(engine: &Engine, request: Request) -> Answer {
    match try_carry_out(engine, Operator::vouched(), request).await {
        Ok(answer) => answer,
        Err(Error::Refused(refusal)) => Answer::Refused(denial(&refusal)),
        Err(Error::Failed(cause)) => {
            warn!(%cause, "an operator's request failed");
            Answer::Refused(Denial::Other { reason: cause.to_string() })
        }
    }
}

async fn try_carry_out(engine: &Engine, by: Operator, request: Request) -> Result<Answer, Error> {
    let sessions_ended = match request {
        Request::List { after, limit } => {
            let after = after.map(|name| Username::parse(&name)).transpose()?;
            let users = engine.list_users(by, after.as_ref(), limit.min(PEOPLE_MAX)).await?;
            return Ok(Answer::People(users.into_iter().map(person).collect()));
        }
        Request::Add { user, password, name, country, admin } => {
            let wish = Registration {
                username: Username::parse(&user)?,
                password: Password::parse(&password)?,
                name: name.map(|name| DisplayName::parse(&name)).transpose()?,
                country: country.map(|country| Country::parse(&country)).transpose()?,
                invitation: None,
            };
            let role = if admin { Role::Administrator } else { Role::User };
            let user = engine.add_user(by, wish, role).await?;
            info!(user = %user.username, admin, "account added");
            0
        }
        Request::ResetPassword { user, password } => {
            let user = Username::parse(&user)?;
            let ended = engine.reset_password(by, &user, Password::parse(&password)?).await?;
            info!(%user, "password reset");
            ended
        }
        Request::Disable { user } => {
            let user = Username::parse(&user)?;
            let ended = engine.set_disabled(by, &user, true).await?;
            info!(%user, "account disabled");
            ended
        }
        Request::Enable { user } => {
            let user = Username::parse(&user)?;
            engine.set_disabled(by, &user, false).await?;
            info!(%user, "account enabled");
            0
        }
        Request::MakeAdmin { user } => {
            let user = Username::parse(&user)?;
            engine.set_role(by, &user, Role::Administrator).await?;
            info!(%user, "account made administrator");
            0
        }
    };
    Ok(Answer::Done { sessions_ended })
}

fn denial(refusal: &Refusal) -> Denial {
    match refusal {
        Refusal::UserUnknown => Denial::UserUnknown,
        Refusal::UsernameTaken => Denial::UsernameTaken,
        Refusal::PasswordTooShort { chars_min } => {
            Denial::PasswordTooShort { chars_min: *chars_min }
        }
        other => Denial::Other { reason: other.to_string() },
    }
}

fn person(user: User) -> Person {
    Person {
        username: user.username.to_string(),
        name: user.name.as_str().to_owned(),
        country: user.country.map(|country| country.as_str().to_owned()),
        administrator: user.role == Role::Administrator,
        disabled: user.disabled,
    }
}
