//! `openapi.json` against the server: what it promises is there, and nothing else is.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response,
    header::{CONTENT_TYPE, ORIGIN},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::harness::{PATIENCE, Served, TOKEN};
use crate::{
    admin::{
        COMPONENT_MAX_BYTES, SESSIONS_LISTED_MAX, error::ErrorCode, limits::Limits,
        overview::DOCUMENT, route::ROUTES,
    },
    config::Strategy,
    deployments::log::{BYTES_MAX, LINES_MAX},
};

/// What happens with a request, as method, path of the document and status.
type Case = (String, String, String);

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// The value that a `$ref` stands for, or the value itself.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// The document's paths, each with its methods and their description.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if method != "parameters" {
                operations.push((method.to_uppercase(), path.clone(), operation));
            }
        }
    }
    operations
}

/// Forbids members that a schema does not name, so that a member is not sent without being
/// described.
fn close(schema: &mut Value) {
    if let Value::Object(members) = schema {
        if members.contains_key("properties") {
            members.insert("additionalProperties".into(), json!(false));
        }
        members.values_mut().for_each(close);
    } else if let Value::Array(items) = schema {
        items.iter_mut().for_each(close);
    }
}

fn check_body(document: &Value, schema: &Value, body: &[u8]) {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    close(&mut whole);
    let validator = jsonschema::options().should_validate_formats(true).build(&whole).unwrap();
    let body: Value = serde_json::from_slice(body).unwrap();
    let errors: Vec<_> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {body}");
}

/// Holds an answer against the document.
fn check(document: &Value, case: &Case, response: &Response<Bytes>) {
    let (method, path, status) = case;
    let operation = &document["paths"][path][method.to_lowercase()];
    let described = resolved(document, &operation["responses"][status]);
    let content = described["content"].as_object().unwrap_or_else(|| panic!("{case:?}"));
    let media_type = response.headers()[CONTENT_TYPE].to_str().unwrap();
    let schema = &content[media_type]["schema"];
    if media_type == "application/x-ndjson" {
        let lines: Vec<_> = response.body().split(|byte| *byte == b'\n').collect();
        let (end, lines) = lines.split_last().unwrap();
        assert!(end.is_empty() && !lines.is_empty());
        lines.iter().for_each(|line| check_body(document, schema, line));
    } else {
        check_body(document, schema, response.body());
    }
}

#[test]
fn the_document_and_the_route_table_have_the_same_paths_and_methods() {
    let document = document();
    let described: BTreeSet<_> =
        operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    let served: BTreeSet<_> = ROUTES
        .iter()
        .flat_map(|route| route.methods.iter().map(move |(method, _)| (method, route.path)))
        .map(|(method, path)| (method.to_string(), path.to_owned()))
        .collect();
    assert_eq!(described, served);
}

#[test]
fn the_document_has_the_words_and_limits_of_the_code() {
    let document = document();
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Error"]["properties"]["error"]["properties"]["code"]["enum"], json!(codes));
    let strategies = [Strategy::Drain, Strategy::Restart].map(Strategy::as_str);
    assert_eq!(schemas["Strategy"]["enum"], json!(strategies));
    let sessions = &schemas["SessionList"]["properties"]["sessions"]["description"];
    let path = |path: &str, method: &str| document["paths"][path][method].clone();
    let component = &path("/v1/deployments/{name}", "put")["requestBody"]["description"];
    let log = &path("/v1/deployments/{name}/logs", "get")["description"];
    for (text, limit) in [
        (sessions, SESSIONS_LISTED_MAX),
        (component, COMPONENT_MAX_BYTES),
        (log, LINES_MAX),
        (log, BYTES_MAX),
    ] {
        assert!(text.as_str().unwrap().contains(&limit.to_string()), "{limit}: {text}");
    }
}

/// For each status that is described, a request that is answered with it. Those that a plain
/// request brings about; [`special_cases`] has the others.
const PLAIN: &[(&str, &str, &str, &str, &str)] = &[
    // Method, path of the document, path of the request, body, status.
    ("GET", "/v1/host", "/v1/host", "", "200"),
    ("GET", "/v1/host", "/v1/host?x=", "", "400"),
    ("GET", "/v1/openapi.json", "/v1/openapi.json", "", "200"),
    ("GET", "/v1/openapi.json", "/v1/openapi.json?x=", "", "400"),
    ("GET", "/v1/sessions", "/v1/sessions", "", "200"),
    ("GET", "/v1/sessions", "/v1/sessions?deployment=idle", "", "200"),
    ("GET", "/v1/sessions", "/v1/sessions?deployment=-", "", "400"),
    ("GET", "/v1/sessions", "/v1/sessions?deployment=nobody", "", "404"),
    ("GET", "/v1/deployments", "/v1/deployments", "", "200"),
    ("GET", "/v1/deployments", "/v1/deployments?x=", "", "400"),
    ("GET", "/v1/deployments/{name}", "/v1/deployments/echo", "", "200"),
    ("GET", "/v1/deployments/{name}", "/v1/deployments/-", "", "400"),
    ("GET", "/v1/deployments/{name}", "/v1/deployments/nobody", "", "404"),
    ("PUT", "/v1/deployments/{name}", "/v1/deployments/echo?strategy=restart", "x", "200"),
    ("PUT", "/v1/deployments/{name}", "/v1/deployments/echo", "new", "201"),
    ("PUT", "/v1/deployments/{name}", "/v1/deployments/-", "x", "400"),
    ("PUT", "/v1/deployments/{name}", "/v1/deployments/echo", "busy", "409"),
    ("PUT", "/v1/deployments/{name}", "/v1/deployments/echo", "larger than all", "413"),
    ("PUT", "/v1/deployments/{name}", "/v1/deployments/echo", "refused", "422"),
    ("PUT", "/v1/deployments/{name}", "/v1/deployments/echo", "broken", "500"),
    ("PUT", "/v1/deployments/{name}", "/v1/deployments/echo", "full", "503"),
    ("DELETE", "/v1/deployments/{name}", "/v1/deployments/echo", "", "200"),
    ("DELETE", "/v1/deployments/{name}", "/v1/deployments/-", "", "400"),
    ("DELETE", "/v1/deployments/{name}", "/v1/deployments/nobody", "", "404"),
    ("DELETE", "/v1/deployments/{name}", "/v1/deployments/busy", "", "409"),
    ("DELETE", "/v1/deployments/{name}", "/v1/deployments/broken", "", "500"),
    ("GET", "/v1/deployments/{name}/logs", "/v1/deployments/echo/logs", "", "200"),
    ("GET", "/v1/deployments/{name}/logs", "/v1/deployments/echo/logs?follow=1", "", "400"),
    ("GET", "/v1/deployments/{name}/logs", "/v1/deployments/nobody/logs", "", "404"),
    ("GET", "/v1/deployments/{name}/logs", "/v1/deployments/echo/logs?follow=true", "", "503"),
];

/// The cases that take more than a path and a body: each has its status, and a body that is no
/// component where one is answered.
async fn special_cases(served: &Served) -> Vec<(Case, Response<Bytes>)> {
    let mut cases = Vec::new();
    for (method, path, _) in operations(&document()) {
        let real = path.replace("{name}", "echo");
        let typed = || method.parse::<Method>().unwrap();
        let browser = served.request(typed(), &real).header(ORIGIN, "null");
        let stranger = Request::builder().method(typed()).uri(&real).header("host", "localhost");
        for (request, status) in [(browser, "403"), (stranger, "401")] {
            let response = served.send(request.body(Full::default()).unwrap()).await;
            cases.push(((method.clone(), path.clone(), status.into()), response));
        }
    }
    let path = "/v1/deployments/echo";
    let case = |status: &str| ("PUT".into(), "/v1/deployments/{name}".into(), status.to_owned());
    let mut untyped = served.request(Method::PUT, path).body(Full::from("x")).unwrap();
    untyped.headers_mut().remove(CONTENT_TYPE);
    cases.push((case("415"), served.send(untyped).await));
    let answer = served
        .raw(&format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/wasm\r\nContent-Length: 9\r\n\r\nhalf"
        ))
        .await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    let late = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    cases.push((case("408"), late.body(Bytes::from(body.to_owned())).unwrap()));
    cases
}

#[tokio::test]
async fn every_described_status_is_answered_as_described() {
    let limits = Limits {
        component_max_bytes: 10,
        body_idle_timeout: Duration::from_millis(50),
        discard_timeout: Duration::from_millis(50),
        followers_max: 0,
        ..Limits::default()
    };
    let served = Served::with_limits(limits).await;
    served.host.echo_log().note("a line");
    let document = document();
    let mut answered = timeout(PATIENCE, special_cases(&served)).await.unwrap();
    for (method, template, path, body, status) in PLAIN {
        let response = served.ask(method.parse().unwrap(), path, body).await;
        let case = ((*method).into(), (*template).into(), (*status).to_owned());
        answered.push((case, response));
    }
    for (case, response) in &answered {
        assert_eq!(response.status().as_str(), case.2, "{case:?}: {response:?}");
        check(&document, case, response);
    }
    let described: BTreeSet<Case> = operations(&document)
        .iter()
        .flat_map(|(method, path, operation)| {
            let statuses = operation["responses"].as_object().unwrap().keys();
            statuses.map(|status| (method.clone(), path.clone(), status.clone()))
        })
        .collect();
    assert_eq!(answered.into_iter().map(|(case, _)| case).collect::<BTreeSet<_>>(), described);
}

#[tokio::test]
async fn a_place_of_missed_lines_is_described() {
    let document = document();
    let schema = json!({"$ref": "#/components/schemas/LogEntry"});
    let entry = crate::admin::model::LogEntry::Missed { missed: 3 };
    check_body(&document, &schema, &serde_json::to_vec(&entry).unwrap());
}
