//! What the API answers to whom it lets in.

use bytes::Bytes;
use hyper::{
    Method,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE},
};

use super::{
    fake::DIGEST,
    harness::{Served, code, socket},
};
use crate::{
    admin::{
        ClientError,
        limits::Limits,
        model::{Principal, RevisionState},
    },
    config::Strategy,
};

#[tokio::test]
async fn the_client_reads_what_the_host_has() {
    let (_folder, _, address) = socket();
    for served in [Served::start().await, Served::at(&address, Limits::default()).await] {
        let client = served.client();
        let host = client.host().await.unwrap();
        assert_eq!((host.instances.live, host.instances.capacity), (2, 1000));
        assert_eq!((host.version.as_str(), host.connections, host.sessions), ("0.1.0", 3, 2));
        assert_eq!(host.listen, ["ws://127.0.0.1:8080"]);

        let list = client.deployments().await.unwrap();
        assert_eq!(list.deployments.len(), 2);
        let echo = client.deployment(&"echo".parse().unwrap()).await.unwrap();
        assert_eq!(list.deployments[0], echo);
        assert_eq!(echo.revisions.len(), 2);
        let draining = &echo.revisions[1];
        assert_eq!((draining.number, draining.state), (1, RevisionState::Draining));
        assert_eq!((draining.digest.as_str(), draining.instancing.as_str()), (DIGEST, "session"));
        assert_eq!(draining.endpoints, ["/echo", "/e/{x}"]);
        assert_eq!(draining.deployed_at.to_string(), "1970-01-01T00:00:01.000Z");

        let sessions = client.sessions(None).await.unwrap();
        assert_eq!((sessions.sessions.len(), sessions.total), (2, 2));
        let session = &sessions.sessions[1];
        assert_eq!((session.id.as_str(), session.subprotocol.as_deref()), ("b", Some("chat.v2")));
        assert_eq!((session.revision, session.queued_bytes), (2, 17));
        let principal = Principal { name: "ada".into(), roles: vec!["admin".into()] };
        assert_eq!(
            (&session.principal, &sessions.sessions[0].principal),
            (&Some(principal), &None)
        );
        assert_eq!(session.opened_at.to_string(), "1970-01-01T00:00:01.500Z");
    }
}

#[tokio::test]
async fn the_client_deploys_and_undeploys() {
    let served = Served::start().await;
    let (client, name) = (served.client(), "echo".parse().unwrap());
    let deployed = client.deploy(&name, "new".into(), None).await.unwrap();
    assert_eq!((deployed.revision, deployed.replaced), (1, None));
    let restart = Some(Strategy::Restart);
    let deployed = client.deploy(&name, Bytes::from(vec![0; 3 << 20]), restart).await.unwrap();
    assert_eq!((deployed.revision, deployed.replaced), (2, Some(1)));
    assert_eq!(deployed.strategy, Strategy::Restart);
    let echo = || "echo".to_owned();
    let expected = [(echo(), 3, None), (echo(), 3 << 20, restart)];
    assert_eq!(*served.host.deployed.lock().unwrap(), expected);
    assert_eq!(client.undeploy(&name).await.unwrap().sessions_closed, 2);
    let error = client.undeploy(&"nobody".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "the word was nobody: as told");
}

#[tokio::test]
async fn sessions_of_one_deployment_are_told_from_a_mistyped_name() {
    let served = Served::start().await;
    let client = served.client();
    let total = async |name: &str| Ok(client.sessions(Some(&name.parse().unwrap())).await?.total);
    assert_eq!(total("echo").await.unwrap(), 2);
    assert_eq!(total("idle").await.unwrap(), 0);
    let error: ClientError = total("ecco").await.unwrap_err();
    assert_eq!(error.to_string(), "nothing is deployed as \"ecco\"");
}

#[tokio::test]
async fn a_long_list_of_sessions_is_cut_and_counted() {
    let limits = Limits { sessions_listed_max: 1, ..Limits::default() };
    let served = Served::with_limits(limits).await;
    let list = served.client().sessions(None).await.unwrap();
    assert_eq!((list.sessions.len(), list.total), (1, 2));
}

#[tokio::test]
async fn what_is_not_there_or_not_understood_is_refused() {
    let served = Served::start().await;
    for (method, path, status, expected) in [
        (Method::GET, "/", 404, "not_found"),
        (Method::GET, "/v1/host/", 404, "not_found"),
        (Method::GET, "/v1/deployments/nobody", 404, "not_found"),
        (Method::GET, "/v1/deployments/nobody/logs", 404, "not_found"),
        (Method::GET, "/v1/sessions?deployment=nobody", 404, "not_found"),
        (Method::GET, "/v1/deployments/Echo", 400, "bad_name"),
        (Method::GET, "/v1/deployments/", 400, "bad_name"),
        (Method::GET, "/v1/deployments/a%2Fb", 400, "bad_name"),
        (Method::GET, "/v1/deployments/%ff", 400, "bad_request"),
        (Method::GET, "/v1/sessions?deployment=Echo", 400, "bad_name"),
        (Method::GET, "/v1/host?x=1", 400, "bad_request"),
        (Method::GET, "/v1/deployments?x", 400, "bad_request"),
        (Method::GET, "/v1/deployments/echo?x=1", 400, "bad_request"),
        (Method::GET, "/v1/openapi.json?x=1", 400, "bad_request"),
        (Method::GET, "/v1/sessions?deployment=echo&deployment=echo", 400, "bad_request"),
        (Method::GET, "/v1/deployments/echo/logs?follow=yes", 400, "bad_request"),
        (Method::DELETE, "/v1/deployments/echo?strategy=drain", 400, "bad_request"),
    ] {
        let response = served.ask(method, path, "").await;
        let found = (response.status().as_u16(), code(&response));
        assert_eq!(found, (status, expected.to_owned()), "{path}");
    }
    assert_eq!(served.ask(Method::GET, "/v1/deployments/%65cho", "").await.status(), 200);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let served = Served::start().await;
    for (method, path, allowed) in [
        (Method::POST, "/v1/host", "GET"),
        (Method::HEAD, "/v1/host", "GET"),
        (Method::POST, "/v1/deployments/echo", "DELETE, GET, PUT"),
        (Method::OPTIONS, "/v1/deployments/echo/logs", "GET"),
    ] {
        let response = served.ask(method.clone(), path, "").await;
        assert_eq!(response.status(), 405, "{method} {path}");
        assert_eq!(response.headers()[ALLOW], allowed);
    }
}

#[tokio::test]
async fn no_answer_is_kept_or_taken_for_a_page() {
    let served = Served::start().await;
    for path in ["/v1/host", "/v1/openapi.json", "/v1/nowhere"] {
        let response = served.ask(Method::GET, path, "").await;
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json", "{path}");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}
