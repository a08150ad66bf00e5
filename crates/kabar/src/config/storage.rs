//! Where a realm that is more than one machine keeps what it accepted, and how its nodes hear of each other.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// What stands in place of a password where settings are shown.
const HIDDEN: &str = "***";

/// What begins a URL of which there may be several.
const LISTED: [&str; 2] = ["nats://", "tls://"];

/// Where the realm is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Storage {
    /// `postgres://USER:PASSWORD@HOST/DATABASE`, with `sslmode` and `sslrootcert`; empty: SQLite in the data directory.
    pub(crate) postgres: Url,
    /// Whether to go on with a database server that may lose what it has said is kept.
    pub(crate) postgres_unsafe: bool,
    /// `s3://BUCKET/PREFIX`; empty: the data directory.
    pub(crate) files: String,
    /// The URL of the object store; empty: that of AWS for the region.
    pub(crate) files_endpoint: String,
    /// The region of the object store.
    pub(crate) files_region: String,
    /// Whether the bucket is the first part of the path instead of the first part of the host's name.
    pub(crate) files_path_style: bool,
    /// Whether an object store on another machine may be asked without encryption.
    pub(crate) files_allow_http: bool,
    /// A file like `~/.aws/credentials`; empty: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    pub(crate) files_credentials: PathBuf,
    /// A file with the certificates (PEM) of those who vouch for the object store; empty: the public ones.
    pub(crate) files_ca: PathBuf,
}

/// The nodes of a realm.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Nodes {
    /// `nats://HOST:PORT`, several with commas between; empty: nodes learn of each other from the database alone.
    pub(crate) nats: Url,
    /// A file with the certificates (PEM) of those who vouch for the NATS servers; empty: the public ones.
    pub(crate) nats_ca: PathBuf,
    /// The word that tells the hints of this realm from those of others on the same servers; empty: the realm's name.
    pub(crate) subject: String,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            postgres: Url::default(),
            postgres_unsafe: false,
            files: String::new(),
            files_endpoint: String::new(),
            files_region: "us-east-1".into(),
            files_path_style: true,
            files_allow_http: false,
            files_credentials: PathBuf::new(),
            files_ca: PathBuf::new(),
        }
    }
}

impl Storage {
    /// Whether others may write to the realm, too.
    pub(crate) fn is_shared(&self) -> bool {
        !self.postgres.is_empty()
    }

    pub(super) fn check(&self, nodes: &Nodes) -> Result<()> {
        let postgres = self.postgres.as_str();
        let begins = |text: &str, with: &[&str]| with.iter().any(|with| text.starts_with(with));
        if !postgres.is_empty() && !begins(postgres, &["postgres://", "postgresql://"]) {
            bail!("storage.postgres: postgres://USER:PASSWORD@HOST/DATABASE");
        }
        if !self.files.is_empty() && !begins(&self.files, &["s3://"]) {
            bail!("storage.files: s3://BUCKET/PREFIX");
        }
        let endpoint = self.files_endpoint.as_str();
        if !endpoint.is_empty() && !begins(endpoint, &["http://", "https://"]) {
            bail!("storage.files_endpoint: a URL, such as https://objects.example.org");
        }
        let nats = nodes.nats.as_str();
        if !nats.is_empty() && !begins(nats, &["nats://", "tls://"]) {
            bail!("nodes.nats: nats://HOST:PORT");
        }
        if !nats.is_empty() && !self.is_shared() {
            bail!("nodes.nats: more than one node needs storage.postgres");
        }
        if self.is_shared() && self.files.is_empty() && !nats.is_empty() {
            bail!(
                "storage.files: many nodes need an object store, since a directory is on one of them"
            );
        }
        Ok(())
    }
}

/// A URL that may hold a password. It is shown without.
#[derive(Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub(crate) struct Url(String);

impl Url {
    /// The whole of it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Without what may be a password, whatever characters that holds: rather too little is shown than too much.
    fn shown(&self) -> String {
        let urls = several(&self.0);
        urls.into_iter().map(without_password).collect::<Vec<_>>().join(",")
    }
}

/// The URLs in a list of them. Any other comma is one of a password, or stands between hosts.
fn several(text: &str) -> Vec<&str> {
    let (mut urls, mut begin) = (Vec::new(), 0);
    for (at, _) in text.match_indices(',') {
        let next = text[at + 1..].trim_start();
        if LISTED.iter().any(|scheme| next.starts_with(scheme)) {
            urls.push(&text[begin..at]);
            begin = at + 1;
        }
    }
    urls.push(&text[begin..]);
    urls
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        let is_plain = !url.contains('@') && !url.to_ascii_lowercase().contains("password");
        return if is_plain { url.to_owned() } else { HIDDEN.to_owned() };
    };
    let rest = without_named_password(rest);
    let Some((login, place)) = rest.rsplit_once('@') else { return format!("{scheme}://{rest}") };
    // A login without a colon may be a token.
    let user = login.split_once(':').map_or("", |(user, _)| user);
    let colon = if user.is_empty() { "" } else { ":" };
    format!("{scheme}://{user}{colon}{HIDDEN}@{place}")
}

/// Without the value of `password=` among what follows a `?`. What names nothing after it is more of the password.
fn without_named_password(rest: &str) -> String {
    let mut parts = rest.split_inclusive(['?', '&']);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    let mut is_hidden = false;
    for part in parts {
        match part.split_once('=') {
            Some((key, _)) if key.to_ascii_lowercase().ends_with("password") => {
                shown.extend([key, "=", HIDDEN, "&"]);
                is_hidden = true;
            }
            None if is_hidden => {}
            _ => {
                shown.push_str(part);
                is_hidden = false;
            }
        }
    }
    if is_hidden {
        shown.pop();
    }
    shown
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Serialize for Url {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            ("", ""),
            ("postgres://db/kabar", "postgres://db/kabar"),
            ("postgres://kabar:s@cr:t@db:5433/kabar", "postgres://kabar:***@db:5433/kabar"),
            ("postgres://kabar:ab/cd@db/kabar", "postgres://kabar:***@db/kabar"),
            ("postgres://kabar:a,b?c&d=e@db/kabar", "postgres://kabar:***@db/kabar"),
            ("postgres://kabar:s@one:5432,two/kabar", "postgres://kabar:***@one:5432,two/kabar"),
            (
                "postgres://db/kabar?user=ana&password=ge@he&im&sslmode=require",
                "postgres://db/kabar?user=ana&password=***&sslmode=require",
            ),
            ("postgres://db/kabar?PASSWORD=s", "postgres://db/kabar?PASSWORD=***"),
            ("postgres://db/kabar?password=s=t&u", "postgres://db/kabar?password=***"),
            ("host=db password=s", "***"),
            ("kabar:s@db/kabar", "***"),
            ("db/kabar", "db/kabar"),
            ("nats://token@one:4222,nats://two", "nats://***@one:4222,nats://two"),
            ("nats://a:b,c@one, tls://d:e/f@two", "nats://a:***@one, tls://d:***@two"),
        ] {
            assert_eq!(format!("{:?}", Url(url.to_owned())), shown);
            assert_eq!(
                toml::Value::try_from(Url(url.to_owned())).unwrap(),
                toml::Value::from(shown)
            );
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let url = |text: &str| Url(text.to_owned());
        let good = Storage {
            postgres: url("postgres://db/kabar"),
            files: "s3://kabar".into(),
            ..Storage::default()
        };
        let nodes = Nodes { nats: url("nats://bus"), ..Nodes::default() };
        good.check(&nodes).unwrap();
        Storage::default().check(&Nodes::default()).unwrap();
        Storage { files: String::new(), ..good.clone() }.check(&Nodes::default()).unwrap();
        for (storage, nodes, what) in [
            (Storage { postgres: url("db/kabar"), ..good.clone() }, Nodes::default(), "postgres"),
            (Storage { files: "kabar".into(), ..good.clone() }, Nodes::default(), "files"),
            (Storage { files: String::new(), ..good.clone() }, nodes.clone(), "files"),
            (Storage { files_endpoint: "x".into(), ..good.clone() }, nodes.clone(), "endpoint"),
            (Storage::default(), nodes, "postgres"),
            (good, Nodes { nats: url("bus:4222"), ..Nodes::default() }, "nats"),
        ] {
            let error = storage.check(&nodes).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
