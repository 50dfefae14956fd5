//! The OpenAPI 3.1 document, made from the list of endpoints and the wire types. Nothing in it is written by hand twice.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use domain::wire::Problem;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::endpoint::{Answer, Endpoint, NO_BODY, Parameter};

/// The whole document.
pub(super) fn document(endpoints: &[Endpoint]) -> Value {
    // What callers send may leave out what has a default; what they get always has it.
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
    };
    let mut sent = settings().for_deserialize().into_generator();
    let mut given = settings().for_serialize().into_generator();
    let problem = given.subschema_for::<Problem>();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for endpoint in endpoints {
        let operation = operation(endpoint, &mut sent, &mut given, &problem);
        let method = endpoint.method.as_str().to_ascii_lowercase();
        paths
            .entry(format!("/api{}", endpoint.path))
            .or_default()
            .insert(method, operation);
    }
    let mut schemas = given.take_definitions(true);
    schemas.extend(sent.take_definitions(true));
    schemas.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Windlass",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Deploys whole products on container engines, as operations that always end in a known state.",
        },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn operation(
    endpoint: &Endpoint,
    sent: &mut SchemaGenerator,
    given: &mut SchemaGenerator,
    problem: &Schema,
) -> Value {
    let mut parameters = path_parameters(endpoint.path);
    parameters.extend(
        endpoint
            .parameters
            .iter()
            .map(|parameter| described(parameter, sent)),
    );
    let mut responses: BTreeMap<String, Value> = BTreeMap::new();
    for answer in &endpoint.answers {
        let known = responses
            .entry(answer.status.as_u16().to_string())
            .or_insert_with(|| json!({ "description": answer.text, "content": {} }));
        add(known, answer, given);
    }
    responses.insert(
        "default".to_owned(),
        json!({
            "description": "Refused or failed; the status is in the body, too.",
            "content": { "application/problem+json": { "schema": problem } },
        }),
    );
    let mut operation = json!({
        "operationId": endpoint.id,
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(request) = endpoint.request {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": request(sent) } },
        });
    }
    operation
}

/// One more media type of an answer.
fn add(known: &mut Value, answer: &Answer, given: &mut SchemaGenerator) {
    if answer.media_type != NO_BODY {
        known["content"][answer.media_type] = json!({ "schema": (answer.schema)(given) });
    }
    for (name, text) in answer.headers {
        known["headers"][*name] = json!({ "description": text, "schema": { "type": "string" } });
    }
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        known["headers"]["Retry-After"] = json!({ "schema": { "type": "integer" } });
    }
}

/// `/environments/{environmentId}` has one.
fn path_parameters(path: &str) -> Vec<Value> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            json!({ "in": "path", "name": name, "required": true, "schema": { "type": "string" } })
        })
        .collect()
}

fn described(parameter: &Parameter, sent: &mut SchemaGenerator) -> Value {
    json!({
        "in": parameter.place,
        "name": parameter.name,
        "description": parameter.text,
        "schema": (parameter.schema)(sent),
    })
}
