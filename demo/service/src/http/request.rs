//! Reads one request from a stream, within limits.
//!
//! What is ambiguous is refused: two lengths, a chunked body, a header without a name. The reader
//! never takes more memory than [`MAX_HEAD`] plus [`MAX_BODY`], whatever the other side sends.

use std::io::{self, Read, Write};

/// Most bytes of the request line and the headers together.
pub(crate) const MAX_HEAD: usize = 16 * 1024;
/// Most header lines.
const MAX_HEADERS: usize = 64;
/// Most bytes of a body.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// One request, read whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path without its query.
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// Why no request could be read.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// Nothing came, or not all of it: there is nobody to answer.
    Closed,
    Io(io::Error),
    HeadTooLarge,
    TooManyHeaders,
    BadRequestLine,
    UnsupportedVersion,
    BadHeader,
    BadLength,
    LengthRequired,
    BodyTooLarge,
    UnknownExpectation,
}

impl RequestError {
    /// Status and sentence of the answer; `None` where the connection is beyond answering.
    pub(crate) fn answer(&self) -> Option<(u16, &'static str)> {
        match self {
            Self::Closed => None,
            Self::Io(error) => match error.kind() {
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                    Some((408, "the request took too long"))
                }
                _ => None,
            },
            Self::HeadTooLarge => Some((431, "request line and headers exceed 16 KiB")),
            Self::TooManyHeaders => Some((431, "more than 64 headers")),
            Self::BadRequestLine => Some((400, "the request line is malformed")),
            Self::UnsupportedVersion => Some((505, "only HTTP/1.0 and HTTP/1.1 are spoken here")),
            Self::BadHeader => Some((400, "a header is malformed")),
            Self::BadLength => Some((400, "Content-Length is malformed or given twice")),
            Self::LengthRequired => Some((411, "a body needs a Content-Length")),
            Self::BodyTooLarge => Some((413, "the body exceeds 256 KiB")),
            Self::UnknownExpectation => Some((417, "only Expect: 100-continue is known")),
        }
    }
}

/// Reads the next request from `stream`; answers `100 Continue` where the client waits for it.
pub(crate) fn read(stream: &mut (impl Read + Write)) -> Result<Request, RequestError> {
    let (head, mut body) = read_head(stream)?;
    let head = parse_head(&head)?;
    if head.expects_continue && body.is_empty() && head.length > 0 {
        stream
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .map_err(RequestError::Io)?;
    }
    // Whatever follows the body would be a second request; this connection answers one.
    body.truncate(head.length);
    let missing = head.length - body.len();
    let read = stream
        .take(missing as u64)
        .read_to_end(&mut body)
        .map_err(RequestError::Io)?;
    if read < missing {
        return Err(RequestError::Closed);
    }
    Ok(Request {
        method: head.method,
        path: head.path,
        body,
    })
}

/// The bytes up to the empty line, and what was read beyond it.
fn read_head(stream: &mut impl Read) -> Result<(Vec<u8>, Vec<u8>), RequestError> {
    let mut bytes = Vec::with_capacity(1024);
    let mut chunk = [0; 1024];
    loop {
        let count = match stream.read(&mut chunk) {
            Ok(0) => return Err(RequestError::Closed),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(RequestError::Io(error)),
        };
        // The end may lie across two reads: look again from three bytes back.
        let from = bytes.len().saturating_sub(3);
        bytes.extend_from_slice(&chunk[..count]);
        if let Some(at) = bytes[from..]
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
        {
            let rest = bytes.split_off(from + at + 4);
            bytes.truncate(from + at);
            return if bytes.len() > MAX_HEAD {
                Err(RequestError::HeadTooLarge)
            } else {
                Ok((bytes, rest))
            };
        }
        if bytes.len() > MAX_HEAD {
            return Err(RequestError::HeadTooLarge);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    method: String,
    path: String,
    length: usize,
    expects_continue: bool,
}

fn parse_head(bytes: &[u8]) -> Result<Head, RequestError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RequestError::BadHeader)?;
    let mut lines = text.split("\r\n");
    let (method, path) = parse_request_line(lines.next().unwrap_or_default())?;
    let mut length = None;
    let mut expects_continue = false;
    for (index, line) in lines.enumerate() {
        if index >= MAX_HEADERS {
            return Err(RequestError::TooManyHeaders);
        }
        let (name, value) = line.split_once(':').ok_or(RequestError::BadHeader)?;
        if name.is_empty() || !name.bytes().all(is_token) || value.contains(['\r', '\n', '\0']) {
            return Err(RequestError::BadHeader);
        }
        let value = value.trim_matches([' ', '\t']);
        match name.to_ascii_lowercase().as_str() {
            "content-length" => {
                let parsed = parse_length(value)?;
                if length.replace(parsed).is_some() {
                    return Err(RequestError::BadLength);
                }
            }
            "transfer-encoding" => return Err(RequestError::LengthRequired),
            "expect" if value.eq_ignore_ascii_case("100-continue") => expects_continue = true,
            "expect" => return Err(RequestError::UnknownExpectation),
            _ => {}
        }
    }
    let length = match (length, method.as_str()) {
        (Some(length), _) => length,
        (None, "PUT" | "POST" | "PATCH") => return Err(RequestError::LengthRequired),
        (None, _) => 0,
    };
    if length > MAX_BODY {
        return Err(RequestError::BodyTooLarge);
    }
    Ok(Head {
        method,
        path,
        length,
        expects_continue,
    })
}

fn parse_request_line(line: &str) -> Result<(String, String), RequestError> {
    let mut parts = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(RequestError::BadRequestLine);
    };
    if method.is_empty() || !method.bytes().all(is_token) {
        return Err(RequestError::BadRequestLine);
    }
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(RequestError::BadRequestLine);
    }
    match version {
        "HTTP/1.1" | "HTTP/1.0" => {}
        other if other.starts_with("HTTP/") => return Err(RequestError::UnsupportedVersion),
        _ => return Err(RequestError::BadRequestLine),
    }
    let path = target.split_once('?').map_or(target, |(path, _query)| path);
    Ok((method.to_owned(), path.to_owned()))
}

fn parse_length(value: &str) -> Result<usize, RequestError> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RequestError::BadLength);
    }
    // Digits that do not fit a number are a length all the same, only too large a one.
    value.parse().map_err(|_| RequestError::BodyTooLarge)
}

/// The characters RFC 9110 allows in a method and in a header's name.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection that hands out at most `step` bytes a read and keeps what is written to it.
    struct Connection<'a> {
        input: &'a [u8],
        step: usize,
        output: Vec<u8>,
    }

    impl Read for Connection<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.input.len().min(self.step).min(buffer.len());
            let (now, later) = self.input.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.input = later;
            Ok(count)
        }
    }

    impl Write for Connection<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.output.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn read_in_steps(input: &[u8], step: usize) -> (Result<Request, RequestError>, Vec<u8>) {
        let mut connection = Connection {
            input,
            step,
            output: Vec::new(),
        };
        (read(&mut connection), connection.output)
    }

    fn check(input: &str, expected: Result<(&str, &str, &str), u16>) {
        for step in [1, 7, 4096] {
            let (result, _) = read_in_steps(input.as_bytes(), step);
            let seen = match &result {
                Ok(request) => Ok((
                    request.method.as_str(),
                    request.path.as_str(),
                    std::str::from_utf8(&request.body).expect("UTF-8"),
                )),
                Err(error) => Err(error.answer().map_or(0, |(status, _)| status)),
            };
            assert_eq!(seen, expected, "{input:?} in steps of {step}");
        }
    }

    #[test]
    fn a_whole_request_however_it_arrives() {
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(("GET", "/", "")));
        check(
            "GET /health?x=1 HTTP/1.0\r\n\r\n",
            Ok(("GET", "/health", "")),
        );
        check(
            "PUT /kv/a HTTP/1.1\r\ncontent-LENGTH:\t3 \r\n\r\nabc",
            Ok(("PUT", "/kv/a", "abc")),
        );
        check(
            "PUT /kv/a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcdef",
            Ok(("PUT", "/kv/a", "abc")),
        );
    }

    #[test]
    fn what_is_malformed_is_refused() {
        check("GET /\r\n\r\n", Err(400));
        check("GET  / HTTP/1.1\r\n\r\n", Err(400));
        check("G(T / HTTP/1.1\r\n\r\n", Err(400));
        check("GET http://a/ HTTP/1.1\r\n\r\n", Err(400));
        check("GET / HTTP/2.0\r\n\r\n", Err(505));
        check("GET / XXXX\r\n\r\n", Err(400));
        check("GET / HTTP/1.1\r\nno colon\r\n\r\n", Err(400));
        check("GET / HTTP/1.1\r\n: empty\r\n\r\n", Err(400));
        check("GET / HTTP/1.1\r\n folded: x\r\n\r\n", Err(400));
        check("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", Err(400));
    }

    #[test]
    fn the_length_of_a_body_is_never_guessed() {
        check("PUT / HTTP/1.1\r\n\r\n", Err(411));
        check(
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            Err(411),
        );
        check(
            "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
            Err(400),
        );
        check("PUT / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", Err(400));
        check("PUT / HTTP/1.1\r\nContent-Length: 262145\r\n\r\n", Err(413));
        check(
            "PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            Err(413),
        );
        check(
            "PUT / HTTP/1.1\r\nExpect: magic\r\nContent-Length: 1\r\n\r\na",
            Err(417),
        );
    }

    #[test]
    fn limits_hold() {
        check(
            &format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(MAX_HEAD)),
            Err(431),
        );
        check(
            &format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(65)),
            Err(431),
        );
        check(
            &format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(64)),
            Ok(("GET", "/", "")),
        );
        let endless = vec![b'a'; 4 * MAX_HEAD];
        let (result, _) = read_in_steps(&endless, 4096);
        assert!(matches!(result, Err(RequestError::HeadTooLarge)));
    }

    #[test]
    fn a_connection_cut_short_is_not_answered() {
        check("", Err(0));
        check("GET / HTTP/1.1\r\nHost: a\r\n", Err(0));
        check("PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", Err(0));
    }

    #[test]
    fn a_client_that_waits_for_the_go_ahead_gets_it() {
        let input = b"PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi";
        let (result, output) = read_in_steps(input, 1);
        assert_eq!(result.expect("a request").body, b"hi");
        assert_eq!(output, b"HTTP/1.1 100 Continue\r\n\r\n");
    }
}
