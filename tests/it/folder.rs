//! The deploy folder: what is in it is deployed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Waits for a line in the host's own log that has all these parts.
async fn logged(host: &TestHost, parts: &[&str]) -> String {
    eventually("the host to complain", async || {
        let log = host.stderr();
        let mut lines = log.lines();
        lines.find(|line| parts.iter().all(|part| line.contains(part))).map(str::to_owned)
    })
    .await
}

fn make_pipe(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(status.success(), "mkfifo ended with {status}");
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
    logged(&host, &["app", "not a WebAssembly component"]).await;
    assert_eq!(session.ask("1").await, "a: 1");
    assert_eq!(host.connect("/revision").await.ask("2").await, "a: 2");
    // A name that no deployment can have.
    fs::copy(artefacts::guest("echo"), folder.join("Echo!.wasm")).expect("our own folder");
    logged(&host, &["Echo!"]).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_followed() {
    let (host, folder) = host_with_folder(None).await;
    let file = folder.join("app.wasm");
    symlink(artefacts::guest("revision_a"), &file).expect("our own folder");
    answered(&host, "a: x").await;
    fs::remove_file(&file).expect("our own folder");
    gone(&host, "/revision").await;
    let elsewhere = host.folder().join("elsewhere");
    fs::copy(artefacts::guest("revision_b"), &elsewhere).expect("our own folder");
    fs::hard_link(&elsewhere, &file).expect("our own folder");
    answered(&host, "b: x").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_regular_file_or_too_large_is_refused_and_holds_nothing_up() {
    let builder = TestHost::builder();
    let folder = builder.folder().join("deploy");
    fs::create_dir(&folder).expect("our own folder");
    // The host would wait for its writer for ever, and not start.
    make_pipe(&folder.join("early.wasm"));
    let host = builder.args(["--deploy-dir".into(), folder.clone()]).start().await;
    logged(&host, &["early.wasm", "not a regular file"]).await;
    make_pipe(&folder.join("late.wasm"));
    logged(&host, &["late.wasm", "not a regular file"]).await;
    fs::create_dir(folder.join("nested.wasm")).expect("our own folder");
    logged(&host, &["nested.wasm", "not a regular file"]).await;
    symlink("nowhere", folder.join("dangling.wasm")).expect("our own folder");
    logged(&host, &["dangling.wasm", "cannot read"]).await;
    let large = fs::File::create(folder.join("large.wasm")).expect("our own folder");
    // Has a size, but takes no room.
    large.set_len((128 << 20) + 1).expect("our own folder");
    drop(large);
    logged(&host, &["large.wasm", "more than 134217728 bytes"]).await;
    fs::copy(artefacts::guest("revision_a"), folder.join("app.wasm")).expect("our own folder");
    answered(&host, "a: x").await;
    assert_eq!(host.list().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_busy_is_undeployed_later() {
    let (host, folder) = busy_host().await;
    fs::remove_file(folder.join("app.wasm")).expect("our own folder");
    logged(&host, &["app", "put off", "is being deployed"]).await;
    gone(&host, "/revision").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_busy_is_deployed_later() {
    let (host, folder) = busy_host().await;
    fs::copy(artefacts::guest("revision_b"), folder.join("app.wasm")).expect("our own folder");
    logged(&host, &["app", "put off", "is being deployed"]).await;
    answered(&host, "b: x").await;
}

/// A host where `app.wasm` of the folder is deployed, and somebody else deploys another component
/// under its name, which takes long and fails.
async fn busy_host() -> (TestHost, PathBuf) {
    let builder = TestHost::builder().without_cache();
    let folder = builder.folder().join("deploy");
    fs::create_dir(&folder).expect("our own folder");
    fs::copy(artefacts::guest("revision_a"), folder.join("app.wasm")).expect("our own folder");
    let host = builder.args(["--deploy-dir".into(), folder.clone()]).start().await;
    let big = host.folder().join("big.wasm");
    fs::write(&big, crate::component::that_takes_long_to_compile()).expect("our own folder");
    let mut command = host.command();
    command.args(["deploy", "app"]).arg(&big).stderr(std::process::Stdio::null());
    // The caller's end does not end what it has asked for.
    let mut caller = command.spawn().expect("the binary runs");
    eventually("the name to be busy", async || {
        // It may itself have found the name busy, with what is asked below.
        if caller.try_wait().expect("it was started").is_some() {
            caller = command.spawn().expect("the binary runs");
        }
        let told = host.cli(&["deploy", "app", "/dev/null"]).await.failed_in_one_line(1);
        told.contains("app is being deployed").then_some(())
    })
    .await;
    (host, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_lost_is_told_of() {
    let (host, folder) = host_with_folder(Some("revision_a")).await;
    fs::rename(&folder, host.folder().join("moved")).expect("our own folder");
    logged(&host, &["deploy", "was removed or moved", "no longer followed"]).await;
    // What it has deployed stays.
    assert_eq!(host.connect("/revision").await.ask("x").await, "a: x");

    let (host, folder) = host_with_folder(Some("revision_a")).await;
    fs::remove_dir_all(&folder).expect("our own folder");
    logged(&host, &["deploy", "was removed or moved", "no longer followed"]).await;
    gone(&host, "/revision").await;
    assert_eq!(host.stderr().matches("no longer followed").count(), 1, "{}", host.stderr());
}
