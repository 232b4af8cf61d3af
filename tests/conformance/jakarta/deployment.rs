//! Deploying: what is refused, whole and with its reason, and what is added, replaced and removed.

use std::fs;
use std::path::PathBuf;

use sockhop_tests::{Client, artefacts, eventually, http};
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentInstanceSection,
};

use super::place::Place;
use super::runner::scenarios;

scenarios! {
    "deployment.open-twice" ("negdep/onopen") twice["endpoint"]:
        "a component that exports what opens, hears errors and ends twice is refused",
    "deployment.describe-twice" ("negdep/serverendpoint") twice["deployment"]:
        "a component that describes itself twice is refused",
    "deployment.part-handler-twice" ("negdep/onmessage") twice["parts"]:
        "a component with two handlers of pieces is refused",
    "deployment.pong-handler-twice" ("negdep/onmessage") twice["pongs"]:
        "a component with two handlers of pongs is refused",
    "deployment.malformed-path" ("negdep/malformedpath") refused[
        "bad_path", "`chat/{room`", "does not start with `/`", "/bad-path"
    ]: "a path that is no template is refused by name",
    "deployment.same-path" ("3.1.1-2") refused[
        "duplicate_paths", "`/duplicate-paths/{first}`", "`/duplicate-paths/{second}`",
        "/duplicate-paths"
    ]: "equivalent templates are refused by name, and the good endpoint beside them is not there",
    "deployment.no-handler" ("negdep/onmessage") refused[
        "lacks_endpoint", "lacks the export sockhop:websocket/endpoint@0.1.0", "", "/lacks-endpoint"
    ]: "a component without an endpoint is refused with the name of what it lacks",
    "deployment.no-endpoint" ("ee/server/serverapplicationconfig") refused[
        "no_endpoints", "describes 0 endpoints", "", "/no-endpoints"
    ]: "a component that describes no endpoint is refused",
    "deployment.describe-traps" ("5.2.1-1") refused[
        "traps_in_describe", "trapped in deployment.describe", "", "/traps-in-describe"
    ]: "a component that traps when it is asked is refused",
    "deployment.not-granted" ("5.2.1-1") refused[
        "wants_http", "imports what this host does not grant", "wasi:http/types@0.2", "/wants-http"
    ]: "a component that imports what is not granted is refused with the import's name",
    "deployment.no-component" ("5.2.1-1") no_component: "a file that is no component is refused",
    "deployment.path-taken" ("4.1.1-4") path_taken:
        "a path that another deployment has is refused with the other's name",
    "deployment.refused-changes-nothing" ("5.2.1-3") refused_changes_nothing:
        "a revision that is refused leaves the old one and its sessions as they are",
    "deployment.checked" ("5.2.1-1") checked: "a check without a host gives the same reason",
    "deployment.added" ("spec/servercontainer/addendpoint") added:
        "an endpoint that is added to a running host is served, and one that is removed is not",
    "deployment.replaced" ("hot replacement") replaced:
        "open sessions go on with the old revision while new ones get the new one",
    "deployment.all-or-none" ("ee/server/serverapplicationconfig") all_or_none:
        "all endpoints of a component are served, and no component that is not deployed",
}

/// A component that exports an interface of the contract twice. No tool chain writes one.
fn doubled(interface: &str) -> Vec<u8> {
    let mut instances = ComponentInstanceSection::new();
    instances.export_items(Vec::<(&str, ComponentExportKind, u32)>::new());
    let name = format!("sockhop:websocket/{interface}@0.1.0");
    let mut exports = ComponentExportSection::new();
    for _ in 0..2 {
        exports.export(name.as_str(), ComponentExportKind::Instance, 0, None);
    }
    let mut component = Component::new();
    component.section(&instances).section(&exports);
    component.finish()
}

async fn twice(place: &Place, interface: &str) {
    let deployment = format!("{interface}-twice");
    let file = written(place, &format!("{deployment}.wasm"), &doubled(interface));
    let told = place.host.deploy_refused(&deployment, &file).await;
    let conflict = format!("export name `sockhop:websocket/{interface}@0.1.0` conflicts with");
    assert!(told.contains(&conflict), "{told}");
    assert!(!listed(place, &deployment).await, "it is deployed all the same");
}

fn written(place: &Place, name: &str, bytes: &[u8]) -> PathBuf {
    let file = place.host.folder().join(name);
    fs::write(&file, bytes).expect("our own folder");
    file
}

async fn listed(place: &Place, name: &str) -> bool {
    place.host.list().await.iter().any(|deployment| deployment.name == name)
}

async fn refused(place: &Place, guest: &str, reason: &str, also: &str, path: &str) {
    let name = guest.replace('_', "-");
    let told = place.host.deploy_refused(&name, &artefacts::guest(guest)).await;
    assert!(told.contains(reason) && told.contains(also), "{told}");
    assert!(!listed(place, &name).await, "it is deployed all the same");
    let answer = http::handshake(path).send(place.host.address()).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

async fn no_component(place: &Place) {
    for (name, bytes, reason) in [
        ("text.wasm", &b"#!/bin/sh\n"[..], "not a WebAssembly component"),
        ("core.wasm", b"\0asm\x01\0\0\0", "it is a core module"),
        ("empty.wasm", b"", "the file is empty"),
    ] {
        let told = place.host.deploy_refused("refused", &written(place, name, bytes)).await;
        assert!(told.contains(reason), "{told}");
    }
}

async fn path_taken(place: &Place) {
    let told = place.host.deploy_refused("second", &artefacts::guest("changed_echo")).await;
    assert!(told.contains("`/echo`") && told.contains("taken by the deployment echo"), "{told}");
    assert_eq!(place.host.connect("/echo").await.ask("x").await, "x");
    assert!(!listed(place, "second").await);
}

async fn refused_changes_nothing(place: &Place) {
    let mut before = place.host.connect("/directory/kept").await;
    let id = before.ask("id").await;
    let deployed = place.host.deployment("directory").await.revisions[0].number;
    for guest in ["bad_path", "traps_in_describe", "lacks_endpoint"] {
        place.host.deploy_refused("directory", &artefacts::guest(guest)).await;
    }
    assert_eq!(before.ask("id").await, id);
    assert_eq!(place.host.connect("/directory/kept").await.ask("count kept").await, "2");
    assert_eq!(place.host.deployment("directory").await.revisions[0].number, deployed);
}

async fn checked(place: &Place) {
    for (guest, reason) in [
        ("bad_path", "does not start with `/`"),
        ("duplicate_paths", "`/duplicate-paths/{second}`"),
        ("lacks_endpoint", "lacks the export"),
    ] {
        let file = artefacts::guest(guest);
        let told = place.host.cli(&["check", file.to_str().expect("UTF-8")]).await;
        let told = told.failed_at_last(1);
        assert!(told.contains(reason), "{told}");
    }
}

async fn added(place: &Place) {
    let path = "/errs-in-close";
    assert_eq!(http::handshake(path).send(place.host.address()).await.status, 404);
    place.host.deploy("added", "errs_in_close", &[]).await;
    let mut client = place.host.connect(path).await;
    assert_eq!(client.ask("hello").await, "hello");
    let undeployed = async { place.host.cli(&["undeploy", "added"]).await.succeeded() };
    let (_, closed) = tokio::join!(undeployed, client.closed());
    assert_eq!(closed.code, 1001);
    assert_eq!(http::handshake(path).send(place.host.address()).await.status, 404);
}

async fn replaced(place: &Place) {
    let answers = async |client: &mut Client| client.ask("hello").await == "hello";
    place.host.deploy("drained", "sends_after_close", &[]).await;
    let mut old = place.host.connect("/sends-after-close").await;
    assert!(answers(&mut old).await);
    place.host.deploy("drained", "sends_after_close", &["--strategy", "drain"]).await;
    let mut new = place.host.connect("/sends-after-close").await;
    assert!(answers(&mut new).await && answers(&mut old).await);
    let both = place.host.deployment("drained").await;
    assert_eq!(both.states(), [(2, "current", 1), (1, "draining", 1)]);
    old.close(None).await;
    eventually("the old revision to be gone", async || {
        (place.host.deployment("drained").await.states() == [(2, "current", 1)]).then_some(())
    })
    .await;
    assert!(answers(&mut new).await);
}

async fn all_or_none(place: &Place) {
    let deployment = place.host.deployment("jakarta_paths").await;
    let endpoints = &deployment.revisions[0].endpoints;
    assert_eq!(endpoints.len(), 17, "{endpoints:?}");
    for path in ["/paths/a", "/paths/{e}/{f}/{g}", "/paths-b/{v}/d"] {
        assert!(endpoints.iter().any(|endpoint| endpoint == path), "{path}");
    }
    assert_eq!(http::handshake("/grabs").send(place.host.address()).await.status, 404);
    assert!(!listed(place, "grabs").await);
}
