//! The API reference (OpenAPI 3.1), made from the table of routes.

use super::ask::Nothing;
use super::route::{Needs, Route};
use crate::refusal::RefusalBody;
use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AnyOfBuilder, ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Content, InfoBuilder, License, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder,
    Schema,
};

/// Named schemas, as they are met.
#[derive(Default)]
pub struct Parts {
    schemas: BTreeMap<String, RefOr<Schema>>,
    /// Names that two of them have.
    twice: Vec<String>,
}

impl Parts {
    /// Where the schema of `T` is found; it is added with all it is made of.
    pub fn schema<T: ToSchema + 'static>(&mut self) -> RefOr<Schema> {
        let mut used = Vec::new();
        T::schemas(&mut used);
        for (name, schema) in used {
            self.name(name, schema);
        }
        // A generic type has no name of its own.
        if type_name::<T>().contains('<') {
            return T::schema();
        }
        let name = T::name().into_owned();
        self.name(name.clone(), T::schema());
        Ref::from_schema_name(name).into()
    }

    fn name(&mut self, name: String, schema: RefOr<Schema>) {
        match self.schemas.get(&name) {
            Some(known) if *known == schema => {}
            Some(_) => self.twice.push(name),
            None => drop(self.schemas.insert(name, schema)),
        }
    }

    /// A body of type `B`, unless there is none.
    pub fn body<B: ToSchema + 'static>(&mut self) -> Option<RefOr<Schema>> {
        (TypeId::of::<B>() != TypeId::of::<Nothing>()).then(|| self.schema::<B>())
    }
}

/// The reference of these routes.
pub fn document(routes: &[Route]) -> OpenApi {
    let mut parts = Parts::default();
    let refusal = parts.schema::<RefusalBody>();
    let refused = |(_, name, about): (u16, &str, &str)| {
        let body = Content::new(Some(refusal.clone()));
        let response = ResponseBuilder::new().description(about).content("application/json", body);
        (name.to_owned(), response.build())
    };
    let mut paths = PathsBuilder::new();
    for route in routes {
        let operation = operation(route, &mut parts);
        let item = PathItem::new(method(route), operation);
        paths = paths.path(route.path, item);
    }
    let components = ComponentsBuilder::new()
        .schemas_from_iter(parts.schemas)
        .responses_from_iter(REFUSALS.map(refused))
        .security_scheme(
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                "__Host-ringfence",
                "A session, from POST /v1/login. Changes also need the header X-Ringfence: 1.",
            ))),
        )
        .security_scheme(
            "key",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some("An API key, from POST /v1/keys"))
                    .build(),
            ),
        )
        .build();
    let mut info =
        InfoBuilder::new().title("Ringfence").version("1").description(Some(ABOUT)).build();
    info.license = Some(License::new("Apache-2.0"));
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
}

const ABOUT: &str = "Times are RFC 3339 in UTC, money is an integer of millionths, ids are strings. Lists are \
pages: give `next` as `after`. A change of what has an `ETag` needs `If-Match`. A POST may carry an \
`Idempotency-Key`; the same request with the same key is carried out once within 24 hours. `X-Reason` is kept \
in the audit log. What may not be seen does not exist: 404.";

fn operation(route: &Route, parts: &mut Parts) -> OperationBuilder {
    let (parameters, body, answer) = (route.describe)(parts);
    let mut operation = OperationBuilder::new()
        .tag(tag(route.path))
        .operation_id(Some(operation_id(route)))
        .summary(Some(route.summary))
        .description(Some(needs(route.needs)))
        .response(route.status.as_u16().to_string(), answer);
    let has_query = parameters.iter().any(|of| of.parameter_in == ParameterIn::Query);
    for (status, name, _) in REFUSALS {
        if refuses(route, has_query, status) {
            operation = operation.response(status.to_string(), Ref::from_response_name(name));
        }
    }
    operation = operation.parameters(Some(parameters.into_iter().chain(conditions(route))));
    if route.grave {
        let later = "A proposal was made: a second person must approve it";
        operation = operation.response("202", ResponseBuilder::new().description(later));
    }
    if let Some(schema) = body {
        let body = RequestBodyBuilder::new()
            .content("application/json", Content::new(Some(schema)))
            .required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    match route.needs {
        Needs::Nothing => operation.securities(Some([SecurityRequirement::default()])),
        Needs::Login | Needs::Person => operation.security(scheme("session")),
        Needs::Right(_) => operation.security(scheme("session")).security(scheme("key")),
    }
}

/// How a request can be refused: status, the name of the answer in the reference, and what it says.
const REFUSALS: [(u16, &str, &str); 13] = [
    (400, "Malformed", "The request cannot be read: where, and why"),
    (401, "NotLoggedIn", "Nobody is logged in, or the login is not right"),
    (403, "NotAllowed", "The caller may not do this, or not from here, now or so"),
    (404, "NotFound", "It is not there, or the caller may not see it"),
    (409, "Conflict", "The state of things, or the node, is against it"),
    (412, "Outdated", "It was changed since it was read"),
    (413, "TooLarge", "The body is too large"),
    (415, "NotJson", "The body is not JSON by its Content-Type"),
    (422, "Invalid", "The request is understood and makes no sense: why"),
    (428, "Unconditional", "If-Match is missing"),
    (429, "TooMany", "Too many tries; Retry-After says how long to wait"),
    (500, "Broken", "A fault of the program; the log has it under the request id"),
    (
        503,
        "Unavailable",
        "The store or the login provider does not answer, or there is too much to do",
    ),
];

/// Whether a route can answer so.
fn refuses(route: &Route, has_query: bool, status: u16) -> bool {
    let reads = route.method == axum::http::Method::GET;
    let login = route.needs != Needs::Nothing;
    match status {
        401 | 404 => login || !reads,
        409 => matches!(route.needs, Needs::Right(_)) || !reads,
        // Without If-Match it is the settings as a whole that changed meanwhile.
        412 => route.conditional || (login && !reads),
        428 => route.conditional,
        413 | 415 => !reads,
        422 => has_query || !reads,
        429 => !reads && !matches!(route.needs, Needs::Right(_)),
        _ => true,
    }
}

fn scheme(name: &str) -> SecurityRequirement {
    SecurityRequirement::new::<_, [&str; 0], &str>(name, [])
}

fn needs(needs: Needs) -> String {
    match needs {
        Needs::Nothing => "Needs no login.".into(),
        Needs::Login => "Needs a login, the second factor may still be missing.".into(),
        Needs::Person => "Needs a person's full login.".into(),
        Needs::Right(permission) => format!("Needs the right `{}`.", permission.as_str()),
    }
}

fn conditions(route: &Route) -> Vec<Parameter> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let header = |name: &str, required, about: &str, schema: ObjectBuilder| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(required)
            .description(Some(about))
            .schema(Some(schema))
            .build()
    };
    let version =
        route.conditional.then(|| header("If-Match", Required::True, "The ETag read", text()));
    let token = || text().min_length(Some(1)).max_length(Some(128)).pattern(Some("^[!-~]+$"));
    let once = (route.method == axum::http::Method::POST && route.repeatable()).then(|| {
        header("Idempotency-Key", Required::False, "Any token of the caller's own", token())
    });
    version.into_iter().chain(once).collect()
}

fn method(route: &Route) -> HttpMethod {
    match route.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// The first word of the path behind `/v1`.
fn tag(path: &str) -> &str {
    path.split('/').nth(2).unwrap_or_default()
}

/// Such as `post_login_totp`, for generated clients.
fn operation_id(route: &Route) -> String {
    let words = route.path.split('/').skip(2).map(|word| word.trim_matches(['{', '}']));
    let name = words.map(|word| word.replace(['-', '.'], "_")).collect::<Vec<_>>().join("_");
    format!("{}_{name}", route.method.as_str().to_lowercase())
}

/// What is left empty in a query is not given, though it have a form when it is.
pub fn may_be_empty(mut of: Parameter) -> Parameter {
    let has_form = match &of.schema {
        Some(RefOr::T(Schema::Object(schema))) => {
            schema.format.is_some() || schema.pattern.is_some()
        }
        _ => false,
    };
    if of.required != Required::True && has_form {
        let empty = ObjectBuilder::new().schema_type(Type::String).max_length(Some(0));
        let either = |schema| AnyOfBuilder::new().item(schema).item(empty).build();
        of.schema = of.schema.map(|schema| RefOr::T(Schema::AnyOf(either(schema))));
    }
    of
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::routes;

    /// One of the two would be described as the other.
    #[test]
    fn no_two_schemas_have_one_name() {
        let mut parts = Parts::default();
        parts.schema::<RefusalBody>();
        for route in routes() {
            (route.describe)(&mut parts);
        }
        assert_eq!(parts.twice, Vec::<String>::new());
    }
}
