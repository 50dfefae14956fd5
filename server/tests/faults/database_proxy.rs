//! A way to a PostgreSQL server that a test can close, open again, and cut in the middle of a COMMIT.

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// The server never gets the COMMIT.
    Before,
    /// The server does it; its answer is lost.
    After,
}

/// The way; gone with this.
pub(super) struct DatabaseProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    server: String,
    /// No connection is let in, and none stays.
    closed: AtomicBool,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    cut: Mutex<Option<Plan>>,
    cuts: AtomicUsize,
}

/// Every `every`th COMMIT, or append that needs none, is cut, `left` times.
struct Plan {
    cut: Cut,
    every: usize,
    seen: usize,
    left: usize,
}

impl DatabaseProxy {
    /// `url` is the address of a database; the same one through the proxy is returned beside it.
    pub(super) fn to(url: &str) -> (Self, String) {
        let (start, rest) = url.split_once('@').unwrap();
        let (server, path) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            closed: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            open: Mutex::default(),
            cut: Mutex::default(),
            cuts: AtomicUsize::new(0),
        });
        let proxy = Self {
            address,
            listening: Some(listen(listener, &shared)),
            shared,
        };
        (proxy, format!("{start}@{address}/{path}"))
    }

    /// Breaks every connection and refuses new ones.
    pub(super) fn close(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.shared.drop_all();
        self.wake();
    }

    /// Lets connections in again.
    pub(super) fn open(&mut self) {
        self.shared.closed.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(self.address).unwrap();
        self.listening = Some(listen(listener, &self.shared));
    }

    /// Cuts every `every`th COMMIT from now on, `times` times.
    pub(super) fn cut(&self, cut: Cut, every: usize, times: usize) {
        *self.shared.cut.lock().unwrap() = Some(Plan {
            cut,
            every,
            seen: 0,
            left: times,
        });
    }

    /// How many were cut.
    pub(super) fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// The listener looks around when somebody knocks.
    fn wake(&mut self) {
        let _refused = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            listening.join().unwrap();
        }
    }
}

impl Drop for DatabaseProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.close();
    }
}

fn listen(listener: TcpListener, shared: &Arc<Shared>) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            // Dropping the listener is what refuses the next ones.
            if shared.closed.load(Ordering::SeqCst) {
                return;
            }
            if let (Ok(client), Ok(server)) = (client, TcpStream::connect(&shared.server)) {
                shared.carry(client, server);
            }
        }
    })
}

impl Shared {
    fn drop_all(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }

    /// Both directions of one connection, each on a thread that ends with it.
    fn carry(self: &Arc<Self>, client: TcpStream, server: TcpStream) {
        {
            let mut open = self.open.lock().unwrap();
            open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
        }
        if self.closed.load(Ordering::SeqCst) {
            self.drop_all();
        }
        let lost = Arc::new(AtomicBool::new(false));
        let (shared, lose) = (Arc::clone(self), Arc::clone(&lost));
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || {
            // Whether a transaction is open, in which nothing is durable before its COMMIT.
            let inside = Cell::new(false);
            forward(&mut from, &mut to, |piece| {
                match shared.cut_of(piece, &inside) {
                    Some(Cut::Before) => return false,
                    Some(Cut::After) => lose.store(true, Ordering::SeqCst),
                    None => {}
                }
                true
            });
        });
        let (mut from, mut to) = (server, client);
        std::thread::spawn(move || {
            // What comes now is the answer to the COMMIT: it was done.
            forward(&mut from, &mut to, |_| !lost.load(Ordering::SeqCst));
        });
    }

    /// Whether this piece of what a client sends makes something durable and is to be cut: a COMMIT, or an append that is one statement,
    /// which shows by the events that it carries.
    fn cut_of(&self, piece: &[u8], inside: &Cell<bool>) -> Option<Cut> {
        let has = |word: &[u8]| piece.windows(word.len()).any(|part| part == word);
        let (commits, alone) = (has(b"COMMIT\0"), has(b"\"type\":") && !inside.get());
        if has(b"BEGIN") {
            inside.set(true);
        }
        if commits || has(b"ROLLBACK") {
            inside.set(false);
        }
        if !commits && !alone {
            return None;
        }
        let mut plan = self.cut.lock().unwrap();
        let plan = plan.as_mut().filter(|plan| plan.left > 0)?;
        plan.seen += 1;
        if plan.seen % plan.every != 0 {
            return None;
        }
        plan.left -= 1;
        self.cuts.fetch_add(1, Ordering::SeqCst);
        Some(plan.cut)
    }
}

/// Passes on what comes, as long as it may, and then ends both sides.
fn forward(from: &mut TcpStream, to: &mut TcpStream, may_pass: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer) {
        let piece = buffer.get(..length).unwrap();
        if length == 0 || !may_pass(piece) || to.write_all(piece).is_err() {
            break;
        }
    }
    let _gone = from.shutdown(Shutdown::Both);
    let _gone = to.shutdown(Shutdown::Both);
}
