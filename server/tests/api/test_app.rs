//! The REST door over a fresh store and a small catalog. No engine answers, and operations wait until a test carries them out; or, where
//! a test wants that, an engine in memory answers, and operations are carried out.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use domain::access::Actor;
use domain::deployment::{ProductStatus, StackStatus};
use domain::operation::OperationStatus;
use domain::operation::event::{EventBody, Level};
use domain::wire::CreateEnvironmentRequest;
use serde_json::{Value, json};
use server::api;
use server::catalog::{Catalog, LocalSource};
use server::clock::Clock;
use server::engine::EngineError;
use server::engine::fake::FakeEngine;
use server::environments::Environments;
use server::orchestrator::{Orchestrator, Settings};
use server::reconcile::{self, Reconciler};
use server::state::AppState;
use server::store::{Claim, Entry, Settlement, Store};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::store::database::test_keys;

pub(super) const PRODUCT: &str = "demo:Shop:1.0.0";
const LEASE: Duration = Duration::from_secs(60);

const MANIFEST: &str = r#"
metadata:
  name: Shop
  productId: demo.shop
  productVersion: "1.0.0"
  description: Two stacks
sharedVariables:
  LOG_LEVEL: {type: Select, default: info, options: [{value: info}, {value: debug}]}
  API_KEY: {type: Password, required: true}
maintenance:
  observer: {type: file, path: /nonexistent/windlass-maintenance, mode: exists, maintenanceValue: "true", normalValue: "false"}
stacks:
  data:
    metadata: {name: Data}
    services:
      store: {image: "store:1", environment: {KEY: "${API_KEY}"}}
  web:
    metadata: {name: Web}
    variables:
      WEB_PORT: {type: Port, default: "8080"}
    services:
      page: {image: "page:1", ports: ["${WEB_PORT}:80"]}
"#;

/// The next version: another page, and a value more for it.
const NEXT: &str = r#"
metadata:
  name: Shop
  productId: demo.shop
  productVersion: "1.1.0"
  description: Two stacks
sharedVariables:
  LOG_LEVEL: {type: Select, default: info, options: [{value: info}, {value: debug}]}
  API_KEY: {type: Password, required: true}
stacks:
  data:
    metadata: {name: Data}
    services:
      store: {image: "store:1", environment: {KEY: "${API_KEY}"}}
  web:
    metadata: {name: Web}
    variables:
      WEB_PORT: {type: Port, default: "8080"}
      GREETING: {type: String, default: hello}
    services:
      page: {image: "page:2", ports: ["${WEB_PORT}:80"], environment: {GREETING: "${GREETING}"}}
"#;

/// A door, what is behind it, and the folder it all lies in.
pub(super) struct TestApp {
    pub(super) router: Router,
    pub(super) store: Store,
    pub(super) shutdown: CancellationToken,
    pub(super) environment: String,
    /// Does not watch unless a test starts it.
    pub(super) reconciler: Reconciler,
    /// Answers only where the app works.
    pub(super) engine: FakeEngine,
    folder: TempDir,
}

/// What the door answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The body, once the status is what it must be.
    #[track_caller]
    pub(super) fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    /// The sentence of a problem that has everything a problem must have.
    #[track_caller]
    pub(super) fn refused(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["success"], false);
        assert_eq!(problem["message"], problem["detail"]);
        assert!(
            problem["type"]
                .as_str()
                .unwrap()
                .starts_with("urn:windlass:problem:")
        );
        assert!(!problem["title"].as_str().unwrap().is_empty());
        problem["detail"].as_str().unwrap().to_owned()
    }

    /// The stable name of a problem.
    pub(super) fn slug(&self) -> String {
        let problem = self.json();
        let name = problem["type"].as_str().unwrap();
        name.strip_prefix("urn:windlass:problem:")
            .unwrap()
            .to_owned()
    }

    /// The fields that a problem names, with their first sentence.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let problem = self.json();
        let errors = problem["errors"].as_object().cloned().unwrap_or_default();
        let first = |value: Value| value[0].as_str().unwrap().to_owned();
        errors
            .into_iter()
            .map(|(field, sentences)| (field, first(sentences)))
            .collect()
    }
}

impl TestApp {
    /// No engine answers, and nothing is carried out by itself.
    pub(super) async fn start() -> Self {
        Self::new(false).await
    }

    /// An engine with the images of two versions of the product, and operations that are carried out.
    pub(super) async fn at_work() -> Self {
        Self::new(true).await
    }

    async fn new(works: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("catalog");
        std::fs::create_dir_all(source.join("shop")).unwrap();
        std::fs::write(source.join("shop/product.yaml"), MANIFEST).unwrap();
        let engine = FakeEngine::new();
        if works {
            std::fs::create_dir_all(source.join("next")).unwrap();
            std::fs::write(source.join("next/product.yaml"), NEXT).unwrap();
            std::fs::write(source.join("next/CHANGELOG.md"), "# 1.1.0\n").unwrap();
            for image in ["store:1", "page:1", "page:2", "tool:1"] {
                engine.add_registry_image(&image.parse().unwrap(), 0, Duration::ZERO);
            }
        }
        let url = format!("sqlite://{}/windlass.db", folder.path().display());
        let store = Store::open(&url, test_keys()).await.unwrap();
        let clock = Clock::system();
        let environments = Environments::new(
            store.clone(),
            clock.clone(),
            Arc::new({
                let engine = engine.clone();
                move |_| {
                    if works {
                        return Ok(Arc::new(engine.clone()));
                    }
                    let source = std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into();
                    Err(EngineError::Unreachable {
                        address: "nowhere".to_owned(),
                        source,
                    })
                }
            }),
        );
        let request = CreateEnvironmentRequest {
            name: "Local".to_owned(),
            kind: None,
            socket_path: Some("/nonexistent/docker.sock".to_owned()),
        };
        let environment = environments
            .create_environment(&Actor::System, &request)
            .await
            .unwrap()
            .id
            .to_string();
        let sources = [LocalSource {
            id: "demo".to_owned(),
            path: source,
        }];
        let catalog = Arc::new(Catalog::load(&sources));
        assert_eq!(catalog.problems(), []);
        let settings = Settings {
            stable_for: Duration::from_millis(1),
            ..Settings::default()
        };
        let orchestrator = Orchestrator::new(
            store.clone(),
            Arc::new(environments.clone()),
            clock.clone(),
            "test".to_owned(),
            settings,
        );
        if works {
            orchestrator.start().await.unwrap();
        }
        let reconciler = Reconciler::new(
            store.clone(),
            Arc::new(environments.clone()),
            clock.clone(),
            orchestrator.turns(),
            reconcile::Settings::default(),
        );
        let state = AppState::new(
            store.clone(),
            catalog,
            environments,
            orchestrator,
            reconciler.clone(),
            clock,
        );
        let shutdown = CancellationToken::new();
        let router = api::guard(api::router(state, shutdown.clone()), false);
        Self {
            router,
            store,
            shutdown,
            environment,
            reconciler,
            engine,
            folder,
        }
    }

    /// Where one product deployment is, or something about it.
    pub(super) fn deployment(&self, id: &str, rest: &str) -> String {
        format!("{}/{id}{rest}", self.deployments())
    }

    /// Where the stacks are deployed.
    pub(super) fn stacks(&self, rest: &str) -> String {
        format!("/api/environments/{}/deployments{rest}", self.environment)
    }

    /// Deploys the product and waits; its id.
    pub(super) async fn deploy(&self) -> String {
        let result = self.post(&self.deployments(), &deploy_request()).await.ok();
        assert_eq!(result["success"], true, "{result}");
        result["productDeploymentId"].as_str().unwrap().to_owned()
    }

    /// Any method, with a JSON body or with none at all.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        match body {
            None => self.send(request(method, path, Body::empty(), &[])).await,
            Some(body) => {
                let headers = [("content-type", "application/json")];
                let body = Body::from(body.to_string());
                self.send(request(method, path, body, &headers)).await
            }
        }
    }

    pub(super) fn catalog_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("catalog")
    }

    pub(super) fn deployments(&self) -> String {
        format!("/api/environments/{}/product-deployments", self.environment)
    }

    pub(super) async fn open(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        let text = String::from_utf8(bytes.into()).unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text,
        }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, Body::empty(), &[]))
            .await
    }

    pub(super) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(request(Method::GET, path, Body::empty(), headers))
            .await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, body.to_string(), &[]).await
    }

    pub(super) async fn post_with(
        &self,
        path: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = request(Method::POST, path, body.into(), headers);
        let json = header::HeaderValue::from_static("application/json");
        request
            .headers_mut()
            .entry(header::CONTENT_TYPE)
            .or_insert(json);
        self.send(request).await
    }

    /// Starts a deployment and does not wait; the ids of the operation and the deployment.
    pub(super) async fn accept(&self) -> (String, String) {
        let body = deploy_request().to_string();
        let headers = [("prefer", "respond-async")];
        let answer = self.post_with(&self.deployments(), body, &headers).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        let accepted = answer.json();
        let id = |name: &str| accepted[name].as_str().unwrap().to_owned();
        (id("operationId"), id("productDeploymentId"))
    }

    /// Takes the operation that waits, as the orchestrator would.
    pub(super) async fn claim(&self) -> Claim {
        self.store
            .claim("test", Clock::system().now(), LEASE)
            .await
            .unwrap()
            .unwrap()
    }

    /// Writes one event that is not the last.
    pub(super) async fn write_event(&self, claim: &Claim, message: &str) {
        let body = EventBody::StatusChanged {
            status: OperationStatus::Running,
            message: message.to_owned(),
        };
        let entry = Entry::Event {
            level: Level::Info,
            body: &body,
        };
        self.store
            .append(&claim.lease, Clock::system().now(), LEASE, &[entry])
            .await
            .unwrap();
    }

    /// A claimed operation cannot undo what it did.
    pub(super) async fn stick(&self, claim: &Claim) {
        let entry = Entry::Status(OperationStatus::Stuck);
        self.store
            .append(&claim.lease, Clock::system().now(), LEASE, &[entry])
            .await
            .unwrap();
    }

    /// Ends a claimed operation, every stack running.
    pub(super) async fn finish(&self, claim: &Claim) {
        let deployment = claim.operation.deployment_id;
        let stack = |stack, status| Entry::Stack {
            deployment,
            stack,
            status,
            message: None,
        };
        let message = "Product 'Shop' v1.0.0 deployed successfully (2 stacks).";
        let last = EventBody::Finished {
            status: OperationStatus::Succeeded,
            product_status: ProductStatus::Running,
            message: message.to_owned(),
        };
        let entries = [
            stack("Data", StackStatus::Deploying),
            stack("Data", StackStatus::Running),
            stack("Web", StackStatus::Deploying),
            stack("Web", StackStatus::Running),
            Entry::Event {
                level: Level::Info,
                body: &last,
            },
            Entry::Finish {
                status: OperationStatus::Succeeded,
                deployment,
                product_status: ProductStatus::Running,
                message,
                error: None,
                settlement: Settlement::nothing(),
            },
        ];
        self.store
            .append(&claim.lease, Clock::system().now(), LEASE, &entries)
            .await
            .unwrap();
    }
}

pub(super) fn request(
    method: Method,
    path: &str,
    body: Body,
    headers: &[(&str, &str)],
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "localhost:8080");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// A request that is accepted.
pub(super) fn deploy_request() -> Value {
    json!({
        "productId": PRODUCT,
        "stackConfigs": [
            { "stackId": "demo:demo.shop:Data:1.0.0", "deploymentStackName": "shop-data" },
            { "stackId": "demo:demo.shop:Web:1.0.0", "deploymentStackName": "shop-web", "variables": { "WEB_PORT": "8081" } },
        ],
        "sharedVariables": { "API_KEY": "s3cr3t-value" },
        "sessionId": "session-7",
        "continueOnError": true,
        "excludeFromStorage": ["API_KEY"],
    })
}
