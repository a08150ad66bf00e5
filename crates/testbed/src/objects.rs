//! An object store that speaks S3: in this process, on a directory, over real connections.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::free_port;

/// A server with one bucket, which believes only requests that are signed with its key.
#[derive(Debug)]
pub struct Objects {
    port: u16,
    dir: TempDir,
    running: Mutex<Option<Running>>,
    conduct: Arc<Conduct>,
}

#[derive(Debug)]
struct Running {
    /// Dropped, it ends the server.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How the server behaves.
#[derive(Debug, Default)]
struct Conduct {
    requests: AtomicU64,
    delay_millis: AtomicU64,
    /// The requests that are answered before it is gone; nothing: it stays.
    ends_after: Mutex<Option<u64>>,
    refused: AtomicU64,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Objects {
    /// The name of the bucket.
    pub const BUCKET: &str = "kabar-test";
    /// The key that requests are signed with.
    pub const KEY: &str = "test-key";
    /// Its secret.
    pub const SECRET: &str = "test-secret";

    /// A server with an empty bucket.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_new() -> Self {
        let dir = tempfile::Builder::new().prefix("kabar-objects-").tempdir();
        let dir = dir.expect("there is room for a directory");
        std::fs::create_dir(dir.path().join(Self::BUCKET)).expect("there is room for a bucket");
        let conduct = Arc::default();
        let objects = Self { port: free_port(), dir, running: Mutex::new(None), conduct };
        objects.start();
        objects
    }

    /// Where it is, for a program.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The directory in which the bucket's objects lie under their keys.
    pub fn bucket(&self) -> std::path::PathBuf {
        self.dir.path().join(Self::BUCKET)
    }

    /// The requests that it has taken.
    pub fn requests(&self) -> u64 {
        self.conduct.requests.load(Ordering::SeqCst)
    }

    /// Waits so long before each answer.
    pub fn slow(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.conduct.delay_millis.store(millis, Ordering::SeqCst);
    }

    /// Answers the next requests with 503.
    pub fn refuse(&self, requests: u64) {
        self.conduct.refused.store(requests, Ordering::SeqCst);
    }

    /// Takes so many requests more; with the next one every connection breaks, also while that is on its way.
    pub fn break_after(&self, requests: u64) {
        *lock(&self.conduct.ends_after) = Some(requests);
    }

    /// Ends the server; every connection breaks.
    pub fn kill(&self) {
        lock(&self.running).take();
    }

    /// Starts the server, which must not be running, on the port that it has.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(&self) {
        let mut running = lock(&self.running);
        assert!(running.is_none(), "the server runs already");
        *lock(&self.conduct.ends_after) = None;
        let files = FileSystem::new(self.dir.path()).expect("the directory is there");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(Self::KEY, Self::SECRET));
        let (service, conduct) = (service.build(), Arc::clone(&self.conduct));
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let (end, ended) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.expect("there is a thread");
            runtime.block_on(async {
                let listener = listen(address);
                ready.send(()).expect("somebody waits");
                tokio::select! {
                    _ = ended => {}
                    () = serve(listener, service, conduct) => {}
                }
            });
            // With the runtime all connections go.
            runtime.shutdown_background();
        });
        *running = Some(Running { end: Some(end), thread: Some(thread) });
        is_ready.recv().expect("the server starts");
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().expect("there is a socket");
    socket.set_reuseaddr(true).expect("a socket takes this");
    socket.bind(address).expect("the port is free");
    socket.listen(128).expect("the port is free")
}

/// Serves until the conduct says that it is over.
async fn serve(listener: TcpListener, service: S3Service, conduct: Arc<Conduct>) {
    let over = Arc::new(tokio::sync::Notify::new());
    let accept = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let (service, conduct, over) =
                (service.clone(), Arc::clone(&conduct), Arc::clone(&over));
            tokio::spawn(async move {
                let answer = service_fn(move |request| {
                    let (service, conduct) = (service.clone(), Arc::clone(&conduct));
                    let over = Arc::clone(&over);
                    async move { conduct.answer(&service, request, &over).await }
                });
                let http = hyper::server::conn::http1::Builder::new();
                let _ = http.serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = over.notified() => {}
    }
}

impl Conduct {
    async fn answer(
        &self,
        service: &S3Service,
        request: Request<Incoming>,
        over: &tokio::sync::Notify,
    ) -> Result<Response<Body>, HttpError> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        if self.is_over() {
            // What was begun goes on for a moment, so that it is cut in its middle.
            over.notify_one();
        }
        let delay = self.delay_millis.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let take = |left: u64| left.checked_sub(1);
        if self.refused.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = hyper::StatusCode::SERVICE_UNAVAILABLE;
            return Ok(response);
        }
        service.call(request.map(Body::from)).await
    }

    fn is_over(&self) -> bool {
        match &mut *lock(&self.ends_after) {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
