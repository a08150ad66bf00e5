//! Requests to an object store: HTTP/1.1 over TLS, or without it where the settings allow that.

use std::fs;
use std::io;
use std::path::Path as FilePath;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::Uri;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::settings::BucketError;

/// How long a connection may take, TLS included.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How long an answer may take to begin: the time in which a part must have gone up.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How long the next bytes of an answer may take.
const BYTES_WITHIN: Duration = Duration::from_secs(15);

/// How long a connection stays open that nobody uses.
const IDLE: Duration = Duration::from_secs(20);

/// Connections that nobody uses and that stay open.
const IDLE_MAX: usize = 16;

/// What the object stores behind these settings are reached with.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    tls: TlsConnectorOf,
    allow_http: bool,
}

/// The settings of TLS, shown as nothing.
#[derive(Clone)]
struct TlsConnectorOf(Arc<ClientConfig>);

impl std::fmt::Debug for TlsConnectorOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TLS")
    }
}

impl Connector {
    pub(super) fn new(
        authorities: Option<&FilePath>,
        allow_http: bool,
    ) -> Result<Self, BucketError> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| BucketError::Other(error.to_string()))?;
        let config = builder.with_root_certificates(roots(authorities)?).with_no_client_auth();
        Ok(Self { tls: TlsConnectorOf(Arc::new(config)), allow_http })
    }

    async fn dial(self, uri: Uri) -> io::Result<TokioIo<Line>> {
        let dialled = timeout(CONNECT_WITHIN, self.dial_without_end(&uri)).await;
        dialled.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map(TokioIo::new)
    }

    async fn dial_without_end(&self, uri: &Uri) -> io::Result<Line> {
        let is_plain = uri.scheme_str() == Some("http");
        if is_plain && !self.allow_http {
            return Err(io::Error::other("requests without encryption are not allowed"));
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        if is_plain {
            return Ok(Line::Plain(stream));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(Arc::clone(&self.tls.0)).connect(name, stream).await?;
        Ok(Line::Encrypted(Box::new(stream)))
    }
}

fn roots(authorities: Option<&FilePath>) -> Result<RootCertStore, BucketError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = authorities else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let no = |reason: String| BucketError::Authorities { path: path.to_owned(), reason };
    let pem = fs::read(path).map_err(|error| no(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| no(error.to_string()))?;
        roots.add(certificate).map_err(|error| no(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(no("holds no certificate".to_owned()));
    }
    Ok(roots)
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let connector = self.clone();
        let dial = tower::service_fn(move |uri: Uri| Box::pin(connector.clone().dial(uri)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            .build::<_, HttpRequestBody>(dial);
        Ok(HttpClient::new(Requests(client)))
    }
}

/// Makes requests. Whether one that failed is made again is decided by who asks for it.
struct Requests<C>(Client<C, HttpRequestBody>);

impl<C> std::fmt::Debug for Requests<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Requests")
    }
}

#[async_trait]
impl<C> HttpService for Requests<C>
where
    C: legacy::connect::Connect + Clone + Send + Sync + 'static,
{
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = timeout(ANSWER_WITHIN, self.0.request(request)).await;
        let (head, body) =
            answer.map_err(|_| late())?.map_err(|error| unanswered(&error))?.into_parts();
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(Timely::new(body))))
    }
}

fn late() -> HttpError {
    HttpError::new(HttpErrorKind::Timeout, io::Error::from(io::ErrorKind::TimedOut))
}

fn unanswered(error: &legacy::Error) -> HttpError {
    let is_connect = error.is_connect();
    let kind = if is_connect { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted };
    // The error itself says only where it happened.
    HttpError::new(kind, io::Error::other(root(error)))
}

/// What an error comes from.
fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

/// An answer whose bytes come in time, or end with an error.
struct Timely {
    body: Incoming,
    late: Pin<Box<Sleep>>,
}

impl Timely {
    fn new(body: Incoming) -> Self {
        Self { body, late: Box::pin(sleep(BYTES_WITHIN)) }
    }
}

impl Body for Timely {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.late.as_mut().reset(Instant::now() + BYTES_WITHIN);
            let cut = |error: hyper::Error| {
                HttpError::new(HttpErrorKind::Interrupted, io::Error::other(root(&error)))
            };
            return Poll::Ready(frame.map(|frame| frame.map_err(cut)));
        }
        this.late.as_mut().poll(context).map(|()| Some(Err(late())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection.
enum Line {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Encrypted(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Encrypted(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Encrypted(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Encrypted(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
