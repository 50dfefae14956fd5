//! One answer and how it is written: always with its length, always closing the connection.

use std::io::{self, Write};

use crate::json;

/// Status, type and body of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Response {
    /// An answer in JSON; `body` is JSON text already.
    pub(crate) fn json(status: u16, body: String) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: body.into_bytes(),
        }
    }

    /// An answer of bytes as they were stored.
    pub(crate) fn bytes(body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type: "application/octet-stream",
            body,
        }
    }

    /// A JSON object with one field, `error`.
    pub(crate) fn error(status: u16, sentence: &str) -> Self {
        Self::json(
            status,
            format!("{{\"error\":{}}}\n", json::string(sentence)),
        )
    }

    /// Writes the answer; `HEAD` gets everything but the body.
    pub(crate) fn write(&self, method: &str, stream: &mut impl Write) -> io::Result<()> {
        let head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.status,
            reason(self.status),
            self.content_type,
            self.body.len()
        );
        let mut bytes = head.into_bytes();
        if method != "HEAD" {
            bytes.extend_from_slice(&self.body);
        }
        stream.write_all(&bytes)?;
        stream.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_names_the_length_and_head_gets_no_body() {
        let check = |method: &str, expected: &str| {
            let mut written = Vec::new();
            Response::error(404, "no")
                .write(method, &mut written)
                .expect("written");
            assert_eq!(String::from_utf8(written).expect("UTF-8"), expected);
        };
        let head = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\
                    Content-Length: 15\r\nConnection: close\r\n\r\n";
        check("GET", &format!("{head}{{\"error\":\"no\"}}\n"));
        check("HEAD", head);
    }
}
