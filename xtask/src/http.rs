//! The least HTTP that asks a local server or an engine a question: one request a connection.

use std::{
    io::{Read as _, Write},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};

/// Longer answers are cut off by an error.
const LONGEST_ANSWER: u64 = 16 * 1024 * 1024;

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A Unix socket.
    Socket(PathBuf),
    /// Host and port.
    Tcp(String),
}

/// Status and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Peer {
    pub(crate) fn socket(path: &Path) -> Self {
        Self::Socket(path.to_path_buf())
    }

    pub(crate) fn address(address: SocketAddr) -> Self {
        Self::Tcp(address.to_string())
    }

    /// One request without a body.
    pub(crate) fn ask(&self, method: &str, path: &str, time: Duration) -> anyhow::Result<Answer> {
        // HTTP/1.0: the end of the connection is the end of the answer.
        let request = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        let mut raw = Vec::new();
        match self {
            Self::Socket(path) => {
                let mut stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(time))?;
                stream.set_write_timeout(Some(time))?;
                stream.write_all(request.as_bytes())?;
                stream.take(LONGEST_ANSWER).read_to_end(&mut raw)?;
            }
            Self::Tcp(host) => {
                let mut stream = TcpStream::connect(host)?;
                stream.set_read_timeout(Some(time))?;
                stream.set_write_timeout(Some(time))?;
                stream.write_all(request.as_bytes())?;
                stream.take(LONGEST_ANSWER).read_to_end(&mut raw)?;
            }
        }
        parse(&raw)
    }

    /// Whether it answers with success.
    pub(crate) fn says_ok(&self, path: &str) -> bool {
        self.ask("GET", path, Duration::from_secs(2))
            .is_ok_and(|answer| (200..300).contains(&answer.status))
    }
}

fn parse(raw: &[u8]) -> anyhow::Result<Answer> {
    let end = raw
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .context("no HTTP answer")?;
    let head = String::from_utf8_lossy(raw.get(..end).unwrap_or_default());
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|code| code.parse().ok());
    let Some(status) = status else {
        bail!("no HTTP status in `{head}`")
    };
    if head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        bail!("a chunked answer to an HTTP/1.0 request");
    }
    Ok(Answer {
        status,
        body: raw.get(end + 4..).unwrap_or_default().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn answers_are_split() {
        let answer = parse(b"HTTP/1.0 204 No Content\r\nA: b\r\n\r\nrest").unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (204, b"rest".as_slice())
        );
        assert!(parse(b"").is_err());
        assert!(parse(b"SSH-2.0-x\r\n\r\n").is_err());
    }
}
