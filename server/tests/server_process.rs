//! A `windlass-server` of a test's own, on a free port, ended with the test.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A blocking deployment may take its time.
const ANSWER: Duration = Duration::from_secs(180);

/// The program, not started yet; its pages' files are found when `cargo xtask web` built them.
pub(crate) fn program() -> Command {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let site = std::env::var_os("WINDLASS_TEST_SITE")
        .map_or_else(|| root.join("target/site"), PathBuf::from);
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass-server"));
    command
        .env_clear()
        .env("WINDLASS_SITE", site)
        .stdin(Stdio::null());
    command
}

/// A running server.
pub(crate) struct ServerProcess {
    child: Child,
    log: BufReader<ChildStderr>,
    address: String,
    _data: Option<tempfile::TempDir>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head
            .split_whitespace()
            .nth(1)
            .and_then(|status| status.parse().ok());
        Self {
            status: status.unwrap_or(0),
            body: body.to_owned(),
        }
    }
}

impl ServerProcess {
    /// Starts it on a data folder of its own and waits until it says where it listens.
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut server = Self::start_in(data.path(), &[]);
        server._data = Some(data);
        server
    }

    /// Starts it on a data folder that outlives it.
    pub(crate) fn start_in(data: &Path, arguments: &[&str]) -> Self {
        Self::try_start_in(data, arguments, &[])
            .unwrap_or_else(|(ended, said)| panic!("the server ended with {ended}: {said}"))
    }

    /// The same with variables of its own; how it ended and what it said, where it never listened.
    pub(crate) fn try_start_in(
        data: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self, (ExitStatus, String)> {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .args(arguments)
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let start = said.len();
            if log.read_line(&mut said).unwrap() == 0 {
                return Err((child.wait().unwrap(), said));
            }
            let line = said.get(start..).unwrap();
            if let Some((_, rest)) = line.split_once("\"server.address\":\"") {
                break rest.split('"').next().unwrap().to_owned();
            }
        };
        Ok(Self {
            child,
            log,
            address,
            _data: None,
        })
    }

    /// Asks for a page with a plain GET; the status line and everything after it.
    pub(crate) fn get(&self, path: &str) -> String {
        self.exchange("GET", path, &[], "")
    }

    /// One request with its headers, answered.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        Answer::read(&self.exchange(method, path, headers, body))
    }

    /// A GET, answered with JSON.
    pub(crate) fn get_json(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, &[], "");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// One request to a server that may be gone; none where it does not answer.
    pub(crate) fn try_ask(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> Option<Answer> {
        let mut stream = self.try_open(method, path, headers, body).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(Answer::read(&answer)).filter(|answer| answer.status != 0)
    }

    fn exchange(&self, method: &str, path: &str, headers: &[&str], body: &str) -> String {
        let mut stream = self.open(method, path, headers, body);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// Sends a request and leaves the answer in the stream.
    pub(crate) fn open(&self, method: &str, path: &str, headers: &[&str], body: &str) -> TcpStream {
        self.try_open(method, path, headers, body).unwrap()
    }

    fn try_open(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(ANSWER))?;
        // HTTP/1.0: the end of the connection is the end of the answer.
        let mut request = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\n");
        for header in headers {
            request += &format!("{header}\r\n");
        }
        if !body.is_empty() {
            request += &format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            );
        }
        write!(stream, "{request}\r\n{body}")?;
        Ok(stream)
    }

    /// How it ended, where it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Its process id; its own until it was waited for.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Reads its log until a line holds this.
    pub(crate) fn until_it_says(&mut self, text: &str) {
        let mut said = String::new();
        while !said.contains(text) {
            assert_ne!(self.log.read_line(&mut said).unwrap(), 0, "{said}");
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM; how it ended and the rest of its log.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("sh")
                .args(["-c", "kill -TERM $0", &pid])
                .status()
                .unwrap()
                .success()
        );
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail when the test ended it already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
