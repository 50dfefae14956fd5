//! Accepts connections and answers each in a thread of its own.
//!
//! Invariant: never more than [`MAX_CONNECTIONS`] threads, and none lives longer than one request's
//! deadline, however slowly the other side reads or writes.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::request::{self, Request};
use super::response::Response;

/// Most connections answered at once; more are refused with 503.
const MAX_CONNECTIONS: usize = 128;
/// Time for one whole request, and again for its answer.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// Time to let the other side read a refusal before the connection is torn down.
const LINGER: Duration = Duration::from_millis(500);
/// Most bytes read and thrown away after a refusal.
const MAX_DRAINED: u64 = 1024 * 1024;
/// Pause after a failed accept (no file handle left, say), so that it is not a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Failed accepts in a row after which the listener is given up.
const MAX_FAILED_ACCEPTS: u32 = 100;

/// Connections that are being answered, of all listeners of this process.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// Between two looks whether nobody is left.
const LOOK: Duration = Duration::from_millis(1);

/// Waits until nobody is being answered, at most so long. Who comes meanwhile is answered as well.
pub(crate) fn drain(limit: Duration) {
    let deadline = Instant::now() + limit;
    while OPEN.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
        thread::sleep(LOOK);
    }
}

/// Opens the port on all addresses of the container.
pub(crate) fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
}

/// Answers connections with `handler` for as long as the listener works.
pub(crate) fn serve(
    listener: &TcpListener,
    handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
) -> io::Error {
    let handler = Arc::new(handler);
    let mut failed = 0;
    loop {
        let stream = match listener.accept() {
            Ok((stream, _peer)) => stream,
            Err(error) => {
                failed += 1;
                if failed >= MAX_FAILED_ACCEPTS {
                    return error;
                }
                thread::sleep(ACCEPT_PAUSE);
                continue;
            }
        };
        failed = 0;
        let Some(slot) = Slot::take() else {
            refuse(stream);
            continue;
        };
        let handler = Arc::clone(&handler);
        let answering = thread::Builder::new()
            .name("connection".to_owned())
            .spawn(move || {
                let _slot = slot;
                // A client that went away is the client's business: nobody is left to tell.
                drop(answer(stream, handler.as_ref()));
            });
        // No thread to be had: the connection is closed with the dropped stream, the next may fit.
        drop(answering);
    }
}

/// One of the places for connections; given back when dropped, also by a thread that panics.
struct Slot;

impl Slot {
    fn take() -> Option<Self> {
        // Counted by the one accepting thread only, so looking and adding cannot race.
        if OPEN.load(Ordering::Acquire) >= MAX_CONNECTIONS {
            return None;
        }
        OPEN.fetch_add(1, Ordering::AcqRel);
        Some(Self)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::AcqRel);
    }
}

fn refuse(mut stream: TcpStream) {
    let refusal = Response::error(503, "too many connections");
    // Written without waiting: a full socket buffer must not hold up the accepting thread.
    drop(
        stream
            .set_nonblocking(true)
            .and_then(|()| refusal.write("GET", &mut stream)),
    );
}

fn answer(stream: TcpStream, handler: &impl Fn(&Request) -> Response) -> io::Result<()> {
    let mut timed = Timed::new(stream);
    match request::read(&mut timed) {
        Ok(request) => {
            let response = handler(&request);
            timed.restart();
            response.write(&request.method, &mut timed)
        }
        Err(error) => {
            let Some((status, sentence)) = error.answer() else {
                return Ok(());
            };
            timed.restart();
            Response::error(status, sentence).write("GET", &mut timed)?;
            timed.drain()
        }
    }
}

/// A connection with one deadline over all its reads and writes.
struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Timed {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            deadline: Instant::now() + REQUEST_TIME,
        }
    }

    fn restart(&mut self) {
        self.deadline = Instant::now() + REQUEST_TIME;
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(Some(left))
        }
    }

    /// Closing with unread bytes resets the connection, and the refusal may be lost with it.
    fn drain(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        self.deadline = Instant::now() + LINGER;
        io::copy(&mut self.take(MAX_DRAINED), &mut io::sink()).map(|_| ())
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
