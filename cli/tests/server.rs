//! A server on loopback that gives answers by heart and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How long a test waits for a request before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    asked: Condvar,
}

#[derive(Default)]
struct State {
    /// In order; the last one is given again and again.
    answers: BTreeMap<String, VecDeque<(u16, Value)>>,
    requests: Vec<Request>,
}

struct Request {
    line: String,
    head: String,
    body: Vec<u8>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let given = Arc::clone(&shared);
        // Ends with the test program; a connection is one request.
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that went away is no concern of the next one.
                let _ = given.serve(stream.unwrap());
            }
        });
        Self { address, shared }
    }

    pub(crate) fn answer(self, request: &str, status: u16, body: Value) -> Self {
        let mut state = self.shared.state.lock().unwrap();
        let answers = state.answers.entry(request.to_owned()).or_default();
        answers.push_back((status, body));
        drop(state);
        self
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn was_asked(&self, line: &str) -> bool {
        let state = self.shared.state.lock().unwrap();
        state.requests.iter().any(|request| request.line == line)
    }

    pub(crate) fn wait_for(&self, line: &str) {
        let state = self.shared.state.lock().unwrap();
        let unasked = |state: &mut State| !state.requests.iter().any(|one| one.line == line);
        let waited = self
            .shared
            .asked
            .wait_timeout_while(state, PATIENCE, unasked);
        assert!(!waited.unwrap().1.timed_out(), "{line} was never asked");
    }

    pub(crate) fn body_of(&self, line: &str) -> Value {
        let state = self.shared.state.lock().unwrap();
        let request = state.requests.iter().find(|one| one.line == line).unwrap();
        serde_json::from_slice(&request.body).unwrap()
    }

    pub(crate) fn head_of(&self, line: &str) -> String {
        let state = self.shared.state.lock().unwrap();
        let request = state.requests.iter().find(|one| one.line == line).unwrap();
        request.head.clone()
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let request = read(&stream)?;
        let mut state = self.state.lock().unwrap();
        let (status, body) = match state.answers.get_mut(&request.line) {
            Some(answers) if answers.len() > 1 => answers.pop_front().unwrap(),
            Some(answers) => answers.front().unwrap().clone(),
            None => (404, unknown(&request.line)),
        };
        state.requests.push(request);
        self.asked.notify_all();
        drop(state);
        let body = body.to_string();
        write!(
            stream,
            "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let first = head.lines().next().unwrap_or_default();
    let line = first.trim_end_matches(" HTTP/1.1").to_owned();
    Ok(Request { line, head, body })
}

fn unknown(line: &str) -> Value {
    json!({"type": "urn:windlass:problem:unknown", "title": "Not found", "status": 404,
           "detail": line, "success": false, "message": line})
}
