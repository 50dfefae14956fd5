//! Many readers of one operation's live events: does everybody see everything, and how late?
//!
//! Prints `connected` once every reader has its first event, and counts times only of what happened after that: before, readers
//! are catching up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use domain::timestamp::Timestamp;
use serde::Deserialize;
use server::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::LoadError;
use crate::spread::Spread;

/// Readers that connect at the same time: fewer than wait at a server's door.
const AT_ONCE: usize = 128;
const BUFFER: usize = 4 * 1024;

/// What all readers know.
struct Shared {
    address: String,
    path: String,
    readers: u32,
    connected: AtomicU32,
    /// Events from this time on count; in epoch milliseconds.
    from: AtomicI64,
    door: Semaphore,
    /// The one that the server on the same machine reads.
    clock: Clock,
}

/// What one reader saw.
#[derive(Debug, Default)]
struct Seen {
    last: i64,
    /// Events that should have come between two others.
    missing: i64,
    ended: bool,
    late: Vec<f64>,
    /// When the last event happened that was counted.
    until: i64,
}

#[derive(Deserialize)]
struct Event {
    seq: i64,
    at: Timestamp,
}

pub(crate) async fn run(address: &str, path: &str, readers: u32) -> Result<String, LoadError> {
    let shared = Arc::new(Shared {
        address: address.to_owned(),
        path: path.to_owned(),
        readers,
        connected: AtomicU32::new(0),
        from: AtomicI64::new(i64::MAX),
        door: Semaphore::new(AT_ONCE),
        clock: Clock::system(),
    });
    let mut tasks = JoinSet::new();
    for _ in 0..readers {
        tasks.spawn(read(Arc::clone(&shared)));
    }
    let mut late = Vec::new();
    let (mut last, mut until) = (0, 0);
    let (mut missing, mut unfinished) = (0, 0);
    let mut all = Vec::new();
    while let Some(seen) = tasks.join_next().await {
        let seen = seen??;
        last = last.max(seen.last);
        until = until.max(seen.until);
        all.push(seen);
    }
    for seen in all {
        missing += seen.missing + (last - seen.last);
        unfinished += u32::from(!seen.ended);
        late.extend(seen.late);
    }
    let counted = late.len();
    let seconds =
        f64::from(i32::try_from(until - shared.from.load(Ordering::Acquire)).unwrap_or(0))
            / 1_000.0;
    Ok(serde_json::json!({
        "events": last,
        "missing": missing,
        "unfinished": unfinished,
        "deliveries": counted,
        "seconds": seconds,
        "millis": Spread::of(late),
    })
    .to_string())
}

async fn read(shared: Arc<Shared>) -> Result<Seen, LoadError> {
    let unexpected = |what: &str| LoadError::Unexpected(what.to_owned());
    let turn = shared.door.acquire().await;
    let turn = turn.map_err(|_| unexpected("the door is closed"))?;
    let mut stream = TcpStream::connect(&shared.address).await?;
    // HTTP/1.0: the answer is the events and nothing between them.
    let request = format!(
        "GET {} HTTP/1.0\r\nHost: {}\r\nAccept: text/event-stream\r\n\r\n",
        shared.path, shared.address
    );
    stream.write_all(request.as_bytes()).await?;
    let mut turn = Some(turn);
    let mut seen = Seen::default();
    let mut buffer: Vec<u8> = Vec::with_capacity(BUFFER);
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(seen);
        }
        let now = shared.now();
        let from = shared.from.load(Ordering::Acquire);
        let mut done = 0;
        while let Some(length) = frame(buffer.get(done..).unwrap_or_default()) {
            let text = buffer.get(done..done + length).unwrap_or_default();
            done += length + 2;
            seen.take(text, now, from)?;
        }
        buffer.drain(..done);
        if seen.last > 0 && turn.take().is_some() {
            shared.arrived();
        }
        if seen.ended {
            return Ok(seen);
        }
    }
}

impl Shared {
    fn now(&self) -> i64 {
        self.clock.now().millis()
    }

    fn arrived(&self) {
        if self.connected.fetch_add(1, Ordering::AcqRel) + 1 == self.readers {
            self.from.store(self.now(), Ordering::Release);
            println!("connected");
        }
    }
}

impl Seen {
    /// Takes in one frame; heads of answers and signs of life are none of ours.
    fn take(&mut self, text: &[u8], now: i64, from: i64) -> Result<(), LoadError> {
        let text = String::from_utf8_lossy(text);
        self.ended |= text.contains("event: end");
        if !text.contains("event: operation-event") {
            return Ok(());
        }
        let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) else {
            return Ok(());
        };
        let event: Event =
            serde_json::from_str(data).map_err(|error| LoadError::Unexpected(error.to_string()))?;
        self.missing += (event.seq - self.last - 1).max(0);
        self.last = event.seq;
        let at = event.at.millis();
        if at >= from {
            self.until = at;
            let late = i32::try_from(now - at).unwrap_or(i32::MAX);
            self.late.push(f64::from(late));
        }
        Ok(())
    }
}

/// Length of the first frame, without the empty line that ends it.
fn frame(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|two| two == b"\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_apart_and_gaps_are_counted() {
        let event = |seq: u32| {
            format!(
                "id: {seq}\nevent: operation-event\ndata: {{\"seq\":{seq},\"at\":\"1970-01-01T00:00:01.000Z\"}}"
            )
        };
        let mut seen = Seen::default();
        seen.take(b"retry: 1000", 0, 0).unwrap();
        seen.take(event(1).as_bytes(), 1_500, 2_000).unwrap();
        seen.take(event(4).as_bytes(), 1_250, 1_000).unwrap();
        assert_eq!((seen.last, seen.missing, seen.ended), (4, 2, false));
        assert_eq!(seen.late, [250.0]);
        seen.take(b"event: end\ndata: {}", 0, 0).unwrap();
        assert!(seen.ended);
        assert!(seen.take(b"event: operation-event\ndata: x", 0, 0).is_err());
    }

    #[test]
    fn a_frame_ends_with_an_empty_line() {
        assert_eq!(frame(b"a: b\n\nc"), Some(4));
        assert_eq!(frame(b"a: b\n"), None);
    }
}
