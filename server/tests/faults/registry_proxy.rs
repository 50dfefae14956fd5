//! A registry that misbehaves: a small proxy in front of the run's registry. It serves one request a connection.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longer than any head of a request or of an answer.
const MAX_HEAD: usize = 64 * 1024;
const CHUNK: usize = 4 * 1024;
/// The first byte of a connection that wants TLS.
const TLS_HANDSHAKE: [u8; 1] = [0x16];
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What it does with the requests that come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Behaviour {
    /// Passes them on.
    Pass,
    /// Answers manifests with this status itself.
    Answer(u16),
    /// Passes layers on at this pace, in bytes a second.
    Slow(usize),
    /// Says nothing more after this many bytes of a layer.
    Hang(usize),
    /// Breaks off after this many bytes of a layer.
    Cut(usize),
    /// Nobody listens.
    Closed,
}

/// The proxy; ended when dropped.
pub(super) struct RegistryProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: String,
    behaviour: Mutex<Behaviour>,
    ended: AtomicBool,
}

impl RegistryProxy {
    /// In front of the run's registry; none, with a word, where there is none.
    pub(super) fn start(behaviour: Behaviour) -> Option<Self> {
        let Ok(upstream) = std::env::var("WINDLASS_TEST_REGISTRY") else {
            println!("not tried: WINDLASS_TEST_REGISTRY is not set; `cargo xtask test` sets it");
            return None;
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream,
            behaviour: Mutex::new(behaviour),
            ended: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::spawn(move || listen(&own, address, listener));
        Some(Self {
            address,
            shared,
            thread: Some(thread),
        })
    }

    /// Host and port, as images are named.
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Behaves otherwise from now on, also on connections that hang.
    pub(super) fn now(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }
}

impl Drop for RegistryProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A connection that failed is no reason to fail here.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn behaviour(&self) -> Behaviour {
        *self.behaviour.lock().unwrap()
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

fn listen(shared: &Arc<Shared>, address: SocketAddr, first: TcpListener) {
    let mut listener = Some(first);
    let mut connections = Vec::new();
    while !shared.ended() {
        if shared.behaviour() == Behaviour::Closed {
            listener = None;
        } else {
            let open = listener.get_or_insert_with(|| TcpListener::bind(address).unwrap());
            open.set_nonblocking(true).unwrap();
            if let Ok((client, _)) = open.accept() {
                client.set_nonblocking(false).unwrap();
                let own = Arc::clone(shared);
                connections.push(std::thread::spawn(move || {
                    // The engine may break off at any time.
                    let _broken = serve(&own, client);
                }));
                continue;
            }
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    for connection in connections {
        drop(connection.join());
    }
}

fn serve(shared: &Shared, mut client: TcpStream) -> io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut first = [0];
    if client.peek(&mut first)? == 1 && first == TLS_HANDSHAKE {
        // Engines try HTTPS first; this is how a server answers that speaks HTTP only.
        return client.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
    }
    let (head, _) = read_head(&mut client)?;
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    if let Behaviour::Answer(status) = shared.behaviour()
        && path.contains("/manifests/")
    {
        // In the words of the distribution API: the engine goes by them, and not by the status.
        let (code, message) = match status {
            401 => ("UNAUTHORIZED", "authentication required"),
            _ => ("UNKNOWN", "unknown error"),
        };
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#);
        let sign_in = if status == 401 {
            "WWW-Authenticate: Basic realm=\"registry\"\r\n"
        } else {
            ""
        };
        return write!(
            client,
            "HTTP/1.1 {status} Fault\r\n{sign_in}Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
    }
    let mut upstream = TcpStream::connect(&shared.upstream)?;
    let (first, rest) = head.split_once("\r\n").unwrap_or((&head, ""));
    let rest: String = rest
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:") && !line.is_empty())
        .map(|line| format!("{line}\r\n"))
        .collect();
    write!(upstream, "{first}\r\n{rest}Connection: close\r\n\r\n")?;
    let (head, body) = read_head(&mut upstream)?;
    client.write_all(head.as_bytes())?;
    if path.contains("/blobs/") {
        layer(shared, &mut upstream, &mut client, body)
    } else {
        client.write_all(&body)?;
        io::copy(&mut upstream, &mut client).map(drop)
    }
}

/// Passes a layer on, as far and as fast as the behaviour of the moment lets it.
fn layer(
    shared: &Shared,
    upstream: &mut TcpStream,
    client: &mut TcpStream,
    first: Vec<u8>,
) -> io::Result<()> {
    let mut chunk = first;
    let mut sent = 0;
    loop {
        if chunk.is_empty() {
            chunk.resize(CHUNK, 0);
            let read = upstream.read(&mut chunk)?;
            chunk.truncate(read);
            if read == 0 {
                return Ok(());
            }
        }
        match shared.behaviour() {
            Behaviour::Cut(after) if sent >= after => return Ok(()),
            Behaviour::Hang(after) if sent >= after => {
                while matches!(shared.behaviour(), Behaviour::Hang(_)) && !shared.ended() {
                    std::thread::sleep(LOOK_AGAIN);
                }
                return Ok(());
            }
            Behaviour::Slow(pace) => {
                let nanos = chunk.len() as u64 * 1_000_000_000 / pace as u64;
                std::thread::sleep(Duration::from_nanos(nanos));
            }
            _ => {}
        }
        client.write_all(&chunk)?;
        sent += chunk.len();
        chunk.clear();
    }
}

/// A head with its empty line, and what came with it of the body.
fn read_head(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut read = Vec::new();
    let mut chunk = [0; CHUNK];
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = read.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&read).into_owned(), body));
        }
        let count = stream.read(&mut chunk)?;
        if count == 0 || read.len() > MAX_HEAD {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(chunk.get(..count).unwrap_or_default());
    }
}
