//! What really happened to containers, as the engine tells it: how often each was made and started.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

use super::client::patiently;
use crate::deploy::world::Engine;

/// How often what happened to which container: (`create`, name).
type Counts = BTreeMap<(String, String), usize>;

/// Listens to an engine until it is dropped.
pub(super) struct Witness {
    counts: Arc<Mutex<Counts>>,
    stream: UnixStream,
    listener: Option<JoinHandle<()>>,
}

impl Witness {
    pub(super) fn of(engine: &Engine) -> Self {
        // {"type":["container"],"event":["create","start"]}
        let filters = "%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22create%22%2C%22start%22%5D%7D";
        let stream = engine.send("GET", &format!("/events?filters={filters}"), "");
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        // Its answer begins at once: what happens from here on is told.
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "no events");
        }
        let counts = Arc::<Mutex<Counts>>::default();
        let noted = Arc::clone(&counts);
        let listener = std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                let name = event["Actor"]["Attributes"]["name"].as_str();
                if let (Some(what), Some(name)) = (event["Action"].as_str(), name) {
                    let key = (what.to_owned(), name.to_owned());
                    *noted.lock().unwrap().entry(key).or_default() += 1;
                }
            }
        });
        Self {
            counts,
            stream,
            listener: Some(listener),
        }
    }

    /// How often each container whose name begins so was made, or started.
    pub(super) fn counts(&self, what: &str, project: &str) -> BTreeMap<String, usize> {
        let counts = self.counts.lock().unwrap();
        let fits = |((did, name), _): &(&(String, String), &usize)| {
            did == what && name.starts_with(project)
        };
        let named = |((_, name), count): (&(String, String), &usize)| (name.clone(), *count);
        counts.iter().filter(fits).map(named).collect()
    }

    /// Waits until it was told that a container was made.
    pub(super) fn knows(&self, name: &str) {
        let key = ("create".to_owned(), name.to_owned());
        patiently("word of a container", || {
            self.counts.lock().unwrap().get(&key).copied()
        });
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // Ends the listener's read.
        drop(self.stream.shutdown(Shutdown::Both));
        if let Some(listener) = self.listener.take() {
            drop(listener.join());
        }
    }
}
