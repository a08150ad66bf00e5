//! The HTTP client of the links: it goes only where a link may lead, and follows nobody elsewhere.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderName, USER_AGENT};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use kabar_engine::store::links::Reach;
use kabar_federation::address::{AddressClass, Endpoint, classify, may_connect};
use kabar_federation::link::{CameBack, Sent, Unreached, Wire};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::joined;

/// How long it may take until there is a connection.
const CONNECT_SECS_MAX: u64 = 10;
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Connections that are kept for the next request.
const IDLE_MAX: usize = 256;

const NAME: &str = concat!("kabar/", env!("CARGO_PKG_VERSION"));

type Connection = SendRequest<Full<Bytes>>;

/// The client.
pub(super) struct Client {
    tls: TlsConnector,
    /// By where they lead, and whether that may be near.
    idle: Mutex<HashMap<(String, u16, bool), Connection>>,
}

impl Client {
    pub(super) fn new() -> Result<Self> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(tls)), idle: Mutex::default() })
    }

    /// A connection that was kept, or a new one.
    async fn connection(&self, to: &Reach) -> Result<Connection, Unreached> {
        let key = (to.host.clone(), to.port, to.private);
        let kept = self.idle.lock().remove(&key);
        if let Some(mut kept) = kept
            && kept.ready().await.is_ok()
        {
            return Ok(kept);
        }
        match timeout(Duration::from_secs(CONNECT_SECS_MAX), self.connect(to)).await {
            Ok(connection) => connection,
            Err(_) => Err(Unreached::Connect("it takes too long".to_owned())),
        }
    }

    async fn connect(&self, to: &Reach) -> Result<Connection, Unreached> {
        let found = tokio::net::lookup_host((to.host.as_str(), to.port)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|error| Unreached::Host(error.to_string()))?.collect();
        let mut refused = Unreached::Host(to.host.clone());
        // One address that may not be is enough to distrust the name.
        if let Some(bad) = found.iter().find(|a| !may_connect(classify(a.ip()), to.private)) {
            return Err(Unreached::Forbidden(bad.ip()));
        }
        for address in found {
            match TcpStream::connect(address).await {
                Ok(stream) => return self.begin(stream, to, address.ip()).await,
                Err(error) => refused = Unreached::Connect(error.to_string()),
            }
        }
        Err(refused)
    }

    /// Over TLS, but where a link may be near: there it is plain, and what is said is signed all the same.
    async fn begin(
        &self,
        stream: TcpStream,
        to: &Reach,
        address: IpAddr,
    ) -> Result<Connection, Unreached> {
        let _ = stream.set_nodelay(true);
        if matches!(classify(address), AddressClass::Loopback | AddressClass::Private) {
            return speak(TokioIo::new(stream)).await;
        }
        let name = ServerName::try_from(to.host.clone())
            .map_err(|error| Unreached::Tls(error.to_string()))?;
        let stream = self.tls.connect(name, stream).await;
        speak(TokioIo::new(stream.map_err(|error| Unreached::Tls(error.to_string()))?)).await
    }
}

async fn speak<S>(stream: S) -> Result<Connection, Unreached>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (connection, driver) = http1::handshake(stream).await.map_err(broken)?;
    // It ends with the connection.
    tokio::spawn(driver);
    Ok(connection)
}

fn broken(error: impl std::fmt::Display) -> Unreached {
    Unreached::Broken(error.to_string())
}

#[async_trait]
impl Wire for Client {
    async fn send(&self, to: &Reach, sent: Sent) -> Result<CameBack, Unreached> {
        let until = Instant::now() + sent.patience;
        let mut connection = match timeout_at(until, self.connection(to)).await {
            Ok(connection) => connection?,
            Err(_) => return Err(Unreached::Late),
        };
        let query = if sent.query.is_empty() { String::new() } else { format!("?{}", sent.query) };
        let host = Endpoint::new(&to.host, to.port).map_err(broken)?.to_string();
        let mut request = Request::builder()
            .method(sent.method)
            .uri(format!("{}{query}", sent.path))
            .header(HOST, host)
            .header(USER_AGENT, NAME);
        for (name, value) in sent.headers {
            request = request.header(HeaderName::from_static(name), value);
        }
        let request = request.body(Full::new(sent.body)).map_err(broken)?;
        let answered = async {
            let response: Response<Incoming> =
                connection.send_request(request).await.map_err(broken)?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| {
                let is_too_large = error.is::<http_body_util::LengthLimitError>();
                if is_too_large { Unreached::TooLarge } else { broken(error) }
            })?;
            let headers = joined(&head.headers);
            Ok(CameBack { status: head.status.as_u16(), headers, body: body.to_bytes() })
        };
        let came = match timeout_at(until, answered).await {
            Ok(came) => came?,
            Err(_) => return Err(Unreached::Late),
        };
        let mut idle = self.idle.lock();
        if idle.len() < IDLE_MAX {
            idle.insert((to.host.clone(), to.port, to.private), connection);
        }
        Ok(came)
    }
}
