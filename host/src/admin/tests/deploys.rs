//! Deploys: what is refused, and what happens while one runs.

use std::time::Duration;

use http_body_util::Full;
use hyper::{Method, header::CONTENT_TYPE};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};

use super::harness::{PATIENCE, Served, TOKEN, code};
use crate::admin::{ClientError, limits::Limits};

const PATH: &str = "/v1/deployments/echo";

/// The head of a deploy, to be sent as it is.
fn head(fields: &str) -> String {
    format!(
        "PUT {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/wasm\r\n{fields}\r\n\r\n"
    )
}

#[tokio::test]
async fn each_error_of_the_host_has_a_status_and_a_code() {
    let served = Served::start().await;
    for (component, status, expected) in [
        ("busy", 409, "busy"),
        ("refused", 422, "refused"),
        ("full", 503, "at_capacity"),
        ("broken", 500, "internal"),
        ("panics", 500, "internal"),
    ] {
        let response = served.ask(Method::PUT, PATH, component).await;
        let found = (response.status().as_u16(), code(&response));
        assert_eq!(found, (status, expected.to_owned()), "{component}");
    }
    let error =
        served.client().deploy(&"echo".parse().unwrap(), "refused".into(), None).await.unwrap_err();
    let ClientError::Refused { code, message } = error else { panic!("{error:?}") };
    assert_eq!((code.as_str(), message.as_str()), ("refused", "the word was refused: as told"));
}

#[tokio::test]
async fn a_deploy_that_is_asked_for_wrongly_does_not_reach_the_host() {
    let served = Served::start().await;
    for (path, status, expected) in [
        ("/v1/deployments/echo?strategy=hop", 400, "bad_request"),
        ("/v1/deployments/echo?strategy=", 400, "bad_request"),
        ("/v1/deployments/echo?Strategy=drain", 400, "bad_request"),
        ("/v1/deployments/-echo", 400, "bad_name"),
    ] {
        let response = served.ask(Method::PUT, path, "x").await;
        let found = (response.status().as_u16(), code(&response));
        assert_eq!(found, (status, expected.to_owned()), "{path}");
    }
    for (media_type, status) in [
        (None, 415),
        (Some("text/plain"), 415),
        (Some("application/wasm2"), 415),
        (Some("Application/Wasm; charset=x"), 200),
    ] {
        let mut request = served.request(Method::PUT, PATH).body(Full::from("x")).unwrap();
        request.headers_mut().remove(CONTENT_TYPE);
        if let Some(media_type) = media_type {
            request.headers_mut().insert(CONTENT_TYPE, media_type.parse().unwrap());
        }
        assert_eq!(served.send(request).await.status(), status, "{media_type:?}");
    }
    assert_eq!(served.host.deployed.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_component_may_be_as_large_as_the_limit_and_no_larger() {
    let served =
        Served::with_limits(Limits { component_max_bytes: 1000, ..Limits::default() }).await;
    for (length, status) in [(1000, 200), (1001, 413), (100_000, 413)] {
        let response = served.ask(Method::PUT, PATH, &"x".repeat(length)).await;
        assert_eq!(response.status(), status, "{length}");
    }
    // In chunks, the length shows only as they come.
    let chunks =
        |count| format!("{}0\r\n\r\n", format!("1f4\r\n{}\r\n", "x".repeat(500)).repeat(count));
    for (count, status) in [(2, "200"), (3, "413")] {
        let fields = "Transfer-Encoding: chunked\r\nConnection: close";
        let answer = served.raw(&(head(fields) + &chunks(count))).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    assert_eq!(served.host.deployed.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn who_asks_before_sending_is_told_at_once_that_it_is_too_much() {
    let served = Served::start().await;
    let answer = served.raw(&head("Content-Length: 134217729\r\nExpect: 100-continue")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("at most 134217728 bytes"), "{answer}");
}

#[tokio::test]
async fn a_component_that_stops_coming_is_given_up() {
    let limits = Limits {
        body_idle_timeout: Duration::from_millis(50),
        discard_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = Served::with_limits(limits).await;
    let answer = served.raw(&(head("Content-Length: 100") + "half")).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"timeout\""), "{answer}");
}

#[tokio::test]
async fn a_deploy_beyond_the_places_for_uploads_is_refused_after_a_while() {
    let limits = Limits {
        uploads_max: 1,
        upload_turn_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = Served::with_limits(limits).await;
    let (client, name) = (served.client(), "echo".parse().unwrap());
    let first = tokio::spawn(async move { client.deploy(&name, "waits".into(), None).await });
    timeout(PATIENCE, served.host.waiting.notified()).await.unwrap();
    let response = served.ask(Method::PUT, PATH, "x").await;
    let found = (response.status().as_u16(), code(&response));
    assert_eq!(found, (503, "at_capacity".to_owned()));
    served.host.gate.notify_one();
    assert!(first.await.unwrap().is_ok());
    assert_eq!(served.ask(Method::PUT, PATH, "x").await.status(), 200);
}

#[tokio::test]
async fn a_deploy_is_done_though_its_caller_has_gone() {
    let limits = Limits {
        uploads_max: 1,
        upload_turn_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = Served::with_limits(limits).await;
    let mut caller = TcpStream::connect(served.tcp()).await.unwrap();
    caller.write_all((head("Content-Length: 5") + "waits").as_bytes()).await.unwrap();
    timeout(PATIENCE, served.host.waiting.notified()).await.unwrap();
    drop(caller);
    // Another request is answered on the way, so that the server has seen the caller go.
    assert_eq!(served.ask(Method::GET, "/v1/host", "").await.status(), 200);
    // Its component is still in memory.
    assert_eq!(served.ask(Method::PUT, PATH, "x").await.status(), 503);
    served.host.gate.notify_one();
    timeout(PATIENCE, served.host.ended.notified()).await.unwrap();
    assert_eq!(served.host.deployed.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn undeploys_fail_as_deploys_do() {
    let served = Served::start().await;
    for (name, status) in [("echo", 200), ("busy", 409), ("broken", 500), ("nobody", 404)] {
        let response = served.ask(Method::DELETE, &format!("/v1/deployments/{name}"), "").await;
        assert_eq!(response.status(), status, "{name}");
    }
}
