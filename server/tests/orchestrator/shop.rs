//! A small product with two versions in a catalog, and every kind of operation on it, accepted by the use cases that the doors call.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::access::Actor;
use domain::deployment::ProductDeployment;
use domain::id::{DeploymentId, OperationId};
use domain::operation::event::Event;
use domain::operation::{Decision, OperationStatus};
use domain::product::Severity;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use server::catalog::{Catalog, LocalSource};
use server::deployments::{Accepted, DeploymentError, Deployments, ModeChange};
use server::engine::Engine;
use server::environments::Environments;
use server::orchestrator::Orchestrator;
use server::reconcile::Reconciler;
use tempfile::TempDir;

use super::world::{Fault, Injection, Script, Verb, WORDS, World};

/// How often an operator looks.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Where every version has the same.
const DB: &str = "
  db:
    image: db:1
    healthcheck: {test: [CMD, check]}
    volumes: [data:/data]";

/// An operation, with what makes it fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Deploy,
    /// A service of the second stack crashes.
    DeployFails,
    /// The same, and the manifest asks to return to what is not there.
    DeployHasNoWayBack,
    Redeploy,
    Retry,
    Upgrade,
    /// The new version of a service crashes: its stack comes back, the others are upgraded.
    UpgradeFails,
    /// The same, and everything comes back.
    UpgradeReturns,
    /// The same, and an operator decides; what is tried again works the second time.
    UpgradePauses(Decision),
    Rollback,
    Stop,
    Restart,
    EnterMaintenance,
    ExitMaintenance,
    Remove,
}

impl Case {
    pub(crate) const ALL: &[Self] = &[
        Self::Deploy,
        Self::DeployFails,
        Self::DeployHasNoWayBack,
        Self::Redeploy,
        Self::Retry,
        Self::Upgrade,
        Self::UpgradeFails,
        Self::UpgradeReturns,
        Self::UpgradePauses(Decision::Keep),
        Self::UpgradePauses(Decision::Rollback),
        Self::UpgradePauses(Decision::Retry),
        Self::Rollback,
        Self::Stop,
        Self::Restart,
        Self::EnterMaintenance,
        Self::ExitMaintenance,
        Self::Remove,
    ];

    /// What happened to the product before.
    const fn before(self) -> &'static [Self] {
        match self {
            Self::Deploy | Self::DeployFails | Self::DeployHasNoWayBack => &[],
            Self::Retry => &[Self::DeployFails],
            Self::Rollback => &[Self::Deploy, Self::Upgrade],
            Self::ExitMaintenance => &[Self::Deploy, Self::EnterMaintenance],
            _ => &[Self::Deploy],
        }
    }
}

/// The product, its catalog, and all of [`World`] behind it.
pub(crate) struct Shop {
    pub(crate) world: World,
    catalog: Arc<Catalog>,
    environments: Environments,
    deployment: Mutex<Option<DeploymentId>>,
    _folder: TempDir,
}

/// The record and the engine as they are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) record: Vec<String>,
    pub(crate) containers: Vec<String>,
    pub(crate) objects: Vec<String>,
}

impl Picture {
    /// Containers that run.
    pub(crate) fn running(&self) -> Vec<&String> {
        let runs = |line: &&String| line.contains(" Running ");
        self.containers.iter().filter(runs).collect()
    }
}

impl Shop {
    pub(crate) async fn new() -> Self {
        Self::of(1).await
    }

    /// One of `products` with the same contents.
    pub(crate) async fn of(products: usize) -> Self {
        let world = World::new(Vec::new()).await;
        for image in ["app:2", "web:1", "web:2", "bad:1"] {
            world.engine.add_image(&image.parse().unwrap(), false);
        }
        let setup = "setup:2".parse().unwrap();
        world.engine.add_registry_image(&setup, 0, Duration::ZERO);
        let talks = Script {
            lines: WORDS.map(|word| (false, word.to_owned())).to_vec(),
            exit: Some((Duration::from_millis(20), 0)),
            ..Script::default()
        };
        world.engine.set_script("setup", talks);
        let folder = tempfile::tempdir().unwrap();
        for number in 0..products {
            let name = if number == 0 {
                "Shop".to_owned()
            } else {
                format!("Shop{number}")
            };
            write_versions(folder.path(), &name, 8080 + number);
        }
        let sources = [LocalSource {
            id: "test".to_owned(),
            path: folder.path().to_owned(),
        }];
        let catalog = Arc::new(Catalog::load(&sources));
        let mut wrong = catalog.problems();
        wrong.retain(|it| it.problem.severity == Severity::Error);
        assert_eq!(wrong, []);
        let engine: Arc<dyn Engine> = Arc::new(world.engine.0.clone());
        let environments = Environments::new(
            world.store.clone(),
            world.clock.clock(),
            Arc::new(move |_| Ok(Arc::clone(&engine))),
        );
        Self {
            world,
            catalog,
            environments,
            deployment: Mutex::default(),
            _folder: folder,
        }
    }

    /// The same engine and catalog with the record at another place.
    pub(crate) async fn with_record_at(&self, url: &str) -> Self {
        let world = self.world.with_record_at(url).await;
        let engine: Arc<dyn Engine> = Arc::new(world.engine.0.clone());
        let environments = Environments::new(
            world.store.clone(),
            world.clock.clock(),
            Arc::new(move |_| Ok(Arc::clone(&engine))),
        );
        Self {
            world,
            catalog: Arc::clone(&self.catalog),
            environments,
            deployment: Mutex::new(*self.deployment.lock().unwrap()),
            _folder: tempfile::tempdir().unwrap(),
        }
    }

    /// As it is right before an operation.
    pub(crate) async fn ready_for(case: Case) -> Self {
        let shop = Self::new().await;
        shop.let_it_crash(true);
        for before in case.before() {
            let orchestrator = shop.orchestrator().await;
            shop.carry_out(*before, &orchestrator).await;
            orchestrator.stop().await;
        }
        // What failed has a chance from now on.
        shop.let_it_crash(case != Case::Retry);
        if case == Case::UpgradePauses(Decision::Retry) {
            shop.world.engine.inject(Injection {
                object: "shop-web_front.g2".to_owned(),
                ..Injection::on(Verb::StartContainer, Fault::Refused("not yet".to_owned()))
            });
        }
        shop.world.engine.forget_calls();
        shop
    }

    pub(crate) fn let_it_crash(&self, crashes: bool) {
        let script = Script {
            exit: crashes.then_some((Duration::from_millis(1), 3)),
            ..Script::default()
        };
        self.world.engine.set_script("bad:1", script);
    }

    pub(crate) async fn orchestrator(&self) -> Orchestrator {
        self.world.orchestrator("a").await
    }

    /// The use cases.
    pub(crate) fn doors(&self, orchestrator: &Orchestrator) -> Deployments {
        Deployments {
            store: self.world.store.clone(),
            catalog: Arc::clone(&self.catalog),
            environments: self.environments.clone(),
            operations: self.world.operations(orchestrator),
            orchestrator: orchestrator.clone(),
            reconciler: self.reconciler(orchestrator),
            clock: self.world.clock.clock(),
        }
    }

    /// It is not started: what these tests look at is what operations do.
    fn reconciler(&self, orchestrator: &Orchestrator) -> Reconciler {
        Reconciler::new(
            self.world.store.clone(),
            Arc::new(self.environments.clone()),
            self.world.clock.clock(),
            orchestrator.turns(),
            server::reconcile::Settings::default(),
        )
    }

    /// All that a door needs.
    pub(crate) fn state(&self, orchestrator: &Orchestrator) -> server::state::AppState {
        server::state::AppState::new(
            self.world.store.clone(),
            Arc::clone(&self.catalog),
            self.environments.clone(),
            orchestrator.clone(),
            self.reconciler(orchestrator),
            self.world.clock.clock(),
        )
    }

    pub(crate) fn environment(&self) -> String {
        self.world.environment.to_string()
    }

    pub(crate) fn deployment(&self) -> String {
        self.deployment.lock().unwrap().unwrap().to_string()
    }

    /// Accepts the operation of a case.
    pub(crate) async fn accept(&self, case: Case, orchestrator: &Orchestrator) -> OperationId {
        let accepted = self.ask(case, orchestrator).await.unwrap();
        *self.deployment.lock().unwrap() = Some(accepted.deployment);
        accepted.operation
    }

    pub(crate) async fn ask(
        &self,
        case: Case,
        orchestrator: &Orchestrator,
    ) -> Result<Accepted, DeploymentError> {
        let (doors, by) = (self.doors(orchestrator), Actor::LocalOperator);
        let environment = self.environment();
        let first = match case {
            Case::Deploy => Some("1.0.0"),
            Case::DeployFails => Some("0.9.0"),
            Case::DeployHasNoWayBack => Some("0.8.0"),
            _ => None,
        };
        if let Some(version) = first {
            let request = body(deploy_request("Shop", version));
            return doors.deploy_product(&by, &environment, &request).await;
        }
        let id = self.deployment();
        let (environment, id) = (environment.as_str(), id.as_str());
        match case {
            Case::Redeploy => {
                let request = body(json!({}));
                doors.redeploy_product(&by, environment, id, &request).await
            }
            Case::Retry => {
                let request = body(json!({}));
                doors.retry_product(&by, environment, id, &request).await
            }
            Case::Upgrade | Case::UpgradeFails | Case::UpgradeReturns | Case::UpgradePauses(_) => {
                let works = matches!(case, Case::Upgrade | Case::UpgradePauses(Decision::Retry));
                let version = if works { "1.1.0" } else { "1.2.0" };
                let on_failure = match case {
                    Case::UpgradeReturns => "rollback",
                    Case::UpgradePauses(_) => "pause",
                    _ => "keep",
                };
                let request = body(json!({
                    "targetProductId": format!("test:Shop:{version}"),
                    "onFailure": on_failure,
                }));
                doors.upgrade_product(&by, environment, id, &request).await
            }
            Case::Rollback => {
                let request = body(json!({}));
                doors
                    .roll_back_product(&by, environment, id, &request)
                    .await
            }
            Case::Stop => {
                let request = body(json!({}));
                doors.stop_product(&by, environment, id, &request).await
            }
            Case::Restart => {
                let request = body(json!({}));
                doors.restart_product(&by, environment, id, &request).await
            }
            Case::EnterMaintenance | Case::ExitMaintenance => {
                let mode = match case {
                    Case::EnterMaintenance => "Maintenance",
                    _ => "Normal",
                };
                let request = body(json!({ "mode": mode }));
                let change = doors
                    .set_operation_mode(&by, environment, id, &request)
                    .await?;
                match change {
                    ModeChange::Accepted(accepted) => Ok(accepted),
                    other @ ModeChange::AlreadyThere(_) => panic!("{other:?}"),
                }
            }
            Case::Remove => {
                let request = body(json!({}));
                doors.remove_product(&by, environment, id, &request).await
            }
            Case::Deploy | Case::DeployFails | Case::DeployHasNoWayBack => {
                panic!("{case:?} is answered above")
            }
        }
    }

    /// The whole operation; its journal.
    pub(crate) async fn carry_out(&self, case: Case, orchestrator: &Orchestrator) -> Vec<Event> {
        let operation = self.accept(case, orchestrator).await;
        self.until_end(case, orchestrator, operation).await
    }

    /// Follows to the end, and decides what is to be decided; the whole journal.
    pub(crate) async fn until_end(
        &self,
        case: Case,
        orchestrator: &Orchestrator,
        operation: OperationId,
    ) -> Vec<Event> {
        let end = self.world.until_end(orchestrator, operation);
        self.with_operator(case, orchestrator, operation, end).await
    }

    /// Follows until a step begins, and decides what is to be decided; false where the operation ended before.
    pub(crate) async fn until_started(
        &self,
        case: Case,
        orchestrator: &Orchestrator,
        operation: OperationId,
        key: &str,
    ) -> bool {
        let started = self.world.until_started(orchestrator, operation, key);
        self.with_operator(case, orchestrator, operation, started)
            .await
    }

    /// Waits for something while an operator decides what is to be decided.
    pub(crate) async fn with_operator<T>(
        &self,
        case: Case,
        orchestrator: &Orchestrator,
        operation: OperationId,
        something: impl Future<Output = T>,
    ) -> T {
        let Case::UpgradePauses(decision) = case else {
            return something.await;
        };
        tokio::pin!(something);
        tokio::select! {
            it = &mut something => return it,
            () = self.decide(decision, orchestrator, operation) => {}
        }
        something.await
    }

    /// An operator who looks again and again whether somebody waits for him.
    async fn decide(
        &self,
        decision: Decision,
        orchestrator: &Orchestrator,
        operation: OperationId,
    ) {
        let operations = self.world.operations(orchestrator);
        loop {
            match self.world.status(operation).await {
                OperationStatus::Waiting => {
                    let id = operation.to_string();
                    let decided = operations.decide_operation(&Actor::LocalOperator, &id, decision);
                    // An earlier word counts until it is taken up.
                    drop(decided.await);
                }
                status if status.is_active() => {}
                _ => return,
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    pub(crate) async fn recorded(&self) -> Option<ProductDeployment> {
        let id = (*self.deployment.lock().unwrap())?;
        let found = self
            .world
            .store
            .deployment(self.world.environment, id)
            .await;
        found.unwrap()
    }

    /// What people and programs see of it, and what the engine has.
    pub(crate) async fn picture(&self) -> Picture {
        let mut record = Vec::new();
        if let Some(it) = self.recorded().await {
            let version = it.product.version.clone().unwrap_or_default();
            record.push(format!(
                "{} {:?} {version} release {}",
                it.status, it.operation_mode, it.release
            ));
            let stacks = it.stacks.iter();
            record.extend(
                stacks.map(|it| format!("{} {} release {}", it.stack_name, it.status, it.release)),
            );
        }
        let observed = self.world.engine.observe().await.unwrap();
        let mut containers: Vec<String> = observed
            .containers
            .iter()
            .map(|it| {
                let of = it.ownership.as_ref().map(|owner| owner.spec_hash.clone());
                let exit = it.exit_code;
                format!("{} {:?} {} {exit:?} {of:?}", it.name, it.state, it.image)
            })
            .collect();
        containers.sort();
        let objects = observed.networks.iter().chain(&observed.volumes);
        let mut objects: Vec<String> = objects.map(|it| it.name.clone()).collect();
        objects.sort();
        Picture {
            record,
            containers,
            objects,
        }
    }

    /// Nothing is under way, nothing is there under a name of the way, and the doctor finds nothing.
    pub(crate) async fn must_be_sound(&self) {
        let picture = self.picture().await;
        let left = |line: &&String| {
            line.split(' ')
                .next()
                .is_some_and(|name| name.contains(".g"))
        };
        let left: Vec<_> = picture.containers.iter().filter(left).collect();
        assert!(left.is_empty(), "under the name of the way: {picture:#?}");
        if let Some(it) = self.recorded().await {
            assert!(!it.status.is_in_progress(), "{picture:#?}");
        }
        self.world.must_be_sound().await;
    }
}

/// The request of a deployment of all stacks.
pub(crate) fn deploy_request(product: &str, version: &str) -> Value {
    let stacks: &[&str] = match version {
        "1.1.0" => &["base", "web", "extra"],
        "1.0.0" => &["base", "web", "old"],
        _ => &["base", "web"],
    };
    let configs: Vec<Value> = stacks
        .iter()
        .map(|stack| json!({ "stackId": stack }))
        .collect();
    json!({ "productId": format!("test:{product}:{version}"), "stackConfigs": configs })
}

fn body<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// 0.8.0, 0.9.0 and 1.2.0 crash, 1.0.0 works, 1.1.0 changes some services, leaves a stack out and has a new one.
fn write_versions(folder: &Path, product: &str, port: usize) {
    let base = |setup: u32, api: u32| {
        format!(
            "services:{DB}
  setup:
    image: setup:{setup}
    x-windlass: {{init: true}}
    depends_on: {{db: {{condition: service_healthy}}}}
  api: {{image: app:{api}}}
volumes: {{data: {{}}}}
"
        )
    };
    let web = |image: &str| {
        format!(
            "services:
  web: {{image: {image}, ports: [\"{port}:80\"]}}
  front: {{image: {image}}}
  worker:
    image: app:1
    depends_on: {{web: {{condition: service_healthy}}}}
"
        )
    };
    let one = "services: {one: {image: app:1}}\n".to_owned();
    let versions: [(&str, Vec<(&str, String)>); 5] = [
        ("0.8.0", vec![("base", base(1, 1)), ("web", web("bad:1"))]),
        ("0.9.0", vec![("base", base(1, 1)), ("web", web("bad:1"))]),
        (
            "1.0.0",
            vec![
                ("base", base(1, 1)),
                ("web", web("web:1")),
                ("old", one.clone()),
            ],
        ),
        (
            "1.1.0",
            vec![("base", base(2, 2)), ("extra", one), ("web", web("web:2"))],
        ),
        ("1.2.0", vec![("base", base(2, 2)), ("web", web("bad:1"))]),
    ];
    for (version, stacks) in versions {
        let folder = folder.join(format!("{product}-{version}"));
        std::fs::create_dir_all(&folder).unwrap();
        let mut manifest = format!("name: {product}\nversion: \"{version}\"\n");
        if version == "0.8.0" {
            manifest += "onFailure: rollback\n";
        }
        manifest += "stacks:\n";
        for (stack, compose) in stacks {
            manifest += &format!("  {stack}: {{compose: {stack}.yaml}}\n");
            std::fs::write(folder.join(format!("{stack}.yaml")), compose).unwrap();
        }
        std::fs::write(folder.join("windlass.yaml"), manifest).unwrap();
    }
}
