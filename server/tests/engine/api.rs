//! The engine's API by hand: a second opinion that shares no code with the adapter.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// A Docker engine's address.
#[derive(Debug, Clone)]
pub(crate) struct Api(pub(crate) String);

impl Api {
    /// One request with JSON; the status and the body.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Vec<u8>) {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(method, path, "application/json", body.as_bytes())
            .await
    }

    /// One request. HTTP 1.0, so the body of the answer ends with the connection. The engine wants a header for the registry at
    /// every push, also where nobody logs in.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: engine\r\nX-Registry-Auth: e30=\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        let mut answer = Vec::new();
        if let Some(path) = self.0.strip_prefix("unix://") {
            let mut stream = UnixStream::connect(path).await.unwrap();
            stream.write_all(&request).await.unwrap();
            stream.read_to_end(&mut answer).await.unwrap();
        } else {
            let host = self.0.trim_start_matches("tcp://");
            let mut stream = TcpStream::connect(host).await.unwrap();
            stream.write_all(&request).await.unwrap();
            stream.read_to_end(&mut answer).await.unwrap();
        }
        let end = answer.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer[end + 4..].to_vec())
    }

    /// The JSON of a GET that must succeed.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.request("GET", path, None).await;
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// Removes what has the prefix: containers first, then what they hold.
    pub(crate) async fn sweep(&self, prefix: &str) {
        let containers = self.get("/containers/json?all=true").await;
        for container in containers.as_array().unwrap() {
            let names = container["Names"].as_array().unwrap();
            if names
                .iter()
                .any(|name| name.as_str().unwrap().starts_with(&format!("/{prefix}")))
            {
                let id = container["Id"].as_str().unwrap();
                self.request(
                    "DELETE",
                    &format!("/containers/{id}?force=true&v=true"),
                    None,
                )
                .await;
            }
        }
        for (path, list) in [
            ("/networks", self.get("/networks").await),
            ("/volumes", self.get("/volumes").await["Volumes"].clone()),
        ] {
            for object in list.as_array().into_iter().flatten() {
                let name = object["Name"].as_str().unwrap();
                if name.starts_with(prefix) {
                    self.request("DELETE", &format!("{path}/{name}"), None)
                        .await;
                }
            }
        }
    }
}
