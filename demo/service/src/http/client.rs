//! One request to one address, with a deadline over the whole exchange.
//!
//! Speaks HTTP/1.0, so that the answer is never chunked and ends where the connection ends.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::url::Url;

/// Most bytes of an answer, head and body together.
const MAX_ANSWER: usize = 1024 * 1024;
/// Most characters of a body that go into a message.
const MAX_QUOTED: usize = 200;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The beginning of the body, as one line for a message.
    pub(crate) fn text_line(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        printable
            .take(MAX_QUOTED)
            .collect::<String>()
            .trim()
            .to_owned()
    }
}

/// Longest wait for a connection: an address that has just gone must not take the time of the next one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum ClientError {
    Resolve(io::Error),
    ResolveTimeout(Duration),
    NoAddress,
    Connect {
        address: SocketAddr,
        source: io::Error,
    },
    Exchange(io::Error),
    Timeout(Duration),
    NotHttp,
    AnswerTooLarge,
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Resolve(error) => write!(f, "the host name does not resolve: {error}"),
            Self::ResolveTimeout(limit) => {
                write!(f, "the host name does not resolve within {limit:.0?}")
            }
            Self::NoAddress => f.write_str("the host name has no address"),
            Self::Connect { address, source } => write!(f, "cannot connect to {address}: {source}"),
            Self::Exchange(error) => write!(f, "the connection broke: {error}"),
            Self::Timeout(limit) => write!(f, "no answer within {limit:?}"),
            Self::NotHttp => f.write_str("the answer is not HTTP"),
            Self::AnswerTooLarge => f.write_str("the answer exceeds 1 MiB"),
        }
    }
}

/// Sends one request and reads the answer whole.
pub(crate) fn request(
    method: &str,
    url: &Url,
    body: &[u8],
    timeout: Duration,
) -> Result<Answer, ClientError> {
    let deadline = Instant::now() + timeout;
    let left = || {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(ClientError::Timeout(timeout))
        } else {
            Ok(left)
        }
    };
    let broke = |error: io::Error| match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => ClientError::Timeout(timeout),
        _ => ClientError::Exchange(error),
    };

    let mut stream = connect(url, left)?;
    let mut message = format!(
        "{method} {} HTTP/1.0\r\nHost: {}:{}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        url.path,
        url.host,
        url.port,
        body.len()
    )
    .into_bytes();
    message.extend_from_slice(body);
    stream.set_write_timeout(Some(left()?)).map_err(broke)?;
    stream.write_all(&message).map_err(broke)?;

    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        stream.set_read_timeout(Some(left()?)).map_err(broke)?;
        match stream.read(&mut chunk) {
            Ok(0) => return parse_answer(&answer),
            Ok(count) => answer.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broke(error)),
        }
        if answer.len() > MAX_ANSWER {
            return Err(ClientError::AnswerTooLarge);
        }
    }
}

fn connect(
    url: &Url,
    left: impl Fn() -> Result<Duration, ClientError>,
) -> Result<TcpStream, ClientError> {
    let mut last = ClientError::NoAddress;
    for address in resolve(url, left()?)? {
        match TcpStream::connect_timeout(&address, left()?.min(CONNECT_TIMEOUT)) {
            Ok(stream) => return Ok(stream),
            Err(source) => last = ClientError::Connect { address, source },
        }
    }
    Err(last)
}

/// The system's resolver takes no deadline, so it runs in a thread that is left behind when it is
/// late; it ends by the resolver's own limits.
fn resolve(url: &Url, limit: Duration) -> Result<Vec<SocketAddr>, ClientError> {
    if let Ok(address) = url.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, url.port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let (host, port) = (url.host.clone(), url.port);
    let resolver = thread::Builder::new()
        .name("resolver".to_owned())
        .spawn(move || {
            let addresses = (host.as_str(), port)
                .to_socket_addrs()
                .map(Iterator::collect);
            // The receiver is gone when the answer comes too late, and then nobody wants it.
            drop(sender.send(addresses));
        });
    resolver.map_err(ClientError::Resolve)?;
    match receiver.recv_timeout(limit) {
        Ok(addresses) => addresses.map_err(ClientError::Resolve),
        Err(_late) => Err(ClientError::ResolveTimeout(limit)),
    }
}

fn parse_answer(bytes: &[u8]) -> Result<Answer, ClientError> {
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or(ClientError::NotHttp)?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| ClientError::NotHttp)?;
    let line = head.split("\r\n").next().unwrap_or_default();
    let mut parts = line.split(' ');
    let version = parts.next().unwrap_or_default();
    let status = parts.next().and_then(|status| status.parse().ok());
    match status {
        Some(status) if version.starts_with("HTTP/1.") => Ok(Answer {
            status,
            body: bytes[end + 4..].to_vec(),
        }),
        _ => Err(ClientError::NotHttp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let answer =
            parse_answer(b"HTTP/1.1 502 Bad Gateway\r\nA: b\r\n\r\nno\nway").expect("HTTP");
        assert_eq!(answer.status, 502);
        assert!(!answer.is_success());
        assert_eq!(answer.text_line(), "no way");
        assert!(matches!(
            parse_answer(b"SSH-2.0-x\r\n\r\n"),
            Err(ClientError::NotHttp)
        ));
        assert!(matches!(
            parse_answer(b"HTTP/1.1 200 OK\r\n"),
            Err(ClientError::NotHttp)
        ));
    }
}
