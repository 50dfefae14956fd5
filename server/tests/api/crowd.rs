//! Many callers who want different things of the same products at once: one of them gets his way, the others are told who is in it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, header};
use domain::access::Actor;
use domain::id::OperationId;
use domain::operation::OperationStatus;
use futures::future::join_all;
use serde_json::{Value, json};
use server::api;
use server::orchestrator::Orchestrator;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::test_app::request;
use crate::orchestrator::shop::{Shop, deploy_request};

const PRODUCTS: usize = 10;
/// Of each product.
const CALLERS: usize = 20;

/// What callers want of a product that runs.
fn wishes(product: &str) -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::POST, "/redeploy", json!({})),
        (
            Method::POST,
            "/upgrade",
            json!({ "targetProductId": format!("test:{product}:1.1.0") }),
        ),
        (Method::POST, "", deploy_request(product, "1.0.0")),
        (Method::POST, "/stop-containers", json!({})),
        (Method::POST, "/restart-containers", json!({})),
        (
            Method::PUT,
            "/operation-mode",
            json!({ "mode": "Maintenance" }),
        ),
        (Method::DELETE, "", json!({})),
    ]
}

struct Crowd {
    shop: Shop,
    router: Router,
    /// Names and ids of what is deployed.
    products: Vec<(String, String)>,
}

/// An answer, and to what.
struct Answer {
    product: usize,
    is_deployment: bool,
    status: u16,
    body: Value,
}

impl Crowd {
    /// Ten products that run.
    async fn new() -> (Self, Orchestrator) {
        let shop = Shop::of(PRODUCTS).await;
        let orchestrator = shop.orchestrator().await;
        let router = door(&shop, &orchestrator);
        let mut crowd = Self {
            shop,
            router,
            products: Vec::new(),
        };
        for number in 0..PRODUCTS {
            let name = match number {
                0 => "Shop".to_owned(),
                number => format!("Shop{number}"),
            };
            let body = deploy_request(&name, "1.0.0");
            let (status, answer) = crowd.ask(Method::POST, None, "", &body, false).await;
            assert_eq!(
                (status, &answer["status"]),
                (200, &json!("Running")),
                "{answer:#}"
            );
            let id = answer["productDeploymentId"].as_str().unwrap().to_owned();
            crowd.products.push((name, id));
        }
        (crowd, orchestrator)
    }

    async fn ask(
        &self,
        method: Method,
        id: Option<&str>,
        what: &str,
        body: &Value,
        is_async: bool,
    ) -> (u16, Value) {
        let environment = self.shop.environment();
        let mut path = format!("/api/environments/{environment}/product-deployments");
        if let Some(id) = id {
            path = format!("{path}/{id}{what}");
        }
        let mut headers = vec![(header::CONTENT_TYPE.as_str(), "application/json")];
        if is_async {
            headers.push(("prefer", "respond-async"));
        }
        let request = request(method, &path, Body::from(body.to_string()), &headers);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// All at once.
    async fn rush(&self) -> Vec<Answer> {
        let mut calls = Vec::new();
        for caller in 0..CALLERS {
            for (product, (name, id)) in self.products.iter().enumerate() {
                let wishes = wishes(name);
                // Everybody comes with something else.
                let (method, what, body) = wishes[(caller + product) % wishes.len()].clone();
                calls.push(async move {
                    let is_deployment = method == Method::POST && what.is_empty();
                    let id = (!is_deployment).then_some(id.as_str());
                    let (status, body) = self.ask(method, id, what, &body, true).await;
                    Answer {
                        product,
                        is_deployment,
                        status,
                        body,
                    }
                });
            }
        }
        join_all(calls).await
    }

    async fn must_be_at_rest(&self, orchestrator: &Orchestrator, accepted: &[OperationId]) {
        for operation in accepted {
            self.shop.world.until_end(orchestrator, *operation).await;
            let status = self.shop.world.status(*operation).await;
            assert_eq!(status, OperationStatus::Succeeded);
        }
        self.shop.world.must_be_sound().await;
    }
}

fn door(shop: &Shop, orchestrator: &Orchestrator) -> Router {
    let state = shop.state(orchestrator);
    api::guard(api::router(state, CancellationToken::new()), false)
}

fn operation(answer: &Answer) -> OperationId {
    answer.body["operationId"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_callers_one_of_each_product_must_get_his_way() {
    let (mut crowd, orchestrator) = Crowd::new().await;
    orchestrator.stop().await;
    // Whoever is accepted is in the way of all others until somebody carries it out.
    let world = &crowd.shop.world;
    let idle = world.idle_orchestrator("a", world.clock.clock());
    crowd.router = door(&crowd.shop, &idle);
    let answers = crowd.rush().await;
    assert_eq!(answers.len(), PRODUCTS * CALLERS);
    let mut accepted: BTreeMap<usize, OperationId> = BTreeMap::new();
    for answer in &answers {
        let said = answer.body["detail"].as_str().unwrap_or_default();
        match (answer.status, answer.is_deployment) {
            (202, false) => {
                let before = accepted.insert(answer.product, operation(answer));
                assert_eq!(before, None, "a second one: {:#}", answer.body);
            }
            (400, true) => assert!(
                said.starts_with("A deployment is already in progress for product")
                    || said
                        .ends_with("is already deployed (status: Running). Use upgrade instead."),
                "{said}"
            ),
            (409, false) => assert!(
                said.contains(" is in progress. It was started by local operator at "),
                "{said}"
            ),
            other => panic!("{other:?}: {:#}", answer.body),
        }
    }
    assert_eq!(accepted.len(), PRODUCTS);
    idle.start().await.unwrap();
    let accepted: Vec<OperationId> = accepted.into_values().collect();
    crowd.must_be_at_rest(&idle, &accepted).await;
    idle.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_operations_of_one_product_may_ever_overlap() {
    let (crowd, orchestrator) = Crowd::new().await;
    crowd
        .shop
        .world
        .engine
        .set_latency(Duration::from_millis(1));
    let mut accepted = Vec::new();
    for answer in crowd.rush().await {
        match answer.status {
            202 => accepted.push(operation(&answer)),
            // In that mode already; not as it is now; somebody is in the way.
            200 | 400 | 409 => {}
            other => panic!("{other}: {:#}", answer.body),
        }
    }
    assert!(accepted.len() >= PRODUCTS);
    crowd.must_be_at_rest(&orchestrator, &accepted).await;
    let mut spans: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    for id in &accepted {
        let operation = crowd
            .shop
            .world
            .operations(&orchestrator)
            .get_operation(&Actor::LocalOperator, &id.to_string())
            .await
            .unwrap();
        let span = (
            operation.created_at.millis(),
            operation.finished_at.unwrap().millis(),
        );
        spans
            .entry(operation.product_deployment_id.to_string())
            .or_default()
            .push(span);
    }
    for mut spans in spans.into_values() {
        spans.sort_unstable();
        let overlap = spans.windows(2).find(|pair| pair[1].0 < pair[0].1);
        assert_eq!(overlap, None, "{spans:?}");
    }
    orchestrator.stop().await;
}
