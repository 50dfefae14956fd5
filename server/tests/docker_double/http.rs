//! HTTP as far as an engine needs it: one request a connection, answered whole, as a stream, or as a raw connection.
//!
//! By hand, because faults are about connections: closed without an answer, silent, cut in the middle of a body.

use std::collections::HashMap;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Longest head of a request.
const MAX_HEAD: usize = 64 * 1024;

/// A request, read to its end.
pub(super) struct Request {
    pub(super) method: String,
    /// Without the version: `/containers/json`.
    pub(super) path: String,
    pub(super) query: HashMap<String, String>,
    pub(super) body: Vec<u8>,
    /// HTTP/1.0 knows no chunks.
    pub(super) takes_chunks: bool,
}

impl Request {
    /// None where the caller went before the end.
    pub(super) async fn read(stream: &mut UnixStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|at| at == b"\r\n\r\n") {
                break end;
            }
            if bytes.len() > MAX_HEAD || stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let mut body = bytes.split_off(end + 4);
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let length = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(Some(0), |(_, value)| value.trim().parse().ok())?;
        while body.len() < length {
            if stream.read_buf(&mut body).await.ok()? == 0 {
                return None;
            }
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Some(Self {
            method,
            path: without_version(path).to_owned(),
            query,
            body,
            takes_chunks: !head.lines().next()?.ends_with("HTTP/1.0"),
        })
    }

    /// The body as JSON; nothing where there is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn word(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A switch as the engine reads it.
    pub(super) fn is_on(&self, name: &str) -> bool {
        !matches!(
            self.word(name).to_ascii_lowercase().as_str(),
            "" | "0" | "no" | "false" | "none"
        )
    }

    /// One of the filters, in both forms that the engine takes: lists and sets.
    pub(super) fn filter(&self, name: &str) -> Vec<String> {
        let all: Value = serde_json::from_str(self.word("filters")).unwrap_or_default();
        match &all[name] {
            Value::Array(list) => list
                .iter()
                .filter_map(|word| word.as_str().map(str::to_owned))
                .collect(),
            Value::Object(set) => set.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

/// `/v1.51/info` and `/info` are the same.
fn without_version(path: &str) -> &str {
    let versioned = path.strip_prefix("/v").and_then(|rest| {
        let (version, _) = rest.split_once('/')?;
        let is_version = version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        is_version.then(|| &rest[version.len()..])
    });
    versioned.unwrap_or(path)
}

/// Pieces of a body that has no known end.
pub(super) type Pieces = BoxStream<'static, Vec<u8>>;

/// An answer.
pub(super) enum Reply {
    Json(u16, Value),
    Empty(u16),
    Bytes(Vec<u8>),
    /// Until it ends.
    Stream(Pieces),
    /// The connection itself, until it ends.
    Raw(Pieces),
}

impl Reply {
    /// The engine's form of an error.
    pub(super) fn error(status: u16, message: impl Into<String>) -> Self {
        Self::Json(status, json!({ "message": message.into() }))
    }

    /// Writes it; a caller who went is nobody's trouble. With `cut` a stream breaks after its head.
    pub(super) async fn write(self, request: &Request, stream: &mut UnixStream, cut: bool) {
        let done = match self {
            Self::Json(status, value) => {
                let body = value.to_string();
                whole(stream, status, "application/json", body.as_bytes()).await
            }
            Self::Empty(status) => head(stream, status, "").await,
            Self::Bytes(body) => whole(stream, 200, "application/x-tar", &body).await,
            Self::Stream(pieces) => {
                let pieces = if cut { None } else { Some(pieces) };
                chunks(stream, pieces, request.takes_chunks).await
            }
            Self::Raw(pieces) => raw(stream, pieces).await,
        };
        if done.is_ok() {
            drop(stream.shutdown().await);
        }
    }
}

async fn head(stream: &mut UnixStream, status: u16, rest: &str) -> std::io::Result<()> {
    let text = format!(
        "HTTP/1.1 {status} -\r\nApi-Version: {}\r\nServer: Docker/{} (linux)\r\n{}{rest}\r\n",
        super::routes::API_VERSION,
        super::routes::VERSION,
        if status == 101 {
            ""
        } else {
            "Connection: close\r\n"
        },
    );
    stream.write_all(text.as_bytes()).await
}

async fn whole(
    stream: &mut UnixStream,
    status: u16,
    kind: &str,
    body: &[u8],
) -> std::io::Result<()> {
    let rest = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
    head(stream, status, &rest).await?;
    stream.write_all(body).await
}

/// None breaks off after the head.
async fn chunks(
    stream: &mut UnixStream,
    pieces: Option<Pieces>,
    chunked: bool,
) -> std::io::Result<()> {
    let encoding = if chunked {
        "Transfer-Encoding: chunked\r\n"
    } else {
        ""
    };
    let rest = format!("Content-Type: application/octet-stream\r\n{encoding}");
    head(stream, 200, &rest).await?;
    let Some(mut pieces) = pieces else {
        return Ok(());
    };
    loop {
        match next(stream, &mut pieces).await {
            Next::Piece(piece) if chunked => {
                let size = format!("{:x}\r\n", piece.len());
                let chunk = [size.as_bytes(), &piece, b"\r\n"].concat();
                stream.write_all(&chunk).await?;
            }
            Next::Piece(piece) => stream.write_all(&piece).await?,
            Next::End if chunked => return stream.write_all(b"0\r\n\r\n").await,
            Next::End | Next::Gone => return Ok(()),
        }
    }
}

async fn raw(stream: &mut UnixStream, mut pieces: Pieces) -> std::io::Result<()> {
    let rest = "Content-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n";
    head(stream, 101, rest).await?;
    while let Next::Piece(piece) = next(stream, &mut pieces).await {
        stream.write_all(&piece).await?;
    }
    Ok(())
}

enum Next {
    Piece(Vec<u8>),
    End,
    Gone,
}

async fn next(stream: &mut UnixStream, pieces: &mut Pieces) -> Next {
    tokio::select! {
        piece = pieces.next() => match piece {
            Some(piece) => Next::Piece(piece),
            None => Next::End,
        },
        () = gone(stream) => Next::Gone,
    }
}

/// Returns when the caller has gone.
pub(super) async fn gone(stream: &mut UnixStream) {
    let mut rest = [0; 256];
    while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
}
