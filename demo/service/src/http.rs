//! HTTP/1.1 as far as the demo needs it, on plain blocking sockets and threads.
//!
//! One request a connection, bounded in every direction: size of the head, number of headers, size
//! of the body, number of connections at once, time for a whole request. It must not grow features:
//! no keep-alive, no chunked bodies, no TLS.

pub(crate) mod client;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod server;
pub(crate) mod url;
