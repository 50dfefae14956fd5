//! Published and exposed ports: the short syntax with its ranges, and the long one.

use domain::spec::PortSpec;

use super::super::reader::At;

/// Most ports of one range: each becomes an entry of its own at the engine.
const MAX_RANGE: u16 = 1024;

/// `ports`.
pub(super) fn published(at: &At<'_>) -> Vec<PortSpec> {
    at.items().iter().flat_map(one).collect()
}

/// `expose`, as `8080/tcp`.
pub(super) fn exposed(at: &At<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for item in at.items() {
        let Some(text) = item.text() else { continue };
        let (ports, protocol) = match text.split_once('/') {
            Some((ports, protocol)) => (ports, protocol),
            None => (text.as_str(), "tcp"),
        };
        match range(ports) {
            Some((from, to)) if is_protocol(protocol) => {
                all.extend((from..=to).map(|port| format!("{port}/{protocol}")));
            }
            _ => item.error(
                format!("'{text}' is not a port."),
                "Write it as 8080 or 8080/udp.",
            ),
        }
    }
    all
}

fn one(at: &At<'_>) -> Vec<PortSpec> {
    if at.is_map() {
        return long(at).into_iter().collect();
    }
    let Some(text) = at.text() else {
        return Vec::new();
    };
    short(&text).unwrap_or_else(|reason| {
        at.error(
            format!("'{text}' is not a port: {reason}."),
            "Write it as HOST:CONTAINER, such as 8080:80 or 127.0.0.1:8080:80/udp.",
        );
        Vec::new()
    })
}

fn long(at: &At<'_>) -> Option<PortSpec> {
    at.only(&[
        "target",
        "published",
        "host_ip",
        "protocol",
        "mode",
        "app_protocol",
        "name",
    ]);
    let Some(target) = at.get("target") else {
        at.error("'target' is missing.", "Name the port in the container.");
        return None;
    };
    let published = at.get("published").and_then(|at| {
        let text = at.text()?;
        if !text.is_empty() && range(&text).is_none() {
            at.error(format!("'{text}' is not a port or a range of ports."), "");
        }
        Some(text).filter(|text| !text.is_empty() && text != "0")
    });
    let protocol = at.get("protocol").and_then(|at| {
        let text = at.text()?.to_ascii_lowercase();
        if !is_protocol(&text) {
            at.error(
                format!("'{text}' is not a protocol."),
                "Write tcp, udp or sctp.",
            );
        }
        Some(text)
    });
    let host_ip = at.get("host_ip").and_then(|at| {
        let text = at.text()?;
        if text.parse::<std::net::IpAddr>().is_err() {
            at.error(format!("'{text}' is not an address."), "");
        }
        Some(text)
    });
    if let Some(mode) = at.get("mode")
        && let Some(text) = mode.text()
        && !matches!(text.as_str(), "host" | "ingress")
    {
        mode.error(
            format!("'{text}' is not a mode of a port."),
            "Write host or ingress.",
        );
    }
    Some(PortSpec {
        target: target.port()?,
        published,
        host_ip,
        protocol: protocol.unwrap_or_else(|| "tcp".to_owned()),
    })
}

/// `[[IP:]HOST:]CONTAINER[/PROTOCOL]`.
fn short(text: &str) -> Result<Vec<PortSpec>, &'static str> {
    let (rest, protocol) = match text.rsplit_once('/') {
        Some((rest, protocol)) => (rest, protocol.to_ascii_lowercase()),
        None => (text, "tcp".to_owned()),
    };
    if !is_protocol(&protocol) {
        return Err("the protocol is tcp, udp or sctp");
    }
    let (host, container) = match rest.rsplit_once(':') {
        Some((host, container)) => (Some(host), container),
        None => (None, rest),
    };
    let (first, last) =
        range(container).ok_or("the container's port is a number from 1 to 65535")?;
    let (host_ip, host_port) = match host {
        None => (None, None),
        Some(host) => match host.rsplit_once(':') {
            Some((ip, port)) => {
                let ip = ip.trim_start_matches('[').trim_end_matches(']');
                if ip.parse::<std::net::IpAddr>().is_err() {
                    return Err("the address is not an IP address");
                }
                (Some(ip.to_owned()), Some(port))
            }
            None => (None, Some(host)),
        },
    };
    let spec = |target, published| PortSpec {
        target,
        published,
        host_ip: host_ip.clone(),
        protocol: protocol.clone(),
    };
    let host_port = match host_port {
        // `127.0.0.1::80` lets the engine choose; `:80` is a variable that has no value.
        Some("") if host_ip.is_none() => return Err("the host's port is empty"),
        None | Some("" | "0") => {
            return Ok((first..=last).map(|target| spec(target, None)).collect());
        }
        Some(host_port) => host_port,
    };
    let (from, to) = range(host_port).ok_or("the host's port is a number from 1 to 65535")?;
    if first == last {
        let published = if from == to {
            from.to_string()
        } else {
            format!("{from}-{to}")
        };
        return Ok(vec![spec(first, Some(published))]);
    }
    if last - first != to - from {
        return Err("both ranges must have the same length");
    }
    Ok((first..=last)
        .zip(from..=to)
        .map(|(target, published)| spec(target, Some(published.to_string())))
        .collect())
}

/// `80` or `8000-8010`.
pub(super) fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let port = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|port| digits && *port > 0)
    };
    let (from, to) = (port(from)?, port(to)?);
    (from <= to && to - from < MAX_RANGE).then_some((from, to))
}

fn is_protocol(text: &str) -> bool {
    matches!(text, "tcp" | "udp" | "sctp")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&[&str], &str>) {
        let got = short(text).map(|ports| {
            ports
                .iter()
                .map(|port| {
                    format!(
                        "{}:{}:{}/{}",
                        port.host_ip.as_deref().unwrap_or("*"),
                        port.published.as_deref().unwrap_or("?"),
                        port.target,
                        port.protocol
                    )
                })
                .collect::<Vec<_>>()
        });
        let expect = expect.map(|all| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn short_syntax() {
        check("80", Ok(&["*:?:80/tcp"]));
        check("8080:80", Ok(&["*:8080:80/tcp"]));
        check("8080:80/udp", Ok(&["*:8080:80/udp"]));
        check("127.0.0.1:8080:80", Ok(&["127.0.0.1:8080:80/tcp"]));
        check("127.0.0.1::80", Ok(&["127.0.0.1:?:80/tcp"]));
        check("[::1]:8080:80", Ok(&["::1:8080:80/tcp"]));
        check("80-81", Ok(&["*:?:80/tcp", "*:?:81/tcp"]));
        check("90-91:80-81", Ok(&["*:90:80/tcp", "*:91:81/tcp"]));
        check("8000-8010:80", Ok(&["*:8000-8010:80/tcp"]));
        check("0:80", Ok(&["*:?:80/tcp"]));
        check(":80", Err("the host's port is empty"));
        check("", Err("the container's port is a number from 1 to 65535"));
        check("x:80", Err("the host's port is a number from 1 to 65535"));
        check(
            "80:0",
            Err("the container's port is a number from 1 to 65535"),
        );
        check("+80:80", Err("the host's port is a number from 1 to 65535"));
        check(
            "70000:80",
            Err("the host's port is a number from 1 to 65535"),
        );
        check("90-92:80-81", Err("both ranges must have the same length"));
        check(
            "1-60000",
            Err("the container's port is a number from 1 to 65535"),
        );
        check("host:80:80", Err("the address is not an IP address"));
        check("80/icmp", Err("the protocol is tcp, udp or sctp"));
    }
}
