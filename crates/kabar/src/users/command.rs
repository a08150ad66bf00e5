//! The forms of `kabar user`.

use anyhow::{Result, anyhow};
use clap::Subcommand;
use kabar_catalogue::Lang;
use kabar_model::{Country, DisplayName, Username};

use super::password::ask;
use super::request::Request;
use crate::text::Text;

/// What `kabar user` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List all accounts
    List {
        /// As one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Make an account; its password is asked for
    Add {
        /// Its name
        user: String,
        /// As administrator
        #[arg(long)]
        admin: bool,
        /// What it is shown as [default: its username]
        #[arg(long)]
        name: Option<String>,
        /// Where its owner is from
        #[arg(long)]
        country: Option<String>,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give an account another password; its sessions end
    ResetPassword {
        /// Its name
        user: String,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Disable an account; its sessions end, what it wrote stays
    Disable {
        /// Its name
        user: String,
    },
    /// Enable an account that was disabled
    Enable {
        /// Its name
        user: String,
    },
    /// Make an account administrator
    MakeAdmin {
        /// Its name
        user: String,
    },
}

impl UserCommand {
    /// The request that it stands for, with a password where one is needed.
    pub(super) fn request(self, lang: Lang) -> Result<Request> {
        let bad = |text: Text, user: &str| anyhow!(text.say(lang, &[("user", user)]));
        let named = |user: &str| {
            Username::parse(user)
                .map(|name| name.to_string())
                .map_err(|_| bad(Text::UsernameBad, &user.escape_debug().to_string()))
        };
        Ok(match self {
            Self::List { .. } => Request::List { after: None, limit: 0 },
            Self::Add { user, admin, name, country, password_stdin } => {
                let user = named(&user)?;
                if name.as_deref().is_some_and(|name| DisplayName::parse(name).is_err()) {
                    return Err(bad(Text::NameBad, &user));
                }
                if country.as_deref().is_some_and(|country| Country::parse(country).is_err()) {
                    return Err(bad(Text::CountryBad, &user));
                }
                let password = ask(&user, password_stdin, lang)?;
                Request::Add { user, password, name, country, admin }
            }
            Self::ResetPassword { user, password_stdin } => {
                let user = named(&user)?;
                let password = ask(&user, password_stdin, lang)?;
                Request::ResetPassword { user, password }
            }
            Self::Disable { user } => Request::Disable { user: named(&user)? },
            Self::Enable { user } => Request::Enable { user: named(&user)? },
            Self::MakeAdmin { user } => Request::MakeAdmin { user: named(&user)? },
        })
    }
}
