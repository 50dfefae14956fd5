//! A small HTTP/1.1 client over a Unix socket or plain TCP: one request a connection.
//!
//! Enough for an engine's and a registry's API, so that loading and pushing need neither an
//! asynchronous runtime nor a tool that a machine may lack. Bounded in the size of an answer and in
//! the time without progress.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Longest wait for a TCP connection.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Longest silence of the other side; loading a large archive answers nothing for a while.
const SILENCE: Duration = Duration::from_secs(120);
/// Most bytes of an answer's body.
const MAX_BODY: u64 = 8 * 1024 * 1024;
/// Most bytes of one line of an answer's head.
const MAX_LINE: u64 = 16 * 1024;
/// Most header lines of an answer.
const MAX_HEADERS: usize = 100;

/// Where a server listens.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Unix(PathBuf),
    /// `host:port`
    Tcp(String),
}

/// One request; `Host`, `Content-Length` and `Connection` are added.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'a str, String)],
    pub(crate) body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A request without headers and body.
    pub(crate) fn get(path: &'a str) -> Self {
        Self {
            method: "GET",
            path,
            headers: &[],
            body: &[],
        }
    }
}

/// One answer, read whole.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// A header's value, whatever the case of its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl Endpoint {
    /// Reads a `DOCKER_HOST`.
    pub(crate) fn of_docker_host(host: &str) -> Result<Self> {
        if let Some(path) = host.strip_prefix("unix://") {
            ensure!(
                path.starts_with('/'),
                "{host} names no absolute path of a socket"
            );
            return Ok(Self::Unix(path.into()));
        }
        if let Some(rest) = host
            .strip_prefix("tcp://")
            .or_else(|| host.strip_prefix("http://"))
        {
            let authority = rest.trim_end_matches('/');
            ensure!(
                authority.contains(':') && !authority.contains('/'),
                "{host} must be tcp://host:port"
            );
            return Ok(Self::Tcp(authority.to_owned()));
        }
        bail!(
            "{host} is no address of an engine to load images into: \
             use unix:///path or tcp://host:port"
        )
    }

    /// Sends a request and reads the answer.
    pub(crate) fn call(&self, request: &Request<'_>) -> Result<Response> {
        match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)
                    .with_context(|| format!("cannot connect to {}", path.display()))?;
                stream.set_read_timeout(Some(SILENCE))?;
                stream.set_write_timeout(Some(SILENCE))?;
                exchange(stream, "localhost", request)
            }
            Self::Tcp(authority) => {
                let stream = connect(authority)?;
                stream.set_read_timeout(Some(SILENCE))?;
                stream.set_write_timeout(Some(SILENCE))?;
                exchange(stream, authority, request)
            }
        }
    }
}

fn connect(authority: &str) -> Result<TcpStream> {
    let cannot = || format!("cannot connect to {authority}");
    let mut last = None;
    for address in authority.to_socket_addrs().with_context(cannot)? {
        match TcpStream::connect_timeout(&address, CONNECT_TIME) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(error).with_context(cannot),
        None => bail!("{authority} has no address"),
    }
}

fn exchange(mut stream: impl Read + Write, host: &str, request: &Request<'_>) -> Result<Response> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n",
        request.method,
        request.path,
        request.body.len()
    );
    for (name, value) in request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let sent = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(request.body))
        .and_then(|()| stream.flush());
    // A server that refuses a body answers before it has read it all: its reason matters more than
    // ours.
    let answer = read_response(&mut BufReader::new(stream), request.method == "HEAD");
    match (answer, sent) {
        (Ok(response), _) => Ok(response),
        (Err(_), Err(error)) => Err(error).context("cannot send the request"),
        (Err(error), Ok(())) => Err(error),
    }
}

fn read_response(reader: &mut impl BufRead, is_head: bool) -> Result<Response> {
    loop {
        let (status, headers) = read_head(reader)?;
        if (100..200).contains(&status) {
            continue;
        }
        let mut response = Response {
            status,
            headers,
            body: Vec::new(),
        };
        if is_head || status == 204 || status == 304 {
            return Ok(response);
        }
        response.body = match (
            response.header("Transfer-Encoding"),
            response.header("Content-Length"),
        ) {
            (Some(encoding), _) => {
                ensure!(
                    encoding.eq_ignore_ascii_case("chunked"),
                    "unknown encoding {encoding}"
                );
                read_chunks(reader)?
            }
            (None, Some(length)) => read_exactly(
                reader,
                length.parse().context("Content-Length is no number")?,
            )?,
            (None, None) => read_to_end(reader)?,
        };
        return Ok(response);
    }
}

fn read_head(reader: &mut impl BufRead) -> Result<(u16, Vec<(String, String)>)> {
    let line = read_line(reader)?;
    let mut parts = line.splitn(3, ' ');
    let is_http = parts
        .next()
        .is_some_and(|version| version.starts_with("HTTP/1."));
    let status = parts.next().and_then(|status| status.parse().ok());
    let (true, Some(status)) = (is_http, status) else {
        bail!("the answer is not HTTP: {line:?}")
    };
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        ensure!(
            headers.len() < MAX_HEADERS,
            "the answer has more than {MAX_HEADERS} headers"
        );
        let (name, value) = line
            .split_once(':')
            .context("the answer has a malformed header")?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn read_line(reader: &mut impl BufRead) -> Result<String> {
    let mut line = Vec::new();
    reader
        .take(MAX_LINE)
        .read_until(b'\n', &mut line)
        .context("the connection broke")?;
    ensure!(
        line.ends_with(b"\n"),
        "the answer ends early, or one of its lines is too long"
    );
    let line = String::from_utf8(line).context("the answer's head is not UTF-8")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn read_chunks(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).context("a chunk has no size")?;
        if size == 0 {
            // What may follow are trailers; the connection is closed after them anyway.
            return Ok(body);
        }
        ensure!(
            body.len() as u64 + size <= MAX_BODY,
            "the answer exceeds {MAX_BODY} bytes"
        );
        body.extend(read_exactly(reader, size)?);
        ensure!(
            read_line(reader)?.is_empty(),
            "a chunk is longer than it says"
        );
    }
}

fn read_exactly(reader: &mut impl BufRead, length: u64) -> Result<Vec<u8>> {
    ensure!(length <= MAX_BODY, "the answer exceeds {MAX_BODY} bytes");
    let mut body = Vec::new();
    reader
        .take(length)
        .read_to_end(&mut body)
        .context("the connection broke")?;
    ensure!(
        body.len() as u64 == length,
        "the answer ends after {} of {length} bytes",
        body.len()
    );
    Ok(body)
}

fn read_to_end(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    reader
        .take(MAX_BODY + 1)
        .read_to_end(&mut body)
        .context("the connection broke")?;
    ensure!(
        body.len() as u64 <= MAX_BODY,
        "the answer exceeds {MAX_BODY} bytes"
    );
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: Option<(u16, &str)>) {
        let response = read_response(&mut input.as_bytes(), false);
        let seen = response.as_ref().ok().map(|response| {
            (
                response.status,
                std::str::from_utf8(&response.body).expect("UTF-8"),
            )
        });
        assert_eq!(seen, expected, "{input:?}: {response:?}");
    }

    #[test]
    fn bodies_end_as_the_head_says() {
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabc",
            Some((200, "ab")),
        );
        check("HTTP/1.1 200 OK\r\n\r\nabc", Some((200, "abc")));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
             2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
            Some((200, "abc")),
        );
        check(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\nno",
            Some((404, "no")),
        );
        check("HTTP/1.1 204 No Content\r\n\r\n", Some((204, "")));
    }

    #[test]
    fn an_answer_cut_short_is_an_error() {
        check("", None);
        check("HTTP/1.1 200 OK\r\nA: b\r\n", None);
        check("SSH-2.0\r\n\r\n", None);
        check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", None);
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
            None,
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
            None,
        );
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            None,
        );
    }

    #[test]
    fn a_docker_host_is_a_socket_or_a_port() {
        let check = |host: &str, expected: Option<Endpoint>| {
            assert_eq!(Endpoint::of_docker_host(host).ok(), expected, "{host}");
        };
        check(
            "unix:///run/docker.sock",
            Some(Endpoint::Unix("/run/docker.sock".into())),
        );
        check(
            "tcp://127.0.0.1:2375",
            Some(Endpoint::Tcp("127.0.0.1:2375".into())),
        );
        check("unix://docker.sock", None);
        check("tcp://127.0.0.1", None);
        check("ssh://host", None);
        check("", None);
    }
}
