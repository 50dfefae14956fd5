//! One product, one store, one engine in memory, and as many orchestrators as a case needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::store::database::{execute, test_keys};
use domain::access::Actor;
use domain::deployment::{
    OperationMode, ProductDeployment, ProductStatus, StackBefore, StackDeployment, StackEvent,
    StackStatus,
};
use domain::environment::{Connection, Environment};
use domain::id::{DeploymentId, EnvironmentId, OperationId, StackDeploymentId};
use domain::operation::event::{Event, EventBody, Level};
use domain::operation::{Operation, OperationInput, OperationKind, OperationStatus};
use domain::plan::ContainerState;
use domain::product::{OnFailure, Product, StackOrder, StackTemplate};
use domain::timestamp::Timestamp;
use domain::variable::Values;
use futures::{StreamExt as _, pin_mut};
use serde_json::{Value, json};
use server::clock::{Clock, new_id};
use server::doctor::{Doctor, Reason};
use server::engine::Engine;
use server::engine::fake::FakeEngine;
pub(crate) use server::engine::fake::{Fault, HealthScript, Injection, Script, Verb};
use server::operations::Operations;
use server::orchestrator::{EngineUnavailable, Engines, Orchestrator, Settings};
use server::store::{NewOperation, Store};
use tempfile::TempDir;

/// Longer than any case takes; what waits longer waits in vain.
const PATIENCE: Duration = Duration::from_secs(20);
/// Worlds at work at once in a case that makes one for each step.
pub(crate) const WORLDS: usize = 8;

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) engine: TestEngine,
    pub(crate) environment: EnvironmentId,
    stacks: Vec<(String, Value)>,
    pub(crate) continue_on_error: bool,
    /// First pause before another attempt; the longest is four times that.
    pub(crate) retry_base: Duration,
    /// The clock of everything here; tests set it.
    pub(crate) clock: TestClock,
    /// Where the database is.
    url: String,
    deployments: std::sync::Mutex<BTreeMap<u32, DeploymentId>>,
    _folder: TempDir,
}

/// The machine's clock, and how much it was set.
#[derive(Clone, Default)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn set_by(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    pub(crate) fn clock(&self) -> Clock {
        let (machine, set_by) = (Clock::system(), Arc::clone(&self.0));
        Clock::from_fn(move || {
            let now = machine.now().millis() + set_by.load(Ordering::Relaxed);
            Timestamp::from_millis(now)
        })
    }
}

/// The engine in memory, with what cases ask of it.
pub(crate) struct TestEngine(pub(crate) FakeEngine);

impl std::ops::Deref for TestEngine {
    type Target = FakeEngine;

    fn deref(&self) -> &FakeEngine {
        &self.0
    }
}

impl TestEngine {
    pub(crate) fn calls_of(&self, verb: Verb) -> usize {
        self.calls().iter().filter(|call| call.verb == verb).count()
    }

    /// Names of containers, each with whether it runs, ended well, or is something else.
    pub(crate) async fn containers(&self) -> BTreeMap<String, String> {
        let observed = self.observe().await.unwrap();
        let state = |container: &domain::plan::ObservedContainer| match container.state {
            ContainerState::Running => "running".to_owned(),
            state => format!("{state:?} {:?}", container.exit_code),
        };
        observed
            .containers
            .iter()
            .map(|container| (container.name.clone(), state(container)))
            .collect()
    }
}

struct OneEngine(FakeEngine);

#[async_trait::async_trait]
impl Engines for OneEngine {
    async fn engine(&self, _: EnvironmentId) -> Result<Arc<dyn Engine>, EngineUnavailable> {
        Ok(Arc::new(self.0.clone()))
    }
}

/// A stack of services that need nothing.
pub(crate) fn app_stack(name: &str, services: usize) -> (String, Value) {
    let services: BTreeMap<_, _> = (0..services)
        .map(|number| (format!("app{number}"), json!({ "image": "app:1" })))
        .collect();
    (name.to_owned(), json!({ "services": services }))
}

/// Two stacks with everything that a plan can have: images to pull, a one-shot, health checks, a dependency, a volume.
pub(crate) fn small_product() -> Vec<(String, Value)> {
    let base = json!({
        "services": {
            "db": {
                "image": "db:1",
                "healthcheck": { "test": ["CMD", "check"] },
                "volumes": ["data:/data"],
            },
            "setup": {
                "image": "setup:1",
                "x-windlass": { "init": true },
                "depends_on": { "db": { "condition": "service_healthy" } },
            },
            "api": { "image": "app:1" },
        },
        "volumes": { "data": {} },
    });
    let web = json!({
        "services": {
            "web": { "image": "app:1" },
            "worker": {
                "image": "app:1",
                "depends_on": { "web": { "condition": "service_healthy" } },
            },
        },
    });
    vec![("base".to_owned(), base), ("web".to_owned(), web)]
}

/// What the one-shot of [`small_product`] says.
pub(crate) const WORDS: [&str; 3] = ["begin", "migrate", "end"];

impl World {
    pub(crate) async fn small() -> Self {
        let world = Self::new(small_product()).await;
        world.let_setup_talk();
        world
    }

    fn let_setup_talk(&self) {
        let lines = WORDS.map(|word| (false, word.to_owned())).to_vec();
        self.engine.set_script(
            "setup",
            Script {
                lines,
                exit: Some((Duration::from_millis(20), 0)),
                ..Script::default()
            },
        );
    }

    /// The small product's world as an earlier version left its record: statements that make the tables and fill them.
    pub(crate) async fn recorded_as(dump: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/windlass.db", folder.path().display());
        execute(&format!("{url}?mode=rwc"), dump.to_owned()).await;
        let store = Store::open(&url, test_keys()).await.unwrap();
        let environments = store.environments().await.unwrap();
        let environment = environments[0].id;
        let world = Self::over(store, environment, small_product(), folder, url);
        world.let_setup_talk();
        world
    }

    pub(crate) async fn new(stacks: Vec<(String, Value)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/windlass.db", folder.path().display());
        Self::in_database(stacks, folder, url).await
    }

    /// The same on a database elsewhere.
    pub(crate) async fn on(stacks: Vec<(String, Value)>, url: &str) -> Self {
        Self::in_database(stacks, tempfile::tempdir().unwrap(), url.to_owned()).await
    }

    async fn in_database(stacks: Vec<(String, Value)>, folder: TempDir, url: String) -> Self {
        let store = Store::open(&url, test_keys()).await.unwrap();
        let environment = EnvironmentId::from_uuid(new_id());
        store
            .insert_environment(&Environment {
                id: environment,
                name: "local".to_owned(),
                connection: Connection::DockerSocket {
                    socket_path: "unix:///nowhere.sock".to_owned(),
                },
                is_default: true,
                created_at: Clock::system().now(),
            })
            .await
            .unwrap();
        Self::over(store, environment, stacks, folder, url)
    }

    /// The same engine with its record at another place.
    pub(crate) async fn with_record_at(&self, url: &str) -> Self {
        let (store, folder) = (
            Store::open(url, test_keys()).await.unwrap(),
            tempfile::tempdir().unwrap(),
        );
        let stacks = self.stacks.clone();
        let mut moved = Self::over(store, self.environment, stacks, folder, url.to_owned());
        moved.engine = TestEngine(self.engine.0.clone());
        moved.deployments = std::sync::Mutex::new(self.deployments.lock().unwrap().clone());
        moved
    }

    /// Where the database is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn over(
        store: Store,
        environment: EnvironmentId,
        stacks: Vec<(String, Value)>,
        folder: TempDir,
        url: String,
    ) -> Self {
        let engine = FakeEngine::new();
        engine.add_image(&"app:1".parse().unwrap(), false);
        engine.add_registry_image(&"db:1".parse().unwrap(), 0, Duration::ZERO);
        engine.add_registry_image(&"setup:1".parse().unwrap(), 0, Duration::ZERO);
        Self {
            store,
            engine: TestEngine(engine),
            environment,
            stacks,
            continue_on_error: true,
            retry_base: Duration::from_millis(10),
            clock: TestClock::default(),
            url,
            deployments: std::sync::Mutex::default(),
            _folder: folder,
        }
    }

    pub(crate) async fn orchestrator(&self, node: &str) -> Orchestrator {
        self.orchestrator_at(node, self.clock.clock()).await
    }

    /// One whose machine has another clock.
    pub(crate) async fn orchestrator_at(&self, node: &str, clock: Clock) -> Orchestrator {
        let orchestrator = self.idle_orchestrator(node, clock);
        orchestrator.start().await.unwrap();
        orchestrator
    }

    /// One that carries nothing out until it is started.
    pub(crate) fn idle_orchestrator(&self, node: &str, clock: Clock) -> Orchestrator {
        let settings = Settings {
            keep_releases: 10,
            lease: Duration::from_secs(15),
            stable_for: Duration::from_millis(20),
            health_deadline: Duration::from_secs(10),
            retry_base: self.retry_base,
            retry_max: self.retry_base.saturating_mul(4),
            pull_stall: Duration::from_secs(10),
            undo_again: Duration::from_millis(50),
        };
        let store = self.store.clone();
        Orchestrator::new(store, self.engines(), clock, node.to_owned(), settings)
    }

    /// The world's engine, as those who work with it find it.
    pub(crate) fn engines(&self) -> Arc<dyn Engines> {
        Arc::new(OneEngine(self.engine.0.clone()))
    }

    /// The deployment of product `number`.
    pub(crate) fn deployment_id(&self, number: u32) -> DeploymentId {
        self.deployments.lock().unwrap()[&number]
    }

    pub(crate) fn operations(&self, orchestrator: &Orchestrator) -> Operations {
        Operations::new(self.store.clone(), orchestrator.clone(), self.clock.clock())
    }

    /// Records that product `number` is to be deployed.
    pub(crate) async fn accept(&self, number: u32) -> OperationId {
        self.accept_instead(number, None).await
    }

    /// The same in the place of a deployment that failed.
    pub(crate) async fn accept_again(&self, number: u32) -> OperationId {
        let failed = self.deployments.lock().unwrap()[&number];
        self.accept_instead(number, Some(failed)).await
    }

    async fn accept_instead(&self, number: u32, supersede: Option<DeploymentId>) -> OperationId {
        let deployment = self.deployment(number);
        self.deployments
            .lock()
            .unwrap()
            .insert(number, deployment.id);
        let operation = Operation {
            id: OperationId::from_uuid(new_id()),
            environment_id: self.environment,
            group_id: deployment.product.group_id.clone(),
            deployment_id: deployment.id,
            kind: OperationKind::Deploy,
            status: OperationStatus::Queued,
            actor: Actor::LocalOperator,
            session_id: String::new(),
            input: OperationInput::default(),
            decision: None,
            plan: None,
            cancel_requested: false,
            message: None,
            event_seq: 1,
            created_at: self.clock.clock().now(),
            started_at: None,
            finished_at: None,
            not_before: None,
        };
        let first = EventBody::Accepted {
            kind: OperationKind::Deploy,
            actor: Actor::LocalOperator,
            product_name: deployment.product.name.clone(),
            product_version: None,
            previous_version: None,
            environment_name: "local".to_owned(),
            stacks: Vec::new(),
        };
        self.store
            .accept_operation(&NewOperation {
                operation: &operation,
                deployment: Some(&deployment),
                change: None,
                supersede,
                first_event: (Level::Info, &first),
            })
            .await
            .unwrap();
        operation.id
    }

    fn deployment(&self, number: u32) -> ProductDeployment {
        let name = format!("p{number}");
        let template = |(stack, compose): &(String, Value)| StackTemplate {
            id: format!("test:{name}:{stack}"),
            name: stack.clone(),
            display_name: stack.clone(),
            description: String::new(),
            depends_on: Vec::new(),
            variables: Vec::new(),
            compose: compose.clone(),
            files: BTreeMap::new(),
            profiles: Vec::new(),
            services: Vec::new(),
        };
        let product = Product {
            id: format!("test:{name}"),
            group_id: format!("test:{name}"),
            source_id: "test".to_owned(),
            name: name.clone(),
            display_name: name.clone(),
            description: String::new(),
            version: None,
            category: None,
            tags: Vec::new(),
            icon: None,
            documentation: None,
            release_notes_url: None,
            changelog: None,
            shared_variables: Vec::new(),
            stacks: self.stacks.iter().map(template).collect(),
            order: StackOrder::Sequential,
            on_failure: OnFailure::Keep,
            maintenance: None,
            path: String::new(),
            warnings: Vec::new(),
        };
        let stack = |(order, (stack, _)): (u32, &(String, Value))| StackDeployment {
            id: StackDeploymentId::from_uuid(new_id()),
            stack_name: stack.clone(),
            deployment_stack_name: format!("{name}-{stack}"),
            status: StackStatus::Pending,
            order,
            started_at: None,
            completed_at: None,
            error_message: None,
            is_new_in_upgrade: false,
            release: 1,
            values: Values(BTreeMap::new()),
        };
        ProductDeployment {
            id: DeploymentId::from_uuid(new_id()),
            environment_id: self.environment,
            deployment_name: name.clone(),
            status: ProductStatus::Deploying,
            operation_mode: OperationMode::Normal,
            deployed_by: Actor::LocalOperator,
            created_at: self.clock.clock().now(),
            completed_at: None,
            error_message: None,
            continue_on_error: self.continue_on_error,
            previous_version: None,
            last_upgraded_at: None,
            upgrade_count: 0,
            maintenance: None,
            release: 1,
            images: BTreeMap::new(),
            others: Vec::new(),
            shared_values: Values(BTreeMap::new()),
            product,
            stacks: (0..).zip(&self.stacks).map(stack).collect(),
        }
    }

    /// Follows until an event fits; false where the operation ended before.
    pub(crate) async fn until(
        &self,
        orchestrator: &Orchestrator,
        operation: OperationId,
        fits: impl Fn(&EventBody) -> bool,
    ) -> bool {
        let look = async {
            let events = self
                .operations(orchestrator)
                .follow_operation(&Actor::LocalOperator, &operation.to_string(), 0)
                .await
                .unwrap();
            pin_mut!(events);
            while let Some(event) = events.next().await {
                if fits(&event.unwrap().body) {
                    return true;
                }
            }
            false
        };
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain: {:#?}", self.journal(operation).await),
        }
    }

    pub(crate) async fn until_started(
        &self,
        orchestrator: &Orchestrator,
        operation: OperationId,
        key: &str,
    ) -> bool {
        self.until(
            orchestrator,
            operation,
            |body| matches!(body, EventBody::StepStarted { step, .. } if step.as_str() == key),
        )
        .await
    }

    /// Follows to the end; the whole journal.
    pub(crate) async fn until_end(
        &self,
        orchestrator: &Orchestrator,
        operation: OperationId,
    ) -> Vec<Event> {
        assert!(!self.until(orchestrator, operation, |_| false).await);
        self.journal(operation).await
    }

    pub(crate) async fn cancel(&self, orchestrator: &Orchestrator, operation: OperationId) {
        let cancelled = self
            .operations(orchestrator)
            .cancel_operation(&Actor::LocalOperator, &operation.to_string())
            .await;
        // Ending before somebody wants it to is fine.
        if let Err(error) = cancelled {
            assert!(error.to_string().contains("has ended already"), "{error}");
        }
    }

    pub(crate) async fn journal(&self, operation: OperationId) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.seq);
            let page = self
                .store
                .events_after(operation, after, 500)
                .await
                .unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    pub(crate) async fn status(&self, operation: OperationId) -> OperationStatus {
        let operation = self.store.operation(operation).await.unwrap().unwrap();
        operation.status
    }

    pub(crate) async fn recorded(&self, number: u32) -> ProductDeployment {
        let id = self.deployment_id(number);
        let found = self.store.deployment(self.environment, id).await.unwrap();
        found.unwrap()
    }

    /// The steps of a plan without undoing, by a run in a world of its own.
    pub(crate) async fn steps_of_small() -> Vec<String> {
        let world = Self::small().await;
        let operation = world.accept(1).await;
        let orchestrator = world.orchestrator("a").await;
        let events = world.until_end(&orchestrator, operation).await;
        orchestrator.stop().await;
        events
            .iter()
            .find_map(|event| match &event.body {
                EventBody::Planned { steps, .. } => {
                    Some(steps.iter().map(|step| step.step.to_string()).collect())
                }
                _ => None,
            })
            .unwrap()
    }

    /// The journal is whole and in order, and says what the record says.
    pub(crate) async fn must_have_ended(
        &self,
        operation: OperationId,
        events: &[Event],
        expected: OperationStatus,
    ) {
        must_be_whole(events);
        let Some(EventBody::Finished { status, .. }) = events.last().map(|event| &event.body)
        else {
            panic!("no end: {events:#?}");
        };
        assert_eq!(*status, expected, "{events:#?}");
        assert_eq!(self.status(operation).await, expected);
    }

    /// Runs statements past the store.
    pub(crate) async fn sql(&self, statements: &str) {
        execute(&self.url, statements.to_owned()).await;
    }

    /// The doctor finds nothing.
    pub(crate) async fn must_be_sound(&self) {
        let store = Store::open_to_read(&self.url, &test_keys()).await.unwrap();
        let engine: Arc<dyn Engine> = Arc::new(self.engine.0.clone());
        let doctor = Doctor::new(store.clone(), Arc::new(move |_| Ok(Arc::clone(&engine))));
        let report = doctor.look().await.unwrap();
        store.close().await;
        assert!(!report.has_findings(), "{report}");
        assert!(
            !report
                .not_looked_at
                .iter()
                .any(|it| it.reason == Reason::Engine),
            "{report}"
        );
    }

    /// Every container of every stack runs, one-shots ended well, and nothing else is there.
    pub(crate) async fn must_run_exactly_what_is_planned(&self, number: u32) {
        let recorded = self.recorded(number).await;
        assert_eq!(recorded.status, ProductStatus::Running);
        let mut planned = BTreeMap::new();
        for (stack, _) in &self.stacks {
            planned.extend(self.planned(number, stack));
        }
        assert_eq!(self.engine.containers().await, planned);
    }

    pub(crate) fn planned(&self, number: u32, stack: &str) -> BTreeMap<String, String> {
        let (_, compose) = self.stacks.iter().find(|(name, _)| name == stack).unwrap();
        let services = compose["services"].as_object().unwrap();
        services
            .iter()
            .map(|(service, model)| {
                let init = model["x-windlass"]["init"] == true;
                let state = if init { "Exited Some(0)" } else { "running" };
                (format!("p{number}-{stack}_{service}"), state.to_owned())
            })
            .collect()
    }

    /// Stacks that run have exactly their containers; stacks whose turn was taken back or never came have none, and no network.
    pub(crate) async fn nothing_must_be_left_of_unfinished_stacks(&self, number: u32) {
        let there = self.engine.containers().await;
        let observed = self.engine.observe().await.unwrap();
        for stack in self.recorded(number).await.stacks {
            let prefix = format!("{}_", stack.deployment_stack_name);
            let mine: BTreeMap<String, String> = there
                .iter()
                .filter(|(name, _)| name.starts_with(&prefix))
                .map(|(name, state)| (name.clone(), state.clone()))
                .collect();
            match stack.status {
                StackStatus::Running => {
                    assert_eq!(mine, self.planned(number, &stack.stack_name));
                }
                StackStatus::Pending => {
                    assert_eq!(mine, BTreeMap::new(), "{}", stack.stack_name);
                    let network = observed
                        .networks
                        .iter()
                        .find(|network| network.name.starts_with(&prefix));
                    assert!(network.is_none(), "{network:?}");
                }
                StackStatus::Failed => {
                    let unborn = mine.values().find(|state| state.starts_with("Created"));
                    let evidence = |state: &&String| state.as_str() == "Created None";
                    assert!(unborn.as_ref().is_none_or(evidence), "{mine:?}");
                }
                other => panic!("{} is left {other:?}", stack.stack_name),
            }
        }
    }
}

/// What may happen to a stack.
const STACK_EVENTS: [StackEvent; 13] = [
    StackEvent::Begin,
    StackEvent::Complete,
    StackEvent::Fail,
    StackEvent::Withdraw,
    StackEvent::Stop,
    StackEvent::Restart,
    StackEvent::Reset,
    StackEvent::Remove,
    StackEvent::Removed,
    StackEvent::Return(StackBefore::Pending),
    StackEvent::Return(StackBefore::Running),
    StackEvent::Return(StackBefore::Failed),
    StackEvent::Return(StackBefore::Stopped),
];

/// No gap, one end, every change of a stack allowed, nothing said of a step after its end, no step done twice.
fn must_be_whole(events: &[Event]) {
    let mut stacks: BTreeMap<&str, StackStatus> = BTreeMap::new();
    let mut ended: BTreeSet<&str> = BTreeSet::new();
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for (position, event) in events.iter().enumerate() {
        assert_eq!(event.seq, i64::try_from(position).unwrap() + 1, "a gap");
        let last = position + 1 == events.len();
        match &event.body {
            EventBody::Finished { .. } => assert!(last, "an end in the middle: {events:#?}"),
            EventBody::Accepted {
                stacks: outlines, ..
            } => {
                let known = outlines.iter();
                stacks.extend(known.filter_map(|it| Some((it.name.as_str(), it.status?))));
            }
            EventBody::StackChanged { stack, status, .. } => {
                let before = stacks.insert(stack, *status);
                let before = before.unwrap_or(StackStatus::Pending);
                let allowed = STACK_EVENTS
                    .iter()
                    .any(|event| before.next(*event) == Ok(*status));
                assert!(allowed, "{stack}: {before} -> {status}: {events:#?}");
            }
            EventBody::StepStarted { step, .. } => {
                // Undoing that was stuck is done again.
                ended.remove(step.as_str());
                open.insert(step.as_str());
            }
            EventBody::StepOutput { step, .. } | EventBody::StepProgress { step, .. } => {
                assert!(
                    open.contains(step.as_str()),
                    "{step} is not at work: {events:#?}"
                );
            }
            EventBody::StepDone { step, .. } | EventBody::StepFailed { step, .. } => {
                assert!(
                    open.remove(step.as_str()),
                    "{step} never began: {events:#?}"
                );
                assert!(
                    ended.insert(step.as_str()),
                    "{step} ended twice: {events:#?}"
                );
            }
            _ => {}
        }
    }
}

/// The lines of output that the journal has.
pub(crate) fn output(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::StepOutput { lines, .. } => Some(lines),
            _ => None,
        })
        .flatten()
        .map(|line| line.text.clone())
        .collect()
}

pub(crate) fn count(events: &[Event], fits: impl Fn(&EventBody) -> bool) -> usize {
    events.iter().filter(|event| fits(&event.body)).count()
}
