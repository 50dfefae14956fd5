//! Registries that fail: what passes is ridden out, what does not ends with the registry's own sentence.

use serde_json::Value;

use super::registry_image;
use super::registry_proxy::{Behaviour, RegistryProxy};
use super::tally::full;
use super::trial::{Trial, deploy_again};
use crate::deploy::world::World;

const MEGABYTE: usize = 1 << 20;
/// Much of the layer, and not all of it.
const SOME: usize = 256 * 1024;
/// In seconds, for `--pull-stall-seconds`.
const STALL: &str = "3";

struct Case {
    proxy: RegistryProxy,
    world: World,
    request: Value,
}

/// A product whose image, with a layer of so many bytes, comes through a registry that behaves like this.
fn case(tag: &str, bytes: usize, behaviour: Behaviour) -> Option<Case> {
    let proxy = RegistryProxy::start(behaviour)?;
    let mut world = World::new(tag)?;
    if bytes > 0 {
        registry_image::push(tag, bytes);
    }
    let image = format!("{}/windlass-demo/web:{tag}", proxy.address());
    let compose = format!(
        "
services:
  web:
    image: {image}
    healthcheck: {{test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 30}}
"
    );
    world.product("Shop", &[("one", &compose)]);
    let source = format!("test={}", world.catalog().display());
    world.start_with(&["--source", &source, "--pull-stall-seconds", STALL]);
    let request = world.request("test:Shop:1.0.0", &["one"]);
    Some(Case {
        proxy,
        world,
        request,
    })
}

fn is_retry(event: &Value) -> bool {
    event["type"] == "step_retrying"
}

impl Case {
    /// The registry stays as it is: the deployment fails, has made nothing, and says this. Then the registry is well again.
    fn must_fail(&self, fault: &'static str, words: &[&str]) {
        let end = Trial::begin(&self.world, &self.request).end();
        end.must_be("failed", "Failed");
        end.must_say(words);
        assert_eq!(self.world.engine.states(&self.world.project), [""; 0]);
        assert_eq!(self.world.engine.networks(&self.world.project).len(), 0);
        self.proxy.now(Behaviour::Pass);
        let again = deploy_again(&self.world, &self.request);
        end.record("registry", fault, &again);
    }

    /// The registry is well again after the first attempt: the deployment succeeds by itself.
    fn must_be_ridden_out(&self, fault: &'static str) {
        let trial = Trial::begin(&self.world, &self.request);
        trial.until(is_retry);
        self.proxy.now(Behaviour::Pass);
        let end = trial.end();
        end.must_be("succeeded", "Running");
        assert!(end.retries() > 0);
        end.record("registry", fault, "not needed: it went on by itself");
    }
}

#[test]
fn a_registry_that_answers_500_must_fail_the_deployment_in_the_end() {
    if let Some(case) = case("answers-500", SOME, Behaviour::Answer(500)) {
        case.must_fail(
            "The registry answers 500",
            &["failed", "500", "reach the registry"],
        );
    }
}

#[test]
fn a_registry_that_answers_500_for_a_while_must_be_ridden_out() {
    if let Some(case) = case("once-500", SOME, Behaviour::Answer(500)) {
        case.must_be_ridden_out("The registry answers 500 for a while");
    }
}

#[test]
fn a_registry_that_wants_another_name_must_fail_the_deployment_at_once() {
    if let Some(case) = case("answers-401", SOME, Behaviour::Answer(401)) {
        case.must_fail(
            "The registry answers 401",
            &["cannot be pulled", "lets this engine in"],
        );
    }
}

#[test]
fn a_tag_that_is_not_known_must_fail_the_deployment_at_once() {
    let Some(case) = case("unknown-tag", 0, Behaviour::Pass) else {
        return;
    };
    let end = Trial::begin(&case.world, &case.request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["cannot be pulled", "unknown-tag", "name and tag"]);
    assert_eq!(end.retries(), 0);
    registry_image::push("unknown-tag", SOME);
    let again = deploy_again(&case.world, &case.request);
    end.record("registry", "The registry does not know the tag", &again);
}

#[test]
fn a_slow_registry_must_be_waited_for() {
    let Some(case) = case("slow", 2 * MEGABYTE, Behaviour::Slow(200 * 1024)) else {
        return;
    };
    let end = Trial::begin(&case.world, &case.request).end();
    end.must_be("succeeded", "Running");
    assert_eq!(end.retries(), 0, "slow is not hung: {:#?}", end.events);
    let told = |event: &&Value| event["type"] == "step_progress";
    assert!(end.events.iter().any(|event| told(&event)));
    end.record(
        "registry",
        "The registry is slow (200 KB a second)",
        "not needed: it went on by itself",
    );
}

#[test]
fn a_registry_that_hangs_in_a_layer_must_fail_the_deployment_in_the_end() {
    if let Some(case) = case("hangs", 2 * MEGABYTE, Behaviour::Hang(SOME)) {
        case.must_fail(
            "The registry hangs in a layer (--pull-stall-seconds 3)",
            &["nothing moved for 3 s", "reach the registry"],
        );
    }
}

#[test]
fn a_registry_that_hangs_in_a_layer_once_must_be_ridden_out() {
    if let Some(case) = case("hangs-once", 2 * MEGABYTE, Behaviour::Hang(SOME)) {
        case.must_be_ridden_out(
            "The registry hangs in a layer for a while (--pull-stall-seconds 3)",
        );
    }
}

/// The engine itself tries for 50 s before it says anything.
#[test]
fn a_registry_that_cuts_a_layer_must_be_ridden_out() {
    if let Some(case) = case("cuts-once", 2 * MEGABYTE, Behaviour::Cut(SOME)) {
        case.must_be_ridden_out("The registry cuts the connection in a layer for a while");
    }
}

#[test]
fn a_registry_that_cuts_every_layer_must_fail_the_deployment_in_the_end() {
    if !full() {
        println!("not tried: six times 50 s; `--full` tries it");
        return;
    }
    if let Some(case) = case("cuts", 2 * MEGABYTE, Behaviour::Cut(SOME)) {
        case.must_fail(
            "The registry cuts the connection in a layer",
            &["failed", "reach the registry"],
        );
    }
}

#[test]
fn a_registry_that_is_gone_must_fail_the_deployment_in_the_end() {
    if let Some(case) = case("gone", SOME, Behaviour::Closed) {
        case.must_fail(
            "Nobody listens at the registry's address",
            &["failed", "connection refused", "reach the registry"],
        );
    }
}

#[test]
fn a_registry_that_comes_back_must_be_ridden_out() {
    if let Some(case) = case("comes-back", SOME, Behaviour::Closed) {
        case.must_be_ridden_out("Nobody listens at the registry's address for a while");
    }
}
