//! Where a bucket is, and who asks.

use std::env::VarError;
use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};

use super::http::Connector;
use super::in_short;
use crate::disk::OpenError;

/// How often a request is made again, and for how long, before it has failed.
const RETRIES_MAX: usize = 5;
const RETRIES_WITHIN: Duration = Duration::from_secs(15);
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LONGEST: Duration = Duration::from_secs(3);

/// The longest file with credentials.
const CREDENTIALS_BYTES_MAX: u64 = 64 * 1024;

/// What a node must know to keep contents in a bucket.
#[derive(Clone, Debug)]
pub struct BucketSettings {
    /// `s3://BUCKET` or `s3://BUCKET/PREFIX`.
    pub url: String,
    /// `https://HOST[:PORT]` of an object store; empty: that of Amazon.
    pub endpoint: String,
    /// The region that requests are signed for; empty: `us-east-1`.
    pub region: String,
    /// Whether the bucket stands in the path and not before the host's name.
    pub path_style: bool,
    /// Whether `http://` is allowed beyond this machine.
    pub allow_http: bool,
    /// Who asks.
    pub credentials: Credentials,
    /// A PEM file with the authorities to trust, instead of the public ones.
    pub authorities: Option<PathBuf>,
    /// A directory of this node alone, for what is not whole yet. It is emptied at every start.
    pub incoming: PathBuf,
}

/// A key and its secret, or where they are.
#[derive(Clone)]
pub enum Credentials {
    /// These.
    Key {
        /// The key's name.
        id: String,
        /// The secret.
        secret: String,
    },
    /// `aws_access_key_id` and `aws_secret_access_key` in a file like `~/.aws/credentials`, under `[default]` or no
    /// heading.
    File(PathBuf),
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    Environment,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { id, .. } => f.debug_struct("Key").field("id", id).finish_non_exhaustive(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Environment => f.write_str("Environment"),
        }
    }
}

/// Why a bucket cannot be used. Never says a secret.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The URL of the bucket.
    #[error("the bucket must be s3://BUCKET or s3://BUCKET/PREFIX")]
    Url,
    /// The URL of the object store.
    #[error("the endpoint must be https://HOST or https://HOST:PORT")]
    Endpoint,
    /// The object store would be asked without encryption.
    #[error("the endpoint is not on this machine: use https://, or allow http:// by its setting")]
    Unencrypted,
    /// No credentials.
    #[error("no credentials: {0}")]
    Credentials(String),
    /// The file with authorities.
    #[error("{}: {reason}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The directory for what is on its way.
    #[error(transparent)]
    Incoming(#[from] OpenError),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl BucketSettings {
    pub(super) fn store(&self) -> Result<Arc<dyn ObjectStore>, BucketError> {
        let (bucket, prefix) = bucket(&self.url).ok_or(BucketError::Url)?;
        let endpoint = self.endpoint_for(bucket)?;
        let allow_http = endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http:"));
        let (id, secret) = self.credentials.find(|name| std::env::var(name))?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_access_key_id(id)
            .with_secret_access_key(secret)
            .with_virtual_hosted_style_request(!self.path_style)
            .with_allow_http(allow_http)
            .with_disable_bulk_delete(true)
            .with_retry(retries())
            .with_http_connector(Connector::new(self.authorities.as_deref(), allow_http)?);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if !self.region.is_empty() {
            builder = builder.with_region(&self.region);
        }
        let store = builder.build();
        let store = store.map_err(|error| BucketError::Other(in_short(&error.to_string())))?;
        Ok(if prefix.as_ref().is_empty() {
            Arc::new(store)
        } else {
            Arc::new(PrefixStore::new(store, prefix))
        })
    }

    /// The endpoint as requests name it, with the bucket before the host where it belongs there.
    fn endpoint_for(&self, bucket: &str) -> Result<Option<String>, BucketError> {
        if self.endpoint.is_empty() {
            return Ok(None);
        }
        let endpoint: Uri = self.endpoint.parse().map_err(|_| BucketError::Endpoint)?;
        let (scheme, authority) = (endpoint.scheme_str(), endpoint.authority());
        let (Some(scheme), Some(authority)) = (scheme, authority) else {
            return Err(BucketError::Endpoint);
        };
        let is_bare = ["", "/"].contains(&endpoint.path()) && endpoint.query().is_none();
        if !is_bare || authority.as_str().contains('@') || !["http", "https"].contains(&scheme) {
            return Err(BucketError::Endpoint);
        }
        if scheme == "http" && !self.allow_http && !is_here(authority.host()) {
            return Err(BucketError::Unencrypted);
        }
        let host = if self.path_style { String::new() } else { format!("{bucket}.") };
        Ok(Some(format!("{scheme}://{host}{authority}")))
    }
}

impl Credentials {
    fn find(
        &self,
        variable: impl Fn(&str) -> Result<String, VarError>,
    ) -> Result<(String, String), BucketError> {
        let no = |what: &str| BucketError::Credentials(what.to_owned());
        let (id, secret) = match self {
            Self::Key { id, secret } => (id.clone(), secret.clone()),
            Self::File(path) => from_file(path)?,
            Self::Environment => {
                let value = |name| variable(name).map_err(|_| no(&format!("{name} is not set")));
                (value("AWS_ACCESS_KEY_ID")?, value("AWS_SECRET_ACCESS_KEY")?)
            }
        };
        let is_plain =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain(&id) && is_plain(&secret) {
            Ok((id, secret))
        } else {
            Err(no("a key and its secret are plain characters without spaces"))
        }
    }
}

fn from_file(path: &FilePath) -> Result<(String, String), BucketError> {
    let no =
        |what: &dyn fmt::Display| BucketError::Credentials(format!("{}: {what}", path.display()));
    let size = fs::metadata(path).map_err(|error| no(&error))?.len();
    if size > CREDENTIALS_BYTES_MAX {
        return Err(no(&"is too long"));
    }
    let text = fs::read_to_string(path).map_err(|error| no(&error))?;
    let mut heading = "default";
    let (mut id, mut secret) = (None, None);
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            heading = name.trim();
        } else if let Some((name, value)) = line.split_once('=').filter(|_| heading == "default") {
            match name.trim() {
                "aws_access_key_id" => id = Some(value.trim().to_owned()),
                "aws_secret_access_key" => secret = Some(value.trim().to_owned()),
                _ => {}
            }
        }
    }
    id.zip(secret).ok_or_else(|| no(&"has no aws_access_key_id and aws_secret_access_key"))
}

/// The bucket's name and the prefix.
fn bucket(url: &str) -> Option<(&str, Path)> {
    let rest = url.strip_prefix("s3://")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let fits = (3..=63).contains(&bucket.len()) && bucket.bytes().all(is_plain);
    // The parser would pass over it.
    let fits = fits && !prefix.starts_with('/');
    let prefix = Path::parse(prefix).ok()?;
    fits.then_some((bucket, prefix))
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn retries() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: RETRY_FIRST, max_backoff: RETRY_LONGEST, base: 2.0 };
    RetryConfig { backoff, max_retries: RETRIES_MAX, retry_timeout: RETRIES_WITHIN }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, endpoint: &str) -> BucketSettings {
        BucketSettings {
            url: url.into(),
            endpoint: endpoint.into(),
            region: String::new(),
            path_style: true,
            allow_http: false,
            credentials: Credentials::Key { id: "kabar".into(), secret: "geheim".into() },
            authorities: None,
            incoming: PathBuf::new(),
        }
    }

    #[test]
    fn a_bucket_is_named_with_or_without_a_prefix() {
        for (url, expected) in [
            ("s3://kabar", ("kabar", "")),
            ("s3://kabar/", ("kabar", "")),
            ("s3://kelas-c.test/realms/c", ("kelas-c.test", "realms/c")),
        ] {
            let (name, prefix) = bucket(url).unwrap();
            assert_eq!((name, prefix.as_ref()), expected, "{url}");
        }
        for url in [
            "",
            "kabar",
            "s3:/kabar",
            "s3://",
            "s3://ab",
            "s3://k b",
            "s3://kabar//x",
            "s3://kabar/../x",
            "gs://kabar",
            "s3://u:p@kabar",
        ] {
            assert!(bucket(url).is_none(), "{url}");
        }
    }

    #[test]
    fn a_bucket_stands_in_the_path_or_before_the_host() {
        let mut settings = settings("s3://kabar", "https://s3.test:9000");
        assert_eq!(settings.endpoint_for("kabar").unwrap().unwrap(), "https://s3.test:9000");
        settings.path_style = false;
        assert_eq!(settings.endpoint_for("kabar").unwrap().unwrap(), "https://kabar.s3.test:9000");
        settings.endpoint = String::new();
        assert_eq!(settings.endpoint_for("kabar").unwrap(), None);
    }

    #[test]
    fn what_is_not_encrypted_stays_on_this_machine_unless_it_is_allowed() {
        for endpoint in ["http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost"] {
            assert!(settings("s3://kabar", endpoint).store().is_ok(), "{endpoint}");
        }
        for endpoint in ["http://minio:9000", "http://192.0.2.1", "http://localhost.test"] {
            let mut settings = settings("s3://kabar", endpoint);
            assert!(matches!(settings.store(), Err(BucketError::Unencrypted)), "{endpoint}");
            settings.allow_http = true;
            assert!(settings.store().is_ok(), "{endpoint}");
        }
        for endpoint in
            ["s3.test", "ftp://s3.test", "https://u:p@s3.test", "https://s3.test/x", "https://"]
        {
            let outcome = settings("s3://kabar", endpoint).store();
            assert!(matches!(outcome, Err(BucketError::Endpoint)), "{endpoint}");
        }
    }

    #[test]
    fn credentials_are_given_or_in_a_file_or_in_the_environment() {
        let none = |_: &str| Err(VarError::NotPresent);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        let pair = ("one".to_owned(), "two".to_owned());
        for text in [
            "aws_access_key_id=one\naws_secret_access_key=two\n",
            "[other]\naws_access_key_id = x\n[default]\naws_access_key_id = one\n aws_secret_access_key = two\n[more]\naws_access_key_id=y\n",
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(Credentials::File(path.clone()).find(none).unwrap(), pair);
        }
        for text in [
            "",
            "aws_access_key_id=one\n",
            "[x]\naws_access_key_id=one\naws_secret_access_key=two\n",
            "aws_access_key_id=\naws_secret_access_key=\n",
        ] {
            fs::write(&path, text).unwrap();
            assert!(Credentials::File(path.clone()).find(none).is_err(), "{text}");
        }
        assert!(Credentials::File(dir.path().join("none")).find(none).is_err());
        let set = |name: &str| match name {
            "AWS_ACCESS_KEY_ID" => Ok("one".to_owned()),
            _ => Ok("two".to_owned()),
        };
        assert_eq!(Credentials::Environment.find(set).unwrap(), pair);
        let error = Credentials::Environment.find(none).unwrap_err().to_string();
        assert_eq!(error, "no credentials: AWS_ACCESS_KEY_ID is not set");
    }

    #[test]
    fn nothing_shows_the_secret() {
        let settings = settings("s3://kabar", "https://s3.test");
        assert!(!format!("{settings:?} {:?}", settings.store().unwrap()).contains("geheim"));
    }
}
