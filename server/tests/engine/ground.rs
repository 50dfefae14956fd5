//! Where a case runs: an engine, a prefix of its own for everything that it makes, and the sweep afterwards.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use domain::plan::{ObservedContainer, Ownership};
use domain::spec::{
    Lifecycle, NetworkAttachment, NetworkSpec, PullPolicy, RestartPolicy, RuntimeOptions,
    ServiceSpec, StackSpec, VolumeSpec,
};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use server::engine::docker::DockerEngine;
use server::engine::fake::FakeEngine;
use server::engine::{ContainerEvent, ContainerEventKind, Engine, EngineError, NewContainer};
use uuid::Uuid;

use super::api::Api;
use super::roles::{Role, image};
use crate::docker_double::DockerDouble;

/// Longest that a case waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One engine, and what a case needs to make things on it.
pub(crate) struct Ground {
    pub(crate) engine: Arc<dyn Engine>,
    /// The engine itself, where it is the fake.
    pub(crate) fake: Option<FakeEngine>,
    /// The engine's API, where it has one: the real engine and its double.
    pub(crate) api: Option<Api>,
    /// Ends with the case.
    _double: Option<DockerDouble>,
    /// Prefix of every name.
    pub(crate) project: String,
}

/// The address of the real engine; none, and a line, where nobody named one.
pub(crate) fn docker_host() -> Option<String> {
    let host = std::env::var("WINDLASS_TEST_DOCKER_HOST")
        .ok()
        .filter(|host| !host.is_empty());
    if host.is_none() {
        println!("WINDLASS_TEST_DOCKER_HOST is not set: not tried on a real engine");
    }
    host
}

fn project() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "every run needs names of its own"
    )]
    let id = Uuid::new_v4().simple().to_string();
    format!("wt-{}", &id[..12])
}

impl Ground {
    /// An engine in memory with the image.
    pub(crate) fn fake() -> Self {
        let fake = FakeEngine::new();
        fake.add_image(&image().parse().unwrap(), true);
        Self {
            engine: Arc::new(fake.clone()),
            fake: Some(fake),
            api: None,
            _double: None,
            project: project(),
        }
    }

    /// The real engine.
    pub(crate) fn docker(host: &str) -> Self {
        Self {
            engine: Arc::new(DockerEngine::connect(host).unwrap()),
            fake: None,
            api: Some(Api(host.to_owned())),
            _double: None,
            project: project(),
        }
    }

    /// The real adapter over a double of the engine.
    pub(crate) fn double() -> Self {
        let double = DockerDouble::with_images(&[&image()]);
        Self {
            api: Some(Api(double.address())),
            engine: Arc::new(DockerEngine::connect(&double.address()).unwrap()),
            fake: None,
            project: project(),
            _double: Some(double),
        }
    }

    /// Runs a case and removes what it made, also when it fails.
    pub(crate) async fn run(self, case: impl AsyncFnOnce(&Self)) {
        let result = AssertUnwindSafe(case(&self)).catch_unwind().await;
        if let Some(api) = &self.api {
            api.sweep(&self.project).await;
        }
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    }

    pub(crate) fn owner(&self, service: &ServiceSpec) -> Ownership {
        Ownership {
            service: service.name.clone(),
            replica: 1,
            init: service.lifecycle.is_init(),
            generation: 1,
            spec_hash: service.hash(),
            ..self.stack_owner()
        }
    }

    /// Of networks and volumes.
    pub(crate) fn stack_owner(&self) -> Ownership {
        Ownership {
            product: self.project.clone(),
            environment: "018f0000-0000-7000-8000-000000000001".parse().unwrap(),
            deployment: "018f0000-0000-7000-8000-000000000002".parse().unwrap(),
            stack: "web".to_owned(),
            project: self.project.clone(),
            service: String::new(),
            replica: 0,
            init: false,
            operation: "018f0000-0000-7000-8000-000000000003".parse().unwrap(),
            generation: 0,
            spec_hash: String::new(),
        }
    }

    /// A service on the stack's default network.
    pub(crate) fn service(&self, name: &str, role: Role) -> ServiceSpec {
        if let Some(fake) = &self.fake {
            fake.set_script(name, role.script());
        }
        let mut service = ServiceSpec {
            name: name.to_owned(),
            container_name: format!("{}_{name}", self.project),
            image: image().parse().unwrap(),
            pull_policy: PullPolicy::Never,
            replicas: 1,
            lifecycle: Lifecycle::Service,
            command: None,
            entrypoint: None,
            environment: BTreeMap::new(),
            labels: BTreeMap::new(),
            ports: Vec::new(),
            expose: Vec::new(),
            mounts: Vec::new(),
            files: Vec::new(),
            networks: vec![attachment("default")],
            network_mode: None,
            depends_on: Vec::new(),
            healthcheck: None,
            probe: None,
            restart: RestartPolicy::No,
            stop_grace_period: Some(Duration::from_secs(10)),
            update_order: None,
            runtime: RuntimeOptions::default(),
        };
        role.dress(&mut service);
        service
    }

    pub(crate) fn network(&self, key: &str) -> NetworkSpec {
        NetworkSpec {
            name: format!("{}_{key}", self.project),
            external: false,
            driver: None,
            driver_opts: BTreeMap::new(),
            attachable: false,
            internal: false,
            enable_ipv4: None,
            enable_ipv6: false,
            labels: BTreeMap::new(),
            ipam: None,
        }
    }

    pub(crate) fn volume(&self, key: &str) -> VolumeSpec {
        VolumeSpec {
            name: format!("{}_{key}", self.project),
            external: false,
            driver: None,
            driver_opts: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }

    /// A stack of these services with the network `default`, which is not made yet.
    pub(crate) fn stack(&self, services: impl IntoIterator<Item = ServiceSpec>) -> StackSpec {
        StackSpec {
            stack: "web".to_owned(),
            project: self.project.clone(),
            services: services
                .into_iter()
                .map(|service| (service.name.clone(), service))
                .collect(),
            networks: [("default".to_owned(), self.network("default"))].into(),
            volumes: [("data".to_owned(), self.volume("data"))].into(),
        }
    }

    /// Makes the stack's networks and volumes.
    pub(crate) async fn lay(&self, stack: &StackSpec) {
        let owner = self.stack_owner();
        for network in stack.networks.values() {
            self.engine.create_network(network, &owner).await.unwrap();
        }
        for volume in stack.volumes.values() {
            self.engine.create_volume(volume, &owner).await.unwrap();
        }
    }

    /// Makes the container of a service, not started.
    pub(crate) async fn create(
        &self,
        stack: &StackSpec,
        service: &str,
    ) -> Result<String, EngineError> {
        let service = &stack.services[service];
        let new = NewContainer {
            name: service.container_name.clone(),
            stack,
            service,
            ownership: self.owner(service),
        };
        self.engine.create_container(&new).await
    }

    /// A stack of one service, made, not started; the container's id.
    pub(crate) async fn one(&self, service: ServiceSpec) -> String {
        let name = service.name.clone();
        let stack = self.stack([service]);
        self.lay(&stack).await;
        self.create(&stack, &name).await.unwrap()
    }

    /// The container as the list shows it, once it is `wanted`.
    pub(crate) async fn listed(
        &self,
        name: &str,
        wanted: impl Fn(&ObservedContainer) -> bool,
    ) -> ObservedContainer {
        let look = async {
            loop {
                let observed = self.engine.observe().await.unwrap();
                match observed.container(name) {
                    Some(container) if wanted(container) => return container.clone(),
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, look)
            .await
            .expect("the list does not show it")
    }

    /// Waits for an event of a container that `wanted` takes.
    pub(crate) async fn wait(
        &self,
        events: &mut BoxStream<'static, Result<ContainerEvent, EngineError>>,
        id: &str,
        wanted: impl Fn(&ContainerEventKind) -> bool,
    ) -> ContainerEvent {
        let wait = async {
            loop {
                let event = events.next().await.expect("the events ended").unwrap();
                if event.id == id && wanted(&event.kind) {
                    return event;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the event did not come")
    }

    /// Starts a container and waits until it ended; its exit code.
    pub(crate) async fn run_to_end(&self, id: &str) -> i64 {
        let mut events = self.engine.events().await.unwrap();
        self.engine.start_container(id).await.unwrap();
        let event = self
            .wait(&mut events, id, |kind| {
                matches!(kind, ContainerEventKind::Died { .. })
            })
            .await;
        match event.kind {
            ContainerEventKind::Died { exit_code } => exit_code,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn attachment(network: &str) -> NetworkAttachment {
    NetworkAttachment {
        network: network.to_owned(),
        aliases: Vec::new(),
        ipv4_address: None,
        ipv6_address: None,
        link_local_ips: Vec::new(),
        mac_address: None,
        driver_opts: BTreeMap::new(),
        gw_priority: None,
    }
}

/// Runs a case on the fake, through the adapter on the double, and where one is named, on the real engine.
pub(crate) async fn on_each_engine(case: impl AsyncFn(&Ground)) {
    Ground::fake().run(&case).await;
    on_each_docker(case).await;
}

/// Runs a case through the adapter: on the double and, where one is named, on the real engine.
pub(crate) async fn on_each_docker(case: impl AsyncFn(&Ground)) {
    Ground::double().run(&case).await;
    if let Some(host) = docker_host() {
        Ground::docker(&host).run(&case).await;
    }
}

/// Runs a case on the real engine only. On the double it would tell nothing:
/// - every field of a specification, and files in read-only containers: the double shows what it was given, without a kernel,
///   a file system or the engine's own rules about them;
/// - pulls: there is no registry behind the double, its images just come;
/// - terminals and long lines: who splits lines into frames is the engine's logger;
/// - old engines: the double is a new one.
pub(crate) async fn on_docker(case: impl AsyncFnOnce(&Ground)) {
    if let Some(host) = docker_host() {
        Ground::docker(&host).run(case).await;
    }
}
