//! A `windlass-server` of a test's own, on a free port, ended with the test.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    time::Duration,
};

const ANSWER: Duration = Duration::from_secs(10);

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
    _data: tempfile::TempDir,
}

impl ServerProcess {
    /// Starts it and waits until it says where it listens.
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let start = said.len();
            assert_ne!(
                log.read_line(&mut said).unwrap(),
                0,
                "the server ended: {said}"
            );
            let line = said.get(start..).unwrap();
            if let Some((_, rest)) = line.split_once("\"server.address\":\"") {
                break rest.split('"').next().unwrap().to_owned();
            }
        };
        Self {
            child,
            log,
            address,
            _data: data,
        }
    }

    /// Asks for a page with a plain GET; the status line and everything after it.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(ANSWER)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
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
