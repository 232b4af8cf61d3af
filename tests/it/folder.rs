//! The deploy folder: what is in it is deployed.

use std::fs;
use std::path::PathBuf;

use sockhop_tests::{Client, TestHost, artefacts, eventually, http};

/// A host with a deploy folder, and the folder. `app.wasm` may be in it from the start.
async fn host_with_folder(first: Option<&str>) -> (TestHost, PathBuf) {
    let builder = TestHost::builder();
    let folder = builder.folder().join("deploy");
    fs::create_dir(&folder).expect("our own folder");
    if let Some(guest) = first {
        fs::copy(artefacts::guest(guest), folder.join("app.wasm")).expect("our own folder");
    }
    let arguments = ["--deploy-dir".into(), folder.clone()];
    (builder.args(arguments).start().await, folder)
}

/// Waits until new sessions at `/revision` are answered so.
async fn answered(host: &TestHost, expected: &str) -> Client {
    eventually(expected, async || {
        if http::handshake("/revision").send(host.address()).await.status != 101 {
            return None;
        }
        let mut client = host.connect("/revision").await;
        (client.ask("x").await == expected).then_some(client)
    })
    .await
}

async fn gone(host: &TestHost, path: &str) {
    eventually("the path to lead nowhere", async || {
        (http::handshake(path).send(host.address()).await.status == 404).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_deployed_replaced_and_undeployed() {
    let (host, folder) = host_with_folder(None).await;
    assert!(host.list().await.is_empty());
    // Written in place: deployed once it is whole.
    fs::copy(artefacts::guest("revision_a"), folder.join("app.wasm")).expect("our own folder");
    let mut old = answered(&host, "a: x").await;
    // Renamed into place, as careful people do.
    fs::copy(artefacts::guest("revision_b"), folder.join("app.new")).expect("our own folder");
    fs::rename(folder.join("app.new"), folder.join("app.wasm")).expect("our own folder");
    let mut new = answered(&host, "b: x").await;
    assert_eq!(old.ask("drained").await, "a: drained");
    assert_eq!(host.deployment("app").await.revisions[0].number, 2);
    fs::remove_file(folder.join("app.wasm")).expect("our own folder");
    assert_eq!(new.closed().await.code, 1001);
    assert_eq!(old.closed().await.code, 1001);
    gone(&host, "/revision").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_at_the_start_is_deployed_before_the_host_listens() {
    let (host, folder) = host_with_folder(Some("revision_a")).await;
    assert_eq!(host.connect("/revision").await.ask("x").await, "a: x");
    fs::rename(folder.join("app.wasm"), folder.join("app.off")).expect("our own folder");
    gone(&host, "/revision").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_logged_and_the_old_revision_stays() {
    let (host, folder) = host_with_folder(Some("revision_a")).await;
    let mut session = host.connect("/revision").await;
    fs::write(folder.join("app.wasm"), b"no component").expect("our own folder");
    let logged = |needle: &'static [&str]| {
        let host = &host;
        eventually("the host to complain", async move || {
            let log = host.stderr();
            let mut lines = log.lines();
            lines.find(|line| needle.iter().all(|part| line.contains(part))).map(str::to_owned)
        })
    };
    logged(&["app", "not a WebAssembly component"]).await;
    assert_eq!(session.ask("1").await, "a: 1");
    assert_eq!(host.connect("/revision").await.ask("2").await, "a: 2");
    // A name that no deployment can have.
    fs::copy(artefacts::guest("echo"), folder.join("Echo!.wasm")).expect("our own folder");
    logged(&["Echo!"]).await;
    // And what is no component by its name is not looked at.
    fs::copy(artefacts::guest("echo"), folder.join("echo.txt")).expect("our own folder");
    fs::copy(artefacts::guest("revision_b"), folder.join("app.wasm")).expect("our own folder");
    answered(&host, "b: x").await;
    assert_eq!(http::handshake("/echo").send(host.address()).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deployed_otherwise_is_not_the_folders() {
    let (host, folder) = host_with_folder(None).await;
    host.deploy("app", "echo", &[]).await;
    fs::copy(artefacts::guest("talks"), folder.join("talks.wasm")).expect("our own folder");
    eventually("the file to be deployed", async || (host.list().await.len() == 2).then_some(()))
        .await;
    fs::remove_file(folder.join("talks.wasm")).expect("our own folder");
    gone(&host, "/talks").await;
    assert_eq!(host.connect("/echo").await.ask("x").await, "x");
}
