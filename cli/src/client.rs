//! The REST interface as calls. Every call has a deadline and every answer a limit; refusals come back as problems.

use std::fmt::Write as _;
use std::time::Duration;

use domain::deployment::ProductStatus;
use domain::operation::OperationKind;
use domain::wire::{
    AcceptedOperation, DeployProductRequest, DeploymentList, EnvironmentList, EnvironmentView,
    EventPage, OperationModeResult, OperationView, PlanRequest, PlanView, Problem,
    ProductDeploymentDetail, ProductDetail, ProductSummary, ReleaseDiff, ReleaseList, UpgradeCheck,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Response;
use ureq::typestate::WithBody;
use ureq::{Agent, Body, RequestBuilder};

use crate::args::ServerUrl;
use crate::failure::Failure;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// No call waits for the end of an operation, so none takes long.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A page of events may hold many lines of output.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// A server and how to talk to it.
pub(crate) struct Client {
    agent: Agent,
    server: ServerUrl,
}

/// How a change is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Post,
    Put,
    Delete,
}

/// What came of the wish to change something.
#[derive(Debug)]
pub(crate) enum Begun {
    /// An operation works on it.
    Operation(AcceptedOperation),
    /// It is as wanted already.
    Nothing(Box<OperationModeResult>),
}

/// What a list of deployments shall hold.
#[derive(Debug, Default)]
pub(crate) struct DeploymentFilter<'a> {
    pub(crate) status: Option<ProductStatus>,
    pub(crate) search: Option<&'a str>,
    pub(crate) page: Option<u32>,
}

impl Client {
    /// A client of one server. Nothing is sent yet.
    pub(crate) fn new(server: ServerUrl) -> Self {
        let agent = Agent::config_builder()
            .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_global(Some(ANSWER_WITHIN))
            .max_redirects(0)
            // A proxy for the web must not come between a machine and its own loopback address.
            .proxy(None)
            .build()
            .new_agent();
        Self { agent, server }
    }

    /// All environments.
    pub(crate) fn environments(&self) -> Result<Vec<EnvironmentView>, Failure> {
        let list: EnvironmentList = self.get("/api/environments")?;
        Ok(list.environments)
    }

    /// The newest version of every product.
    pub(crate) fn products(&self) -> Result<Vec<ProductSummary>, Failure> {
        self.get("/api/products")
    }

    /// One product by its id or its group's.
    pub(crate) fn product(&self, id: &str) -> Result<ProductDetail, Failure> {
        self.get(&format!("/api/products/{}", escaped(id)))
    }

    /// Begins a deployment and does not wait for its end.
    pub(crate) fn deploy(
        &self,
        environment: &str,
        request: &DeployProductRequest,
    ) -> Result<AcceptedOperation, Failure> {
        let path = deployments_of(environment);
        let sent = self.send(self.agent.post(self.url(&path)), request)?;
        self.answer(sent)
    }

    /// Begins a change of a deployed product and does not wait for its end.
    pub(crate) fn change(
        &self,
        environment: &str,
        deployment: &str,
        verb: Verb,
        path: &str,
        body: &Value,
    ) -> Result<Begun, Failure> {
        let url = format!(
            "{}/{}{path}",
            self.url(&deployments_of(environment)),
            escaped(deployment)
        );
        let request = match verb {
            Verb::Post => self.agent.post(url),
            Verb::Put => self.agent.put(url),
            Verb::Delete => self.agent.delete(url).force_send_body(),
        };
        let answer: Value = self.answer(self.send(request, body)?)?;
        let begun = match answer["operationId"].is_string() {
            true => serde_json::from_value(answer).map(Begun::Operation),
            false => serde_json::from_value(answer).map(Begun::Nothing),
        };
        begun.map_err(|source| Failure::NotUnderstood {
            server: self.server.as_str().to_owned(),
            status: 200,
            source,
        })
    }

    /// What a change would do.
    pub(crate) fn plan(
        &self,
        environment: &str,
        deployment: &str,
        operation: OperationKind,
        request: &Value,
    ) -> Result<PlanView, Failure> {
        let path = format!(
            "{}/{}/plan",
            deployments_of(environment),
            escaped(deployment)
        );
        let wanted = PlanRequest {
            operation,
            request: request.clone(),
        };
        let sent = self.send(self.agent.post(self.url(&path)), &wanted)?;
        self.answer(sent)
    }

    /// What a product could be upgraded to.
    pub(crate) fn check_upgrade(
        &self,
        environment: &str,
        deployment: &str,
    ) -> Result<UpgradeCheck, Failure> {
        let base = deployments_of(environment);
        self.get(&format!("{base}/{}/upgrade/check", escaped(deployment)))
    }

    /// A page of a product's releases.
    pub(crate) fn releases(
        &self,
        environment: &str,
        deployment: &str,
        page: Option<u32>,
    ) -> Result<ReleaseList, Failure> {
        let base = deployments_of(environment);
        let query = page.map(|page| format!("?page={page}")).unwrap_or_default();
        self.get(&format!("{base}/{}/releases{query}", escaped(deployment)))
    }

    /// What differs between two releases.
    pub(crate) fn diff(
        &self,
        environment: &str,
        deployment: &str,
        from: u32,
        to: u32,
    ) -> Result<ReleaseDiff, Failure> {
        let base = deployments_of(environment);
        let deployment = escaped(deployment);
        self.get(&format!(
            "{base}/{deployment}/releases/diff?from={from}&to={to}"
        ))
    }

    /// One operation.
    pub(crate) fn operation(&self, id: &str) -> Result<OperationView, Failure> {
        self.get(&format!("/api/operations/{}", escaped(id)))
    }

    /// Asks an operation to stop.
    pub(crate) fn cancel(&self, id: &str) -> Result<OperationView, Failure> {
        let url = self.url(&format!("/api/operations/{}/cancel", escaped(id)));
        let sent = self
            .agent
            .post(url)
            .header("Accept", "application/json")
            .send_empty();
        self.answer(sent)
    }

    /// Events of an operation after one that is known.
    pub(crate) fn events(&self, id: &str, after: i64) -> Result<EventPage, Failure> {
        self.get(&format!(
            "/api/operations/{}/events?after={after}",
            escaped(id)
        ))
    }

    /// A page of what is deployed.
    pub(crate) fn deployments(
        &self,
        environment: &str,
        filter: &DeploymentFilter<'_>,
    ) -> Result<DeploymentList, Failure> {
        self.get(&format!(
            "{}{}",
            deployments_of(environment),
            query_of(filter)
        ))
    }

    /// One deployed product.
    pub(crate) fn deployment(
        &self,
        environment: &str,
        id: &str,
    ) -> Result<ProductDeploymentDetail, Failure> {
        self.get(&format!("{}/{}", deployments_of(environment), escaped(id)))
    }

    /// Sends JSON and does not wait for what it begins. The outer failure is one of this program.
    fn send(
        &self,
        request: RequestBuilder<WithBody>,
        body: &impl Serialize,
    ) -> Result<Result<Response<Body>, ureq::Error>, Failure> {
        // A request is made of strings and lists: it always has a JSON form.
        let body = serde_json::to_vec(body).map_err(|error| Failure::Output(error.into()))?;
        Ok(request
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .header("Prefer", "respond-async")
            .send(&body))
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let sent = self
            .agent
            .get(self.url(path))
            .header("Accept", "application/json")
            .call();
        self.answer(sent)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.as_str())
    }

    fn answer<T: DeserializeOwned>(
        &self,
        sent: Result<Response<Body>, ureq::Error>,
    ) -> Result<T, Failure> {
        let unreachable = |source| Failure::Unreachable {
            server: self.server.as_str().to_owned(),
            source: Box::new(source),
        };
        let mut response = sent.map_err(unreachable)?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(MAX_ANSWER);
        let body = body.read_to_vec().map_err(unreachable)?;
        let not_understood = |source| Failure::NotUnderstood {
            server: self.server.as_str().to_owned(),
            status: status.as_u16(),
            source,
        };
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(not_understood);
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Err(Failure::Refused(Box::new(problem))),
            Err(error) => Err(not_understood(error)),
        }
    }
}

fn deployments_of(environment: &str) -> String {
    format!(
        "/api/environments/{}/product-deployments",
        escaped(environment)
    )
}

fn query_of(filter: &DeploymentFilter<'_>) -> String {
    let pairs = [
        ("status", filter.status.map(|status| status.to_string())),
        ("search", filter.search.map(escaped)),
        ("page", filter.page.map(|page| page.to_string())),
    ];
    let mut query = String::new();
    for (name, value) in pairs {
        if let Some(value) = value {
            let separator = if query.is_empty() { '?' } else { '&' };
            query.push_str(&format!("{separator}{name}={value}"));
        }
    }
    query
}

/// Text as one part of a path, or as a value of a query.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                out.push(char::from(byte));
            }
            // Writing to a string does not fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_one_part_of_a_path() {
        assert_eq!(escaped("demo:My Shop:1.0.0"), "demo:My%20Shop:1.0.0");
        assert_eq!(escaped("../a?b#c%"), "..%2Fa%3Fb%23c%25");
        assert_eq!(escaped("ü"), "%C3%BC");
    }

    #[test]
    fn filters_become_a_query() {
        assert_eq!(query_of(&DeploymentFilter::default()), "");
        let filter = DeploymentFilter {
            status: Some(ProductStatus::Running),
            search: Some("a b&c"),
            page: Some(2),
        };
        assert_eq!(query_of(&filter), "?status=Running&search=a%20b%26c&page=2");
    }
}
