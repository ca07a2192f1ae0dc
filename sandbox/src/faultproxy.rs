//! A TCP proxy that passes bytes on and, on request, does to them what bad networks do.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::error::{Error, Result};

/// What happens to connections, old and new, from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Everything passes at full speed.
    Pass,
    /// Each piece waits this long before it goes on.
    Delay(Duration),
    /// One byte at a time, with this pause after each.
    Drip(Duration),
    /// A connection ends once this many bytes have passed in this direction, counted from its beginning.
    Cut {
        /// Which direction is counted.
        direction: Direction,
        /// How many bytes still pass.
        after: u64,
    },
    /// Connections are accepted and stay open, and nothing passes any more.
    BlackHole,
    /// Open and new connections are reset (RST, not an orderly end).
    Reset,
    /// Nobody listens: open connections end, new ones are refused.
    Refuse,
}

/// One of a connection's two directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// What has passed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted, also those that were reset at once.
    pub connections: u64,
    /// Bytes handed on to the server.
    pub to_server: u64,
    /// Bytes handed on to clients.
    pub to_client: u64,
}

/// A running proxy; dropping it ends it and its connections. Needs a tokio runtime.
pub struct FaultProxy {
    address: SocketAddr,
    orders: mpsc::Sender<(Fault, oneshot::Sender<Result<()>>)>,
    counters: Arc<Counters>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Counters {
    connections: AtomicU64,
    to_server: AtomicU64,
    to_client: AtomicU64,
}

impl FaultProxy {
    /// Starts a proxy in front of `target` on a free loopback port.
    pub async fn start(target: SocketAddr) -> Result<Self> {
        let listener = listen(0).await?;
        let address = listener
            .local_addr()
            .map_err(Error::system("ask for the proxy's port"))?;
        let counters = Arc::new(Counters::default());
        let (orders, inbox) = mpsc::channel(4);
        let keeper = Keeper {
            target,
            address,
            counters: counters.clone(),
            fault: watch::channel(Fault::Pass).0,
        };
        let task = tokio::spawn(keeper.run(listener, inbox));
        Ok(Self {
            address,
            orders,
            counters,
            task,
        })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port clients connect to.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Switches to another fault; returns when it is in force.
    pub async fn set(&self, fault: Fault) -> Result<()> {
        let (done, answer) = oneshot::channel();
        let gone = || Error::Option("the fault proxy has ended".into());
        self.orders.send((fault, done)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// What has passed so far.
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            connections: read(&self.counters.connections),
            to_server: read(&self.counters.to_server),
            to_client: read(&self.counters.to_client),
        }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(Error::system(format!("listen on 127.0.0.1:{port}")))
}

/// Owns the listening socket and the connections.
struct Keeper {
    target: SocketAddr,
    address: SocketAddr,
    counters: Arc<Counters>,
    fault: watch::Sender<Fault>,
}

type Orders = mpsc::Receiver<(Fault, oneshot::Sender<Result<()>>)>;

impl Keeper {
    async fn run(self, listener: TcpListener, mut orders: Orders) {
        let mut listener = Some(listener);
        // Dropped with this task, and the connections with it.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some((fault, done)) = order else { return };
                    let _ = done.send(self.obey(fault, &mut listener).await);
                }
                Some(client) = accepted(listener.as_ref()) => {
                    self.counters.connections.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(serve(client, self.target, self.fault.subscribe(), self.counters.clone()));
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn obey(&self, fault: Fault, listener: &mut Option<TcpListener>) -> Result<()> {
        if fault == Fault::Refuse {
            *listener = None;
        } else if listener.is_none() {
            *listener = Some(listen(self.address.port()).await?);
        }
        self.fault.send_replace(fault);
        Ok(())
    }
}

/// The next client; never, while nobody listens.
async fn accepted(listener: Option<&TcpListener>) -> Option<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.ok().map(|(client, _)| client),
        None => std::future::pending().await,
    }
}

/// Why a connection ends before its ends say so.
enum End {
    Orderly,
    Reset,
}

async fn serve(
    mut client: TcpStream,
    target: SocketAddr,
    fault: watch::Receiver<Fault>,
    counters: Arc<Counters>,
) {
    let end = tokio::select! {
        end = forced_end(fault.clone()) => end,
        end = connect_and_pass(&mut client, target, fault, &counters) => end,
    };
    if matches!(end, End::Reset) {
        // A socket closed with no linger time answers with RST.
        let _ = client.set_zero_linger();
    }
}

async fn forced_end(mut fault: watch::Receiver<Fault>) -> End {
    loop {
        match *fault.borrow_and_update() {
            Fault::Reset => return End::Reset,
            Fault::Refuse => return End::Orderly,
            _ => {}
        }
        if fault.changed().await.is_err() {
            return End::Orderly;
        }
    }
}

async fn connect_and_pass(
    client: &mut TcpStream,
    target: SocketAddr,
    mut fault: watch::Receiver<Fault>,
    counters: &Counters,
) -> End {
    let _ = fault.wait_for(|fault| *fault != Fault::BlackHole).await;
    let Ok(mut server) = TcpStream::connect(target).await else {
        return End::Reset;
    };
    // Timing faults must be ours alone.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let up = Pump {
        direction: Direction::ToServer,
        fault: fault.clone(),
        passed: 0,
        total: &counters.to_server,
    };
    let down = Pump {
        direction: Direction::ToClient,
        fault,
        passed: 0,
        total: &counters.to_client,
    };
    // One direction's end is passed on and the other goes on; an error or a cut ends both.
    let _ = tokio::try_join!(
        up.run(from_client, to_server),
        down.run(from_server, to_client)
    );
    End::Orderly
}

/// Passes one direction of one connection on.
struct Pump<'a> {
    direction: Direction,
    fault: watch::Receiver<Fault>,
    passed: u64,
    total: &'a AtomicU64,
}

/// The connection is to be cut.
struct Cut;

impl From<std::io::Error> for Cut {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

impl Pump<'_> {
    async fn run(
        mut self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> std::result::Result<(), Cut> {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let length = from.read(&mut piece).await?;
            if length == 0 {
                to.shutdown().await?;
                return Ok(());
            }
            self.pass(&piece[..length], &mut to).await?;
        }
    }

    async fn pass(
        &mut self,
        mut rest: &[u8],
        to: &mut (impl AsyncWrite + Unpin),
    ) -> std::result::Result<(), Cut> {
        while !rest.is_empty() {
            let fault = *self.fault.borrow_and_update();
            let now = match fault {
                Fault::Delay(pause) => {
                    tokio::time::sleep(pause).await;
                    rest.len()
                }
                Fault::Drip(_) => 1,
                Fault::Cut { direction, after } if direction == self.direction => {
                    self.room(after, rest.len()).ok_or(Cut)?
                }
                Fault::BlackHole => {
                    self.fault.changed().await.map_err(|_| Cut)?;
                    continue;
                }
                _ => rest.len(),
            };
            to.write_all(&rest[..now]).await?;
            to.flush().await?;
            rest = &rest[now..];
            self.passed += now as u64;
            self.total.fetch_add(now as u64, Ordering::Relaxed);
            self.after(fault).await?;
        }
        Ok(())
    }

    /// What has to happen once a piece is through.
    async fn after(&self, fault: Fault) -> std::result::Result<(), Cut> {
        match fault {
            Fault::Drip(pause) => tokio::time::sleep(pause).await,
            Fault::Cut { direction, after }
                if direction == self.direction && self.passed >= after =>
            {
                return Err(Cut);
            }
            _ => {}
        }
        Ok(())
    }

    /// How many of `wanted` bytes may still pass; none is the end.
    fn room(&self, after: u64, wanted: usize) -> Option<usize> {
        let left = usize::try_from(after.saturating_sub(self.passed)).unwrap_or(usize::MAX);
        Some(left.min(wanted)).filter(|room| *room > 0)
    }
}
