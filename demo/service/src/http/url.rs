//! Addresses this program calls: `http://host[:port][/path]`, nothing else.

/// A parsed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    /// As it goes into the `Host` header and into a connect call's parts.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query, at least `/`.
    pub(crate) path: String,
}

/// Why a text is no address this program can call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UrlError {
    Scheme,
    NoHost,
    BadHost,
    BadPort,
    BadPath,
}

impl std::fmt::Display for UrlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Scheme => "must begin with http://",
            Self::NoHost => "names no host",
            Self::BadHost => "has a host name with characters that none has",
            Self::BadPort => "has a port that is no number from 1 to 65535",
            Self::BadPath => "has a path with blanks or control characters",
        })
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}:{}{}", self.host, self.port, self.path)
    }
}

impl Url {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let rest = text.strip_prefix("http://").ok_or(UrlError::Scheme)?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| UrlError::BadPort)?),
            None => (authority, 80),
        };
        if host.is_empty() {
            return Err(UrlError::NoHost);
        }
        if port == 0 {
            return Err(UrlError::BadPort);
        }
        if !host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        {
            return Err(UrlError::BadHost);
        }
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UrlError::BadPath);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        })
    }

    /// The same host with another path.
    pub(crate) fn with_path(&self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, u16, &str), UrlError>) {
        let expected = expected.map(|(host, port, path)| Url {
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        });
        assert_eq!(Url::parse(text), expected, "{text:?}");
    }

    #[test]
    fn host_port_and_path() {
        check(
            "http://identity-api:8080/health",
            Ok(("identity-api", 8080, "/health")),
        );
        check("http://127.0.0.1", Ok(("127.0.0.1", 80, "/")));
        check("http://a_b/x?y=1", Ok(("a_b", 80, "/x?y=1")));
    }

    #[test]
    fn everything_else_is_refused() {
        check("https://a/", Err(UrlError::Scheme));
        check("a:8080", Err(UrlError::Scheme));
        check("http:///x", Err(UrlError::NoHost));
        check("http://:80/", Err(UrlError::NoHost));
        check("http://a:b/", Err(UrlError::BadPort));
        check("http://a:0/", Err(UrlError::BadPort));
        check("http://a:70000/", Err(UrlError::BadPort));
        check("http://a b/", Err(UrlError::BadHost));
        check("http://me@a/", Err(UrlError::BadHost));
        check("http://a/x\r\nX: y", Err(UrlError::BadPath));
    }
}
