//! What `kabar user` asks for, carried out: by the running server, or where none runs.

use kabar_engine::{Engine, Error, Operator, Registration};
use kabar_model::{Country, DisplayName, Password, Refusal, Role, User, Username};
use tracing::{info, warn};

use super::request::{Answer, Denial, Person, Request};

/// Accounts in one answer.
const PEOPLE_MAX: usize = 1_000;

/// Carries out a request with the rights of who has the data directory.
pub(crate) async fn carry_out(engine: &Engine, request: Request) -> Answer {
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
