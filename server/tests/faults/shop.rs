//! A shop of two small stacks in two versions, and everything that can be done to it.

use serde_json::{Value, json};

use super::client::Wish;
use crate::deploy::world::World;

const BASE: &str = "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    x-windlass: {init: true}
  store:
    image: windlass-demo/store:1.0.0
    volumes: [data:/data]
volumes: {data: {}}
";

/// The second version changes `site`; 1.2.0 cannot come up. `environment` is what every version has.
pub(super) fn world(name: &str, environment: &str) -> Option<World> {
    let world = World::new(name)?;
    let site = |version: &str, environment: &str| {
        format!(
            "
services:
  web:
    image: windlass-demo/web:{version}
    environment: {{{environment}}}
    healthcheck: {{test: [CMD, /demo-service, check], interval: 200ms, timeout: 2s, retries: 100}}
"
        )
    };
    let (first, second) = (site("1.0.0", environment), site("1.1.0", environment));
    let crashes = site("1.1.0", "CRASH: '1', EXIT_CODE: '3'");
    let all_back = "onFailure: rollback\n";
    world.version("Shop", "1.0.0", "", &[("base", BASE), ("site", &first)]);
    world.version("Shop", "1.1.0", "", &[("base", BASE), ("site", &second)]);
    world.version(
        "Shop",
        "1.2.0",
        all_back,
        &[("base", BASE), ("site", &crashes)],
    );
    Some(world)
}

/// Of version 1.0.0.
pub(super) fn deployment(world: &World) -> Wish {
    Wish::deploy(world.request("test:Shop:1.0.0", &["base", "site"]))
}

/// One operation on the deployed shop.
#[derive(Clone, Copy)]
pub(super) struct Act {
    method: &'static str,
    what: &'static str,
    body: fn() -> Value,
}

impl Act {
    const fn new(method: &'static str, what: &'static str, body: fn() -> Value) -> Self {
        Self { method, what, body }
    }

    pub(super) fn wish(&self) -> Wish {
        Wish::of(self.method, self.what, (self.body)())
    }
}

fn nothing() -> Value {
    json!({})
}

fn upgrade_to(version: &str) -> Value {
    json!({ "targetProductId": format!("test:Shop:{version}") })
}

pub(super) const UPGRADE: Act = Act::new("POST", "/upgrade", || upgrade_to("1.1.0"));
/// Everything returns.
pub(super) const FAILS: Act = Act::new("POST", "/upgrade", || upgrade_to("1.2.0"));
pub(super) const REDEPLOY: Act = Act::new("POST", "/redeploy", nothing);
pub(super) const ROLLBACK: Act = Act::new("POST", "/rollback", nothing);
pub(super) const STOP: Act = Act::new("POST", "/stop-containers", nothing);
pub(super) const RESTART: Act = Act::new("POST", "/restart-containers", nothing);
pub(super) const ENTER: Act = Act::new(
    "PUT",
    "/operation-mode",
    || json!({ "mode": "Maintenance" }),
);
pub(super) const EXIT: Act = Act::new("PUT", "/operation-mode", || json!({ "mode": "Normal" }));
pub(super) const REMOVE: Act = Act::new("DELETE", "", nothing);
