//! `deploy`, resource limits and ulimits.

use domain::spec::{Resources, RestartPolicy, Ulimit, UpdateOrder};

use super::super::reader::At;

/// Limits, from the service itself and from `deploy.resources`, which wins.
pub(super) fn resources(at: &At<'_>) -> Resources {
    let int = |key| at.get(key).and_then(|at| at.int());
    let bytes = |key| at.get(key).and_then(|at: At<'_>| at.bytes());
    let limits = at
        .get("deploy")
        .and_then(|at| at.get("resources")?.get("limits"));
    let reservations = at
        .get("deploy")
        .and_then(|at| at.get("resources")?.get("reservations"));
    let nano = |at: Option<At<'_>>| {
        let at = at?;
        let cpus = at.float()?;
        if !(0.0..=65_536.0).contains(&cpus) {
            at.error(format!("{cpus} is not a number of CPUs."), "");
        }
        Some((cpus * 1e9).round() as i64).filter(|nano| *nano > 0)
    };
    let blkio = at.get("blkio_config");
    if let Some(blkio) = &blkio {
        blkio.only(&[
            "weight",
            "weight_device",
            "device_read_bps",
            "device_read_iops",
            "device_write_bps",
            "device_write_iops",
        ]);
        blkio.unsupported(&[
            "weight_device",
            "device_read_bps",
            "device_read_iops",
            "device_write_bps",
            "device_write_iops",
        ]);
    }
    Resources {
        nano_cpus: nano(limits.as_ref().and_then(|at| at.get("cpus")))
            .or_else(|| nano(at.get("cpus"))),
        cpu_shares: int("cpu_shares"),
        cpu_period: at.get("cpu_period").and_then(|at| micros(&at)),
        cpu_quota: at.get("cpu_quota").and_then(|at| micros(&at)),
        cpu_rt_period: at.get("cpu_rt_period").and_then(|at| micros(&at)),
        cpu_rt_runtime: at.get("cpu_rt_runtime").and_then(|at| micros(&at)),
        cpuset: at.get("cpuset").and_then(|at| at.text()),
        memory: limits
            .as_ref()
            .and_then(|at| at.get("memory")?.bytes())
            .or_else(|| bytes("mem_limit")),
        memory_reservation: reservations
            .as_ref()
            .and_then(|at| at.get("memory")?.bytes())
            .or_else(|| bytes("mem_reservation")),
        memory_swap: at
            .get("memswap_limit")
            .and_then(|at| match at.as_text().as_deref() {
                Some("-1") => Some(-1),
                _ => at.bytes(),
            }),
        memory_swappiness: at.get("mem_swappiness").and_then(|at| at.int_in(0, 100)),
        pids_limit: limits
            .as_ref()
            .and_then(|at| at.get("pids")?.int())
            .or_else(|| int("pids_limit")),
        blkio_weight: blkio
            .and_then(|at| at.get("weight")?.int_in(10, 1000))
            .and_then(|weight| u16::try_from(weight).ok()),
    }
}

/// Microseconds, or a duration.
fn micros(at: &At<'_>) -> Option<i64> {
    if at.as_text().is_some_and(|text| text.parse::<i64>().is_ok()) {
        return at.int();
    }
    i64::try_from(at.duration()?.as_micros()).ok()
}

/// Complains about what `deploy` says beyond resources, replicas and the restart policy.
pub(super) fn check_deploy(at: &At<'_>) {
    let Some(deploy) = at.get("deploy") else {
        return;
    };
    deploy.only(&[
        "mode",
        "replicas",
        "endpoint_mode",
        "labels",
        "placement",
        "resources",
        "restart_policy",
        "rollback_config",
        "update_config",
    ]);
    deploy.without_effect(&["endpoint_mode", "labels", "placement", "rollback_config"]);
    if let Some(update) = deploy.get("update_config") {
        update.only(&[
            "parallelism",
            "delay",
            "failure_action",
            "monitor",
            "max_failure_ratio",
            "order",
        ]);
        update.without_effect(&[
            "parallelism",
            "delay",
            "failure_action",
            "monitor",
            "max_failure_ratio",
        ]);
    }
    if let Some(mode) = deploy.get("mode")
        && let Some(text) = mode.text()
    {
        match text.as_str() {
            "replicated" => {}
            "global" => mode.warn("On a single engine, 'global' means one container.", ""),
            _ => mode.error(
                format!("The mode '{text}' is not supported."),
                "Write replicated; for one-shots use x-windlass: {init: true}.",
            ),
        }
    }
    if let Some(resources) = deploy.get("resources") {
        resources.only(&["limits", "reservations"]);
        if let Some(limits) = resources.get("limits") {
            limits.only(&["cpus", "memory", "pids"]);
        }
        if let Some(reservations) = resources.get("reservations") {
            reservations.only(&["cpus", "memory", "generic_resources", "devices"]);
            reservations.without_effect(&["cpus"]);
            reservations.unsupported(&["generic_resources", "devices"]);
        }
    }
}

/// `deploy.update_config.order`.
pub(super) fn update_order(update: &At<'_>) -> Option<UpdateOrder> {
    let at = update.get("order")?;
    match at.text()?.as_str() {
        "start-first" => Some(UpdateOrder::StartFirst),
        "stop-first" => Some(UpdateOrder::StopFirst),
        text => {
            at.error(
                format!("'{text}' is not an order of updates."),
                "Write start-first or stop-first.",
            );
            None
        }
    }
}

/// How many containers.
pub(super) fn replicas(at: &At<'_>) -> u32 {
    let deploy = at.get("deploy");
    let global = deploy
        .as_ref()
        .and_then(|at| at.get("mode")?.as_text())
        .is_some_and(|mode| mode == "global");
    let Some(count) = deploy
        .filter(|_| !global)
        .and_then(|at| at.get("replicas"))
        .or_else(|| at.get("scale"))
    else {
        return 1;
    };
    if count.as_text().as_deref() == Some("0") {
        count.error(
            "A service without containers cannot be deployed.",
            "Give it a profile instead.",
        );
        return 1;
    }
    count
        .int_in(1, super::service::MAX_REPLICAS)
        .and_then(|count| u32::try_from(count).ok())
        .unwrap_or(1)
}

/// `restart`, else `deploy.restart_policy`, else none.
pub(super) fn restart(at: &At<'_>) -> RestartPolicy {
    if let Some(restart) = at.get("restart") {
        let Some(text) = restart.text() else {
            return RestartPolicy::No;
        };
        let policy = match text.as_str() {
            // `restart: no` without quotes is text in YAML 1.2 and a boolean in 1.1.
            "no" | "false" | "" => Some(RestartPolicy::No),
            "always" => Some(RestartPolicy::Always),
            "unless-stopped" => Some(RestartPolicy::UnlessStopped),
            "on-failure" => Some(RestartPolicy::OnFailure { max_retries: None }),
            _ => text
                .strip_prefix("on-failure:")
                .and_then(|count| count.parse().ok())
                .map(|count: u32| RestartPolicy::OnFailure {
                    max_retries: (count > 0).then_some(count),
                }),
        };
        return policy.unwrap_or_else(|| {
            restart.error(
                format!("'{text}' is not a restart policy."),
                "Write no, always, unless-stopped, on-failure or on-failure:5.",
            );
            RestartPolicy::No
        });
    }
    let Some(policy) = at.get("deploy").and_then(|at| at.get("restart_policy")) else {
        return RestartPolicy::No;
    };
    policy.only(&["condition", "delay", "max_attempts", "window"]);
    policy.without_effect(&["delay", "window"]);
    let condition = policy.get("condition").and_then(|at| at.text());
    let max_retries = policy
        .get("max_attempts")
        .and_then(|at| at.int_in(0, i64::from(u32::MAX)))
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| *count > 0);
    match condition.as_deref() {
        None | Some("any") => RestartPolicy::UnlessStopped,
        Some("none") => RestartPolicy::No,
        Some("on-failure") => RestartPolicy::OnFailure { max_retries },
        Some(other) => {
            policy.error(
                format!("'{other}' is not a condition."),
                "Write none, on-failure or any.",
            );
            RestartPolicy::No
        }
    }
}

/// `ulimits`.
pub(super) fn ulimits(at: &At<'_>) -> Vec<Ulimit> {
    at.entries()
        .into_iter()
        .filter_map(|(name, at)| {
            if at.is_map() {
                at.only(&["soft", "hard"]);
                let part = |key| at.get(key).and_then(|at| at.int());
                let (soft, hard) = (part("soft"), part("hard"));
                if soft.is_none() || hard.is_none() {
                    at.error("Both 'soft' and 'hard' are needed.", "");
                }
                return Some(Ulimit {
                    name: name.to_owned(),
                    soft: soft?,
                    hard: hard?,
                });
            }
            let both = at.int()?;
            Some(Ulimit {
                name: name.to_owned(),
                soft: both,
                hard: both,
            })
        })
        .collect()
}
