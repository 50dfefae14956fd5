//! One endpoint: how it is reached, what the document says about it, and who answers. The router and the OpenAPI document
//! are made from the same list of these, so they cannot differ.

use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use domain::wire::ProblemKind;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::Door;
use super::problem::{ApiError, problem, status_of};

/// How long an ordinary request may take.
const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// The media type of an answer that has none.
pub(super) const NO_BODY: &str = "";

/// One method of one path.
pub(super) struct Endpoint {
    pub(super) method: Method,
    /// Below `/api`.
    pub(super) path: &'static str,
    /// The use case's verb.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: Vec<Parameter>,
    pub(super) request: Option<SchemaOf>,
    pub(super) answers: Vec<Answer>,
    pub(super) handler: MethodRouter<Door>,
    /// Whether the answer may take as long as it takes.
    unlimited: bool,
}

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A header or a part of the query; those of the path follow from it.
pub(super) struct Parameter {
    pub(super) place: &'static str,
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) schema: SchemaOf,
}

/// One possible answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) media_type: &'static str,
    pub(super) text: &'static str,
    pub(super) schema: SchemaOf,
    pub(super) headers: &'static [(&'static str, &'static str)],
}

impl Endpoint {
    /// `GET`.
    pub(super) fn get<H: Handler<T, Door>, T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::GET, path, id, on(MethodFilter::GET, handler))
    }

    /// `POST`.
    pub(super) fn post<H: Handler<T, Door>, T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::POST, path, id, on(MethodFilter::POST, handler))
    }

    /// `PUT`.
    pub(super) fn put<H: Handler<T, Door>, T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::PUT, path, id, on(MethodFilter::PUT, handler))
    }

    /// `DELETE`.
    pub(super) fn delete<H: Handler<T, Door>, T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::DELETE, path, id, on(MethodFilter::DELETE, handler))
    }

    fn new(
        method: Method,
        path: &'static str,
        id: &'static str,
        handler: MethodRouter<Door>,
    ) -> Self {
        Self {
            method,
            path,
            id,
            summary: "",
            parameters: Vec::new(),
            request: None,
            answers: Vec::new(),
            handler,
            unlimited: false,
        }
    }

    /// One sentence.
    pub(super) fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// A JSON body.
    pub(super) fn takes<T: JsonSchema>(mut self) -> Self {
        self.request = Some(|schemas| schemas.subschema_for::<T>());
        self
    }

    /// A part of the query.
    pub(super) fn query<T: JsonSchema>(self, name: &'static str, text: &'static str) -> Self {
        self.parameter::<T>("query", name, text)
    }

    /// A header of the request.
    pub(super) fn header(self, name: &'static str, text: &'static str) -> Self {
        self.parameter::<String>("header", name, text)
    }

    fn parameter<T: JsonSchema>(
        mut self,
        place: &'static str,
        name: &'static str,
        text: &'static str,
    ) -> Self {
        let schema: SchemaOf = |schemas| schemas.subschema_for::<T>();
        self.parameters.push(Parameter {
            place,
            name,
            text,
            schema,
        });
        self
    }

    /// A JSON answer with status 200.
    pub(super) fn answers<T: JsonSchema>(self, text: &'static str) -> Self {
        self.answers_with::<T>(StatusCode::OK, "application/json", text, &[])
    }

    /// Any other answer.
    pub(super) fn answers_with<T: JsonSchema>(
        mut self,
        status: StatusCode,
        media_type: &'static str,
        text: &'static str,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        let schema: SchemaOf = |schemas| schemas.subschema_for::<T>();
        self.answers.push(Answer {
            status,
            media_type,
            text,
            schema,
            headers,
        });
        self
    }

    /// An answer without a body.
    pub(super) fn answers_nothing(self, text: &'static str) -> Self {
        self.answers_with::<()>(StatusCode::NO_CONTENT, NO_BODY, text, &[])
    }

    /// A refusal that is this endpoint's own.
    pub(super) fn refuses(mut self, kind: ProblemKind, text: &'static str) -> Self {
        self.answers.push(Answer {
            status: status_of(kind),
            media_type: "application/problem+json",
            text,
            schema: |schemas| schemas.subschema_for::<domain::wire::Problem>(),
            headers: &[],
        });
        self
    }

    /// Takes as long as it takes.
    pub(super) fn unlimited(mut self) -> Self {
        self.unlimited = true;
        self
    }

    /// What answers, with its time limit.
    pub(super) fn into_route(self) -> MethodRouter<Door> {
        match self.unlimited {
            true => self.handler,
            false => self.handler.layer(axum::middleware::from_fn(in_time)),
        }
    }
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("a request took too long");
            let seconds = ANSWER_WITHIN.as_secs();
            ApiError(problem(
                ProblemKind::Unavailable,
                "too-slow",
                "It took too long",
                format!(
                    "Windlass could not answer within {seconds} s. Try again in a few seconds."
                ),
            ))
            .into_response()
        }
    }
}
