//! HTTP on a connection.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use kabar_api::Held;
use parking_lot::Mutex;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::debug;

use super::deadline::reached;
use super::gate::{Guest, Pass};
use super::prefixed::Prefixed;
use super::{Gate, Peer, Shared, proxied};

/// How long a request's head may take, and how long a connection may wait for the next.
const HEAD_SECS_MAX: u64 = 30;
/// The longest request head.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// How an HTTP/2 connection begins (RFC 9113 §3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads until it is clear which version is spoken: hyper's own time limit begins after that. `false` when
/// it does not become clear in time.
async fn tells_its_version(prefix: &mut BytesMut, stream: &mut TcpStream) -> bool {
    let deadline = Instant::now() + Duration::from_secs(HEAD_SECS_MAX);
    while prefix.len() < HTTP2_PREFACE.len() && HTTP2_PREFACE.starts_with(prefix) {
        tokio::select! {
            read = stream.read_buf(prefix) => if !read.is_ok_and(|count| count > 0) {
                return false;
            },
            () = reached(Some(deadline)) => return false,
        }
    }
    true
}

/// Serves HTTP/1.1 and HTTP/2 until the client or the server has had enough.
pub(crate) async fn serve(
    mut prefix: BytesMut,
    mut stream: TcpStream,
    peer: Peer,
    pass: Pass,
    shared: &Shared,
    stop: CancellationToken,
) {
    let speaks = tokio::select! {
        speaks = tells_its_version(&mut prefix, &mut stream) => speaks,
        () = stop.cancelled() => return,
    };
    if !speaks {
        return;
    }
    let prefix = prefix.freeze();
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECS_MAX))
        .max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(HEAD_SECS_MAX)))
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_concurrent_streams(100);
    // A WebSocket lives on when this function is done with its connection, and keeps its place.
    let pass = Arc::new(Mutex::new(pass));
    let (routes, gate) = (shared.routes.clone(), shared.gate.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (routes, pass) = (routes.clone(), Arc::clone(&pass));
        let let_in = let_in(peer.ip(), request.headers(), &gate);
        async move {
            let Some((from, guest)) = let_in else { return Ok(too_many()) };
            let held = Held(Arc::new((pass, guest)));
            request.extensions_mut().insert(from);
            request.extensions_mut().insert(held.clone());
            let answer = routes.oneshot(request).await;
            drop(held);
            answer
        }
    });
    let stream = TokioIo::new(Prefixed::new(prefix, stream));
    let connection = builder.serve_connection_with_upgrades(stream, service);
    tokio::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        debug!(%peer, %error, "an HTTP connection ended badly");
    }
}

/// Who asks, and their place if they came by a proxy; `None` when there is no place for one more from there.
fn let_in(
    address: IpAddr,
    headers: &HeaderMap,
    gate: &Gate,
) -> Option<(kabar_api::Peer, Option<Guest>)> {
    let proxies = gate.trusted_proxies();
    if !proxied::is_trusted(address, proxies) {
        return Some((proxied::without(address, headers), None));
    }
    let from = proxied::behind(address, headers, proxies);
    Some((from, Some(gate.enter_behind_proxy(from.address)?)))
}

fn too_many<B: Default>() -> Response<B> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use kabar_store_sqlite::Durability;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::{Config, Limits};
    use crate::realm;

    /// A server whose only answer is who asks.
    async fn server(directory: &std::path::Path, limits: Limits) -> Shared {
        let mut config = Config::default();
        directory.clone_into(&mut config.server.data);
        let opened = realm::open(&config, Durability::Full).await.unwrap();
        let engine = realm::start(&config, &opened).await.unwrap();
        let echo = tower::service_fn(|request: Request<_>| {
            let peer = *request.extensions().get::<kabar_api::Peer>().unwrap();
            let held = request.extensions().get::<Held>().is_some();
            let said = format!("{} {} {held}", peer.address, peer.is_https);
            async move { Ok::<_, Infallible>(said) }
        });
        Shared {
            engine,
            gate: Gate::new(limits, Vec::new()),
            routes: kabar_api::Router::new().fallback_service(echo),
            stop: kabar_api::Stop::default(),
            tasks: tokio_util::task::TaskTracker::new(),
        }
    }

    /// The last line of the answer, or the first where the answer has no body.
    async fn ask(shared: &Shared, headers: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let pass = shared.gate.enter(peer.ip()).unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        serve(BytesMut::new(), stream, peer, pass, shared, shared.stop.connection()).await;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        if body.is_empty() { head.lines().next().unwrap_or_default() } else { body }.to_owned()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_proxy_is_believed_where_it_is_trusted_and_nobody_else_is() {
        let directory = tempfile::tempdir().unwrap();
        let said = "X-Forwarded-For: 198.51.100.9, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
        let spoofed = "Forwarded: for=192.0.2.9;proto=https\r\n";
        let mut shared = server(directory.path(), Limits::default()).await;
        assert_eq!(ask(&shared, "").await, "127.0.0.1 false true");
        for trace in [said, spoofed, "Via: 1.1 proxy\r\n"] {
            assert_eq!(ask(&shared, trace).await, "0.0.0.0 false true", "{trace}");
        }
        let limits = Limits { strangers_per_address: 1, ..Limits::default() };
        shared.gate = Gate::new(limits.clone(), vec!["127.0.0.0/8".parse().unwrap()]);
        assert_eq!(ask(&shared, said).await, "192.0.2.7 true true");
        assert_eq!(
            ask(&shared, said).await,
            "192.0.2.7 true true",
            "the first place is free again"
        );
        assert_eq!(ask(&shared, spoofed).await, "0.0.0.0 false true");
        assert_eq!(ask(&shared, "").await, "0.0.0.0 false true");
        let _there = shared.gate.enter_behind_proxy("192.0.2.7".parse().unwrap()).unwrap();
        assert_eq!(ask(&shared, said).await, "HTTP/1.1 429 Too Many Requests");
        shared.gate = Gate::new(limits, vec!["192.0.2.7".parse().unwrap()]);
        assert_eq!(ask(&shared, said).await, "0.0.0.0 false true");
    }
}
