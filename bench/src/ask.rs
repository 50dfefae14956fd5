//! One client, one connection, one request after the other.

use std::time::Instant;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::LoadError;
use crate::spread::Spread;

/// Not counted: the first answers warm caches and connections of the database.
const WARM_UP: u32 = 20;

pub(crate) async fn run(address: &str, path: &str, times: u32) -> Result<String, LoadError> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\n\r\n");
    let mut taken = Vec::new();
    let mut bytes = 0;
    for number in 0..WARM_UP + times {
        let begun = Instant::now();
        stream.get_mut().write_all(request.as_bytes()).await?;
        bytes = answer(&mut stream).await?;
        if number >= WARM_UP {
            taken.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    let spread = Spread::of(taken);
    Ok(serde_json::json!({ "millis": spread, "bytes": bytes }).to_string())
}

/// Reads an answer to its end; the length of its body.
async fn answer(stream: &mut BufReader<TcpStream>) -> Result<usize, LoadError> {
    let unexpected = |what: &str| LoadError::Unexpected(what.to_owned());
    let status = line(stream).await?;
    if !status.starts_with("HTTP/1.1 200") {
        return Err(LoadError::Unexpected(status));
    }
    let (mut length, mut chunked) = (None, false);
    loop {
        let header = line(stream).await?.to_ascii_lowercase();
        match header.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().ok(),
            Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
            Some(_) => {}
            None => break,
        }
    }
    if !chunked {
        let length: usize = length.ok_or_else(|| unexpected("an answer without a length"))?;
        skip(stream, length).await?;
        return Ok(length);
    }
    let mut total = 0;
    loop {
        let size = usize::from_str_radix(&line(stream).await?, 16)
            .map_err(|_| unexpected("a chunk without a size"))?;
        skip(stream, size).await?;
        line(stream).await?;
        total += size;
        if size == 0 {
            return Ok(total);
        }
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Result<String, LoadError> {
    let mut text = String::new();
    stream.read_line(&mut text).await?;
    Ok(text.trim_end().to_owned())
}

async fn skip(stream: &mut BufReader<TcpStream>, length: usize) -> Result<(), LoadError> {
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(())
}
