//! What it costs to keep the health of many products current: an engine in memory, a store, the reconciler, and the list that shows it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::access::Actor;
use domain::deployment::ProductDeployment;
use domain::environment::Environment;
use domain::health::HealthStatus;
use domain::plan::Ownership;
use domain::wire::DeploymentQuery;
use server::catalog::{Catalog, render_stack};
use server::clock::Clock;
use server::engine::fake::FakeEngine;
use server::engine::{Engine, NewContainer};
use server::environments::Environments;
use server::orchestrator::{self, Orchestrator};
use server::reconcile::{self, Reconciler, Snapshot};
use server::state::AppState;
use server::store::Store;
use tokio::sync::watch;

use crate::LoadError;
use crate::spread::Spread;
use crate::story::{begin, environment};

/// Looks, changes and lists that are measured.
const TIMES: u32 = 100;
/// Between two, so that no pace is measured.
const PAUSE: Duration = Duration::from_millis(100);
const IMAGE: &str = "windlass-demo/web:1.0.0";

pub(crate) async fn run(database_url: &str, products: u32) -> Result<String, LoadError> {
    let store = crate::open(database_url).await?;
    let environment = environment("unix:///nowhere.sock");
    store.insert_environment(&environment).await?;
    let engine = FakeEngine::new();
    let image = IMAGE.parse();
    engine.add_image(&image.map_err(|_| unexpected("no image"))?, false);
    let mut containers = Vec::new();
    for number in 1..=products {
        let claim = begin(&store, &environment, number).await?;
        let id = claim.operation.deployment_id;
        crate::seed::end(&store, &claim, number, false).await?;
        let deployment = store.deployment(environment.id, id).await?;
        let deployment = deployment.ok_or_else(|| unexpected("no deployment"))?;
        containers.extend(make(&engine, &deployment, &claim.operation).await?);
    }

    let (turns, begun) = (watch::Sender::new(0), memory()?);
    let (state, reconciler) = server(&store, &engine, turns.subscribe());
    let mut seen = reconciler.follow(environment.id);
    reconciler.start();
    let all = usize::try_from(products).unwrap_or(usize::MAX);
    let well = |seen: &Snapshot| {
        let runs = |status| status == HealthStatus::Running;
        let states = seen.deployments.values();
        states.filter(|each| runs(each.health.state.status)).count() == all
    };
    let first = Instant::now();
    until(&mut seen, well).await?;
    let first = first.elapsed().as_secs_f64() * 1_000.0;
    let watched = memory()?;

    let looks = looks(&turns, &mut seen).await?;
    let events = events(&engine, &containers, &mut seen, well).await?;
    let lists = lists(&state, &environment).await?;
    reconciler.stop().await;
    store.close().await;
    Ok(serde_json::json!({
        "products": products,
        "containers": containers.len(),
        "firstMillis": first,
        "look": looks,
        "event": events,
        "list": lists,
        "kibibytes": watched.saturating_sub(begun),
    })
    .to_string())
}

fn server(
    store: &Store,
    engine: &FakeEngine,
    turns: watch::Receiver<u64>,
) -> (AppState, Reconciler) {
    let (clock, engine) = (Clock::system(), engine.clone());
    let environments = Environments::new(
        store.clone(),
        clock.clone(),
        Arc::new(move |_| Ok(Arc::new(engine.clone()) as Arc<dyn Engine>)),
    );
    let orchestrator = Orchestrator::new(
        store.clone(),
        Arc::new(environments.clone()),
        clock.clone(),
        "bench".to_owned(),
        orchestrator::Settings::default(),
    );
    let settings = reconcile::Settings {
        resync: Duration::from_secs(3600),
        ..reconcile::Settings::default()
    };
    let reconciler = Reconciler::new(
        store.clone(),
        Arc::new(environments.clone()),
        clock.clone(),
        turns,
        settings,
    );
    let catalog = Arc::new(Catalog::load(&[]));
    let (store, watching) = (store.clone(), reconciler.clone());
    let state = AppState::new(store, catalog, environments, orchestrator, watching, clock);
    (state, reconciler)
}

/// All containers of a deployment, running; their names.
async fn make(
    engine: &FakeEngine,
    deployment: &ProductDeployment,
    operation: &domain::operation::Operation,
) -> Result<Vec<String>, LoadError> {
    let mut names = Vec::new();
    for stack in &deployment.stacks {
        let template = deployment.product.stack(&stack.stack_name);
        let spec = template.and_then(|template| {
            render_stack(template, &stack.deployment_stack_name, &stack.values).ok()
        });
        let spec = spec.ok_or_else(|| unexpected("a stack cannot be rendered"))?;
        let ownership = |service: &str, spec_hash: String| Ownership {
            product: deployment.product.group_id.clone(),
            environment: deployment.environment_id,
            deployment: deployment.id,
            stack: stack.stack_name.clone(),
            project: stack.deployment_stack_name.clone(),
            service: service.to_owned(),
            replica: 1,
            init: false,
            operation: operation.id,
            generation: 1,
            spec_hash,
        };
        for network in spec.networks.values() {
            let owner = ownership("", String::new());
            engine.create_network(network, &owner).await?;
        }
        for service in spec.services.values() {
            let name = service.container_name_of(1);
            let new = NewContainer {
                name: name.clone(),
                stack: &spec,
                service,
                ownership: ownership(&service.name, service.hash()),
            };
            let id = engine.create_container(&new).await?;
            engine.start_container(&id).await?;
            names.push(name);
        }
    }
    Ok(names)
}

/// From a nudge to what is seen then: one list of containers, one look into the record, all products judged.
async fn looks(
    turns: &watch::Sender<u64>,
    seen: &mut watch::Receiver<Arc<Snapshot>>,
) -> Result<Option<Spread>, LoadError> {
    let mut taken = Vec::new();
    for _ in 0..TIMES {
        tokio::time::sleep(PAUSE).await;
        seen.mark_unchanged();
        let begun = Instant::now();
        turns.send_modify(|turns| *turns += 1);
        seen.changed()
            .await
            .map_err(|_| unexpected("nobody looks"))?;
        taken.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(Spread::of(taken))
}

/// From the end of a container to its product's health; the time in which events are gathered is in it.
async fn events(
    engine: &FakeEngine,
    containers: &[String],
    seen: &mut watch::Receiver<Arc<Snapshot>>,
    well: impl Fn(&Snapshot) -> bool,
) -> Result<Option<Spread>, LoadError> {
    let mut taken = Vec::new();
    for name in containers.iter().step_by(7).take(TIMES as usize) {
        tokio::time::sleep(PAUSE).await;
        let begun = Instant::now();
        engine.stop_container(name, None).await?;
        until(seen, |seen| !well(seen)).await?;
        taken.push(begun.elapsed().as_secs_f64() * 1_000.0);
        engine.start_container(name).await?;
        until(seen, &well).await?;
    }
    Ok(Spread::of(taken))
}

/// A page with two hundred products.
async fn lists(state: &AppState, environment: &Environment) -> Result<Option<Spread>, LoadError> {
    let query = DeploymentQuery {
        page_size: Some(200),
        ..DeploymentQuery::default()
    };
    let environment = environment.id.to_string();
    let mut taken = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let list = state
            .deployments
            .list_product_deployments(&Actor::LocalOperator, &environment, &query)
            .await
            .map_err(|error| unexpected(&error.to_string()))?;
        taken.push(begun.elapsed().as_secs_f64() * 1_000.0);
        if list.product_deployments.is_empty() {
            return Err(unexpected("an empty list"));
        }
    }
    Ok(Spread::of(taken))
}

async fn until(
    seen: &mut watch::Receiver<Arc<Snapshot>>,
    fits: impl Fn(&Snapshot) -> bool,
) -> Result<(), LoadError> {
    let found = seen.wait_for(|seen| fits(seen)).await;
    found.map(drop).map_err(|_| unexpected("nobody looks"))
}

/// Of this process, in KiB.
fn memory() -> Result<u64, LoadError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .ok_or_else(|| unexpected("no VmRSS"))
}

fn unexpected(what: &str) -> LoadError {
    LoadError::Unexpected(what.to_owned())
}
