//! What the engine's sentences mean. The status code alone does not tell: a taken port and a full disk are both a 500.
//!
//! The sentences were collected from engines 20.10 and 28; a sentence that is not known falls back to its status code.

/// What an error answer means for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The object is not there; what it is, where the engine says so.
    NotFound(Option<String>),
    /// Something is in use.
    Conflict(String),
    /// It will fail again.
    Refused(String),
    /// It may pass.
    Failed(String),
}

#[derive(Clone, Copy)]
enum Meaning {
    Conflict,
    Refused,
    Failed,
}

/// Every word of an entry must be in the sentence (lower case). The first entry that fits decides; its text goes before the
/// engine's own sentence.
const SENTENCES: &[(&[&str], Meaning, &str)] = &[
    (
        &["no space left on device"],
        Meaning::Failed,
        "the engine's disk is full; make room, for example with `docker image prune`",
    ),
    (
        &["xtables lock"],
        Meaning::Failed,
        "the host's firewall is busy",
    ),
    (
        &["cannot assign requested address"],
        Meaning::Refused,
        "a published port names an address that the host does not have",
    ),
    (
        &["port is already allocated"],
        Meaning::Conflict,
        "a published port is in use on the host; end what uses it (`docker ps` and `ss -ltnp` show it), or publish another",
    ),
    (
        &["failed to bind", "port"],
        Meaning::Conflict,
        "a published port is in use on the host; end what uses it (`docker ps` and `ss -ltnp` show it), or publish another",
    ),
    (
        &["bind for", "failed"],
        Meaning::Conflict,
        "a published port is in use on the host; end what uses it (`docker ps` and `ss -ltnp` show it), or publish another",
    ),
    (
        &["listen", "address already in use"],
        Meaning::Conflict,
        "a published port is in use on the host; end what uses it (`docker ps` and `ss -ltnp` show it), or publish another",
    ),
    (
        &["address already in use"],
        Meaning::Conflict,
        "a fixed address is in use on the network",
    ),
    (
        &["driver failed programming external connectivity"],
        Meaning::Refused,
        "the engine could not publish the ports",
    ),
    (
        &["already in use by container"],
        Meaning::Conflict,
        "the name is in use",
    ),
    (
        &["has active endpoints"],
        Meaning::Conflict,
        "containers are still connected",
    ),
    (
        &["pool overlaps"],
        Meaning::Conflict,
        "another network has these addresses",
    ),
    (
        &["could not find an available"],
        Meaning::Refused,
        "the engine has no addresses left for another network; remove networks that are not used",
    ),
    (
        &["all predefined address pools"],
        Meaning::Refused,
        "the engine has no addresses left for another network; remove networks that are not used",
    ),
    (
        &["executable file not found"],
        Meaning::Refused,
        "the image does not have the command or entry point",
    ),
    (
        &["no such file or directory", "exec"],
        Meaning::Refused,
        "the image does not have the command or entry point",
    ),
    (
        &["permission denied", "exec"],
        Meaning::Refused,
        "the command or entry point cannot be executed",
    ),
    (
        &["exec format error"],
        Meaning::Refused,
        "the command or entry point is not a program for this machine",
    ),
    (
        &["invalid mount config"],
        Meaning::Refused,
        "a mount is not possible",
    ),
    (
        &["bind source path does not exist"],
        Meaning::Refused,
        "a mount is not possible",
    ),
    (
        &["not a directory", "mount"],
        Meaning::Refused,
        "a mount is not possible",
    ),
    (
        &["are you trying to mount a directory onto a file"],
        Meaning::Refused,
        "a mount is not possible",
    ),
    (
        &["plugin", "not found"],
        Meaning::Refused,
        "the engine does not have the driver",
    ),
    (
        &["network", "is ambiguous"],
        Meaning::Refused,
        "the engine has several networks of this name; remove all but one",
    ),
    (
        &["sysctl", "is not in a separate kernel namespace"],
        Meaning::Refused,
        "a sysctl is not possible in a container",
    ),
    (
        &["decoding seccomp profile"],
        Meaning::Refused,
        "a security option is not possible",
    ),
    (
        &["--storage-opt is supported only"],
        Meaning::Refused,
        "a storage option is not possible on this engine",
    ),
    (
        &["is not a shared or slave mount"],
        Meaning::Refused,
        "a mount is not possible",
    ),
    (
        &["is not a shared mount"],
        Meaning::Refused,
        "a mount is not possible",
    ),
    (
        &["read-only file system"],
        Meaning::Refused,
        "the target cannot be written to",
    ),
    (
        &["marked read-only"],
        Meaning::Refused,
        "the target cannot be written to",
    ),
    (
        &["unknown or invalid runtime"],
        Meaning::Refused,
        "the engine does not have the runtime",
    ),
    (
        &["unknown runtime"],
        Meaning::Refused,
        "the engine does not have the runtime",
    ),
    (
        &["could not select device driver"],
        Meaning::Refused,
        "the engine does not have the device",
    ),
    (
        &["error gathering device information"],
        Meaning::Refused,
        "the host does not have the device",
    ),
    (
        &["logging driver"],
        Meaning::Refused,
        "the log driver or its options are not possible",
    ),
    (
        &["no log driver named"],
        Meaning::Refused,
        "the log driver or its options are not possible",
    ),
    (
        &["unable to find user"],
        Meaning::Refused,
        "the image does not have the user",
    ),
    (
        &["unable to find group"],
        Meaning::Refused,
        "the image does not have the group",
    ),
    (
        &["does not belong to any of this network's subnets"],
        Meaning::Refused,
        "a fixed address is outside the network",
    ),
    (
        &["user specified ip address is supported"],
        Meaning::Refused,
        "a fixed address needs a network with a subnet of its own",
    ),
];

/// Sorts an error answer.
pub(super) fn classify(status: u16, message: &str) -> Refusal {
    let message = message.trim();
    let lower = message.to_ascii_lowercase();
    for (words, meaning, text) in SENTENCES {
        if words.iter().all(|word| lower.contains(word)) {
            let sentence = format!("{text}: {message}");
            return match meaning {
                Meaning::Conflict => Refusal::Conflict(sentence),
                Meaning::Refused => Refusal::Refused(sentence),
                Meaning::Failed => Refusal::Failed(sentence),
            };
        }
    }
    if let Some(what) = missing(&lower) {
        return Refusal::NotFound(what);
    }
    let message = if message.is_empty() {
        format!("HTTP status {status} without a word")
    } else {
        message.to_owned()
    };
    match status {
        404 => Refusal::NotFound(None),
        409 => Refusal::Conflict(message),
        408 | 429 => Refusal::Failed(message),
        400..=499 => Refusal::Refused(message),
        // 501 is what the engine answers to what it can never do; any other 5xx may pass.
        501 => Refusal::Refused(message),
        _ => Refusal::Failed(message),
    }
}

/// The object that the sentence says is missing: `Some(None)` where it is the object that was asked for.
fn missing(lower: &str) -> Option<Option<String>> {
    if let Some((_, name)) = lower.split_once("no such image: ") {
        return Some(Some(format!("image {}", first_word(name))));
    }
    if let Some((before, _)) = lower.split_once(" not found")
        && let Some((_, name)) = before.rsplit_once("network ")
        && !name.contains(' ')
    {
        return Some(Some(format!("network {name}")));
    }
    if let Some((_, name)) = lower.split_once("no such container: ") {
        return Some(Some(format!("container {}", first_word(name))));
    }
    None
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, message: &str, expect: &str) {
        let kind = match classify(status, message) {
            Refusal::NotFound(Some(what)) => format!("not found {what}"),
            Refusal::NotFound(None) => "not found".to_owned(),
            Refusal::Conflict(text) => {
                assert!(
                    text.contains(message.trim()) || message.is_empty(),
                    "{text}"
                );
                "conflict".to_owned()
            }
            Refusal::Refused(_) => "refused".to_owned(),
            Refusal::Failed(_) => "failed".to_owned(),
        };
        assert_eq!(kind, expect, "{status} {message}");
    }

    #[test]
    fn sentences_of_real_engines() {
        for (status, message, expect) in [
            (404, "No such image: nothing:1", "not found image nothing:1"),
            (404, "No such container: abc", "not found container abc"),
            (
                500,
                "joining network namespace of container: No such container: nope",
                "not found container nope",
            ),
            (404, "network nonet not found", "not found network nonet"),
            (
                404,
                "failed to set up container networking: network nonet not found",
                "not found network nonet",
            ),
            (404, "plugin \"nope\" not found", "refused"),
            (
                404,
                "create v1: error looking up volume plugin nope: plugin \"nope\" not found",
                "refused",
            ),
            (
                400,
                "network sn1 is ambiguous (2 matches found on name)",
                "refused",
            ),
            (
                409,
                "Conflict. The container name \"/a\" is already in use by container \"1f\". You have to remove (or rename) that container to be able to reuse that name.",
                "conflict",
            ),
            (409, "network with name sn1 already exists", "conflict"),
            (
                500,
                "driver failed programming external connectivity on endpoint a (1f): Bind for 0.0.0.0:8080 failed: port is already allocated",
                "conflict",
            ),
            (
                500,
                "failed to set up container networking: driver failed programming external connectivity on endpoint q1 (a2): failed to bind host port for 0.0.0.0:8097:172.17.0.2:80/tcp: address already in use",
                "conflict",
            ),
            (
                500,
                "driver failed programming external connectivity on endpoint q1 (df): Error starting userland proxy: listen tcp4 0.0.0.0:8097: bind: address already in use",
                "conflict",
            ),
            (
                500,
                "failed to set up container networking: driver failed programming external connectivity on endpoint q1 (53): failed to bind host port for 203.0.113.7:8096:172.17.0.2:80/tcp: cannot assign requested address",
                "refused",
            ),
            (
                500,
                "driver failed programming external connectivity on endpoint a (1f):  (iptables failed: iptables --wait -t nat -A DOCKER: Another app is currently holding the xtables lock. (exit status 4))",
                "failed",
            ),
            (
                403,
                "failed to set up container networking: Address already in use",
                "conflict",
            ),
            (
                403,
                "error while removing network: network a has active endpoints (name:\"b\" id:\"1\")",
                "conflict",
            ),
            (
                403,
                "invalid pool request: Pool overlaps with other one on this address space",
                "conflict",
            ),
            (
                403,
                "bridge is a pre-defined network and cannot be removed",
                "refused",
            ),
            (
                400,
                "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"nope\": executable file not found in $PATH",
                "refused",
            ),
            (
                500,
                "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/tmp\": permission denied: unknown",
                "refused",
            ),
            (
                500,
                "unable to find user nobody9: no matching entries in passwd file",
                "refused",
            ),
            (
                500,
                "Unable to find group nogroup9: no matching entries in group file",
                "refused",
            ),
            (
                400,
                "invalid mount config for type \"bind\": bind source path does not exist: /not/there",
                "refused",
            ),
            (
                500,
                "error gathering device information while adding custom device \"/dev/nope\": no such file or directory",
                "refused",
            ),
            (
                500,
                "failed to create shim task: OCI runtime create failed: runc create failed: sysctl \"kernel.nope\" is not in a separate kernel namespace: unknown",
                "refused",
            ),
            (500, "container rootfs is marked read-only", "refused"),
            (
                500,
                "path /tmp/x is mounted on / but it is not a shared or slave mount",
                "refused",
            ),
            (
                500,
                "Decoding seccomp profile failed: invalid character 'o' in literal null (expecting 'u')",
                "refused",
            ),
            (
                500,
                "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
                "refused",
            ),
            (400, "Minimum memory limit allowed is 6MB", "refused"),
            (500, "write /data/x: no space left on device", "failed"),
            (500, "something new", "failed"),
            (501, "not implemented", "refused"),
            (403, "", "refused"),
            (429, "too many requests", "failed"),
            (503, "", "failed"),
        ] {
            check(status, message, expect);
        }
    }
}
