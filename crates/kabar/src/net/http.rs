//! HTTP on a connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use kabar_api::Held;
use parking_lot::Mutex;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower::ServiceExt;
use tracing::debug;

use super::deadline::reached;
use super::gate::Pass;
use super::prefixed::Prefixed;
use super::{Peer, Shared};

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
) {
    let speaks = tokio::select! {
        speaks = tells_its_version(&mut prefix, &mut stream) => speaks,
        () = shared.stop.cancelled() => return,
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
    let held = Held(Arc::new(Mutex::new(pass)));
    let came_from = kabar_api::Peer { address: peer.ip(), is_https: false };
    let routes = shared.routes.clone().map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(came_from);
        request.extensions_mut().insert(held.clone());
        request
    });
    let stream = TokioIo::new(Prefixed::new(prefix, stream));
    let service = TowerToHyperService::new(routes);
    let connection = builder.serve_connection_with_upgrades(stream, service);
    tokio::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = shared.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        debug!(%peer, %error, "an HTTP connection ended badly");
    }
}
