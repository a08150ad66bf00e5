//! The forms of `kabar realm`.

use anyhow::{Result, anyhow};
use clap::Subcommand;
use kabar_catalogue::Lang;
use kabar_federation::address::parse_host_port;
use kabar_federation::invite::{Invite, InviteError};
use kabar_model::RealmName;

use super::request::Request;
use crate::text::Text;

/// What `kabar realm` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum RealmCommand {
    /// List all links, whether the server runs or not
    List {
        /// As one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Link another realm: by a name for it and its address, or by its invite
    #[command(
        override_usage = "kabar realm add [OPTIONS] NAME HOST:PORT\n       kabar realm add [OPTIONS] INVITE"
    )]
    Add {
        /// What the realm is called here; or an invite
        #[arg(value_name = "NAME|INVITE")]
        name: String,
        /// Where it is
        #[arg(value_name = "HOST:PORT")]
        address: Option<String>,
    },
    /// Agree to a link that waits, or take up again one that is blocked
    Accept {
        /// Its name
        name: String,
    },
    /// Print an invite with which another realm links itself once, within a day
    Invite,
    /// Stop a link until it is accepted again; what waits for it fails
    Block {
        /// Its name
        name: String,
    },
    /// End a link; what waits for it fails
    Remove {
        /// Its name
        name: String,
    },
    /// Sign with a new key from now on; other realms go on trusting this one
    Rotate,
    /// Print the eight words of this realm
    Fingerprint,
}

impl RealmCommand {
    /// The request that it stands for.
    pub(super) fn request(self, lang: Lang) -> Result<Request> {
        let named = |name: &str| {
            RealmName::parse(name).map(|name| name.to_string()).map_err(|_| {
                let name = name.escape_debug().to_string();
                anyhow!(Text::RealmNameBad.say(lang, &[("name", &name)]))
            })
        };
        Ok(match self {
            Self::List { .. } => Request::List,
            Self::Add { name, address: Some(address) } => {
                let bad = || anyhow!(Text::RealmAddressBad.say(lang, &[]));
                let name = named(&name)?;
                let (host, port) = address.rsplit_once(':').ok_or_else(bad)?;
                let endpoint = parse_host_port(host, port).map_err(|_| bad())?;
                let (host, port) = (endpoint.host().to_owned(), endpoint.port());
                Request::Add { name, host, port }
            }
            Self::Add { name: invite, address: None } => {
                let bad = |error| anyhow!(bad_invite(error).say(lang, &[]));
                let invite: Invite = invite.trim().parse().map_err(bad)?;
                Request::Join { invite: invite.to_string() }
            }
            Self::Accept { name } => Request::Accept { name: named(&name)? },
            Self::Invite => Request::Invite,
            Self::Block { name } => Request::Block { name: named(&name)? },
            Self::Remove { name } => Request::Remove { name: named(&name)? },
            Self::Rotate => Request::Rotate,
            Self::Fingerprint => Request::Fingerprint,
        })
    }
}

fn bad_invite(error: InviteError) -> Text {
    match error {
        InviteError::Kind => Text::RealmAddHow,
        InviteError::Version => Text::RealmInviteVersion,
        InviteError::Damaged | InviteError::Contents => Text::RealmInviteDamaged,
    }
}
