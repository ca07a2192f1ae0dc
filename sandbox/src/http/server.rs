//! The server around a fake: hyper on loopback, on a free port, ended with its owner.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Sleep;

use super::faults::Happens;
use super::{Fake, Fault, Request, Response, World, play};
use crate::error::{Error, Result};

/// Most bytes of a request's body.
const LARGEST: usize = 64 * 1024 * 1024;
/// How long what was given before a cut has to reach the other side.
const BEFORE_CUT: Duration = Duration::from_millis(30);

/// A running fake; dropping it stops it and closes its connections. Needs a tokio runtime.
pub struct Server<F: Fake> {
    inner: Arc<Inner<F>>,
    task: JoinHandle<()>,
}

struct Inner<F> {
    fake: Mutex<F>,
    world: World,
    touched: Notify,
}

/// A running fake whose kind does not matter: for the page, which plays them all.
pub trait Played: Send + Sync {
    /// The fake's short name.
    fn name(&self) -> &'static str;
    /// What stands around it.
    fn world(&self) -> &World;
    /// What may be seen of its state.
    fn state(&self) -> Value;
    /// Does what only a customer or the vendor can do.
    ///
    /// # Errors
    /// Where the order is not known or cannot be done.
    fn act(&self, order: &str, with: &Value) -> std::result::Result<Value, String>;
    /// Whoever waits for an answer is asked for it again.
    fn touch(&self);
}

impl<F> Inner<F> {
    fn lock(&self) -> MutexGuard<'_, F> {
        self.fake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Fake> Played for Inner<F> {
    fn name(&self) -> &'static str {
        self.lock().name()
    }
    fn world(&self) -> &World {
        &self.world
    }
    fn state(&self) -> Value {
        self.lock().state(&self.world)
    }
    fn act(&self, order: &str, with: &Value) -> std::result::Result<Value, String> {
        let done = self.lock().act(order, with, &self.world);
        self.touched.notify_waiters();
        done
    }
    fn touch(&self) {
        self.touched.notify_waiters();
    }
}

impl<F: Fake> Drop for Server<F> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<F: Fake> Server<F> {
    /// Starts a fake on a free port.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(fake: F) -> Result<Self> {
        Self::start_at(fake, 0).await
    }

    /// Starts a fake on this port, 0 for a free one.
    ///
    /// # Errors
    /// Where the port cannot be had.
    pub async fn start_at(fake: F, port: u16) -> Result<Self> {
        let doing = || Error::system(format!("listen for the fake {}", fake.name()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(doing())?;
        let address: SocketAddr = listener.local_addr().map_err(doing())?;
        let inner = Arc::new(Inner {
            fake: Mutex::new(fake),
            world: World {
                base: format!("http://{address}"),
                ..World::default()
            },
            touched: Notify::new(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&inner)));
        Ok(Self { inner, task })
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base(&self) -> String {
        self.inner.world.base.clone()
    }

    /// What stands around it.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.inner.world
    }

    /// Looks into the fake or changes it; whoever waits for an answer is asked for it again.
    pub fn with<R>(&self, change: impl FnOnce(&mut F, &World) -> R) -> R {
        let done = change(&mut self.inner.lock(), &self.inner.world);
        self.inner.touched.notify_waiters();
        done
    }

    /// Does what only a customer or the vendor can do ([`Fake::act`]).
    ///
    /// # Errors
    /// Where the order is not known or cannot be done.
    pub fn act(&self, order: &str, with: &Value) -> std::result::Result<Value, String> {
        self.inner.act(order, with)
    }

    /// The same fake for those who need not know which one it is.
    #[must_use]
    pub fn played(&self) -> Arc<dyn Played> {
        Arc::clone(&self.inner) as Arc<dyn Played>
    }
}

async fn accept<F: Fake>(listener: TcpListener, inner: Arc<Inner<F>>) {
    // Ends with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    connections.spawn(connection(tcp, Arc::clone(&inner)));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection<F: Fake>(tcp: TcpStream, inner: Arc<Inner<F>>) {
    let _ = tcp.set_nodelay(true);
    let service = service_fn(move |asked| {
        let inner = Arc::clone(&inner);
        async move { serve(asked, &inner).await }
    });
    // A connection that ends in an error is one that a fault ended, or the client.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(tcp), service)
        .await;
}

/// The connection ends here.
#[derive(Debug, thiserror::Error)]
#[error("closed by a fault")]
struct Closed;

async fn serve<F: Fake>(
    asked: hyper::Request<Incoming>,
    inner: &Inner<F>,
) -> std::result::Result<hyper::Response<Out>, Closed> {
    let mut request = read(asked).await?;
    if request.path.starts_with("/_play/") {
        return Ok(out(play::answer(inner, &request), None));
    }
    let world = &inner.world;
    let number = world.calls.came(&request, world.time.now());
    request.number = number;
    let Happens { fault, flags } = world.faults.meet(&request);
    let word = fault.as_ref().map(Fault::word).or(flags.first().cloned());
    world.calls.note(number, |call| call.fault = word);
    request.flags = flags;
    let before = match &fault {
        Some(Fault::HangBefore) => pending().await,
        Some(Fault::CloseBefore) => return Err(Closed),
        Some(fault @ (Fault::Answer { .. } | Fault::Html)) => fault.says(),
        _ => None,
    };
    let response = match before {
        Some(response) => response,
        None => {
            if let Some(by) = fault.as_ref().and_then(Fault::delay) {
                tokio::time::sleep(by).await;
            }
            let response = act(&mut request, inner).await;
            world.calls.note(number, |call| call.acted = true);
            match &fault {
                Some(Fault::HangAfter) => pending().await,
                Some(Fault::CloseAfter) => return Err(Closed),
                Some(fault @ Fault::AnswerAfter { .. }) => fault.says().unwrap_or(response),
                _ => response,
            }
        }
    };
    world
        .calls
        .note(number, |call| call.status = Some(response.status));
    Ok(out(response, fault.as_ref()))
}

/// Asks the fake, again and again where it has nothing to say yet.
async fn act<F: Fake>(request: &mut Request, inner: &Inner<F>) -> Response {
    let began = Instant::now();
    let mut new = true;
    loop {
        let touched = inner.touched.notified();
        tokio::pin!(touched);
        touched.as_mut().enable();
        let response = inner.lock().answer(request, &inner.world);
        let Some(patience) = response.wait else {
            inner.touched.notify_waiters();
            return response;
        };
        // That it came and waits may be news for others who wait.
        if std::mem::take(&mut new) {
            inner.touched.notify_waiters();
        }
        if request.last {
            return Response::text(500, "the fake has nothing to say even at its last chance");
        }
        let left = patience.saturating_sub(began.elapsed());
        request.last = tokio::time::timeout(left, touched).await.is_err();
    }
}

async fn read(asked: hyper::Request<Incoming>) -> std::result::Result<Request, Closed> {
    let (head, body) = asked.into_parts();
    let text = |v: &hyper::header::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    let headers = head.headers.iter();
    let headers = headers
        .map(|(n, v)| (n.as_str().to_owned(), text(v)))
        .collect();
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let body = Limited::new(body, LARGEST).collect().await;
    Ok(Request {
        number: 0,
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        pairs: url::form_urlencoded::parse(query).into_owned().collect(),
        headers,
        body: body.map_err(|_| Closed)?.to_bytes().to_vec(),
        flags: Vec::new(),
        last: false,
    })
}

fn out(response: Response, fault: Option<&Fault>) -> hyper::Response<Out> {
    let length = response.body.len();
    let body = Out::new(response.body, fault);
    let faulty = body.cut || body.pause.is_some();
    let mut made = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        made = made.header(name, value);
    }
    if faulty {
        // The whole is promised, so that the other side can notice what is missing.
        made = made.header("content-length", length);
    }
    made.body(body).unwrap_or_else(|_| {
        let mut bad =
            hyper::Response::new(Out::new(b"the fake made no valid answer".to_vec(), None));
        *bad.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        bad
    })
}

/// A body: whole, in pieces with pauses, or cut.
struct Out {
    pieces: VecDeque<Bytes>,
    pause: Option<Duration>,
    asleep: Option<Pin<Box<Sleep>>>,
    cut: bool,
}

impl Out {
    fn new(body: Vec<u8>, fault: Option<&Fault>) -> Self {
        let mut out = Self {
            pieces: VecDeque::new(),
            pause: None,
            asleep: None,
            cut: false,
        };
        match fault {
            Some(Fault::Cut { after }) => {
                let mut body = body;
                body.truncate(*after);
                out.pieces.push_back(Bytes::from(body));
                out.cut = true;
                out.pause = Some(BEFORE_CUT);
            }
            Some(Fault::Drip { piece, pause }) => {
                let pieces = body.chunks((*piece).max(1));
                out.pieces.extend(pieces.map(Bytes::copy_from_slice));
                out.pause = Some(Duration::from_millis(*pause));
            }
            _ if body.is_empty() => {}
            _ => out.pieces.push_back(Bytes::from(body)),
        }
        out
    }
}

impl hyper::body::Body for Out {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Closed>>> {
        if let Some(asleep) = self.asleep.as_mut() {
            if asleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.asleep = None;
        }
        if let Some(piece) = self.pieces.pop_front() {
            self.asleep = self
                .pause
                .filter(|_| self.cut || !self.pieces.is_empty())
                .map(|pause| Box::pin(tokio::time::sleep(pause)));
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        let cut = std::mem::take(&mut self.cut);
        Poll::Ready(cut.then_some(Err(Closed)))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && !self.cut
    }

    fn size_hint(&self) -> SizeHint {
        if self.cut || self.pause.is_some() {
            return SizeHint::default();
        }
        let bytes: usize = self.pieces.iter().map(Bytes::len).sum();
        SizeHint::with_exact(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}
