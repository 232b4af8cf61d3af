//! Components that no host takes: each is refused with its reason, and nothing changes.

use std::path::{Path, PathBuf};

use sockhop_tests::{TestHost, artefacts, http};

/// The guests that cannot be deployed, and what the reason must say.
const REFUSED: [(&str, &[&str]); 6] = [
    ("bad_path", &["`chat/{room`", "does not start with `/`"]),
    ("duplicate_paths", &["`/duplicate-paths/{first}`", "`/duplicate-paths/{second}`"]),
    ("lacks_endpoint", &["lacks the export sockhop:websocket/endpoint@0.1.0"]),
    ("no_endpoints", &["describes 0 endpoints"]),
    ("traps_in_describe", &["trapped in deployment.describe"]),
    ("wants_http", &["imports what this host does not grant", "wasi:http/types@0.2"]),
];

/// Files that are no guests: their names, their bytes and what the reason must say.
const NO_GUESTS: [(&str, &[u8], &str); 4] = [
    ("not_wasm", b"#!/bin/sh\necho hello\n", "not a WebAssembly component"),
    ("core_module", b"\0asm\x01\0\0\0", "it is a core module"),
    ("empty", b"", "the file is empty"),
    ("cut_off", b"\0asm\x0d\0\x01\0\x01\xff", "not a valid component"),
];

fn refused(folder: &Path) -> Vec<(PathBuf, &'static [&'static str])> {
    let guests = REFUSED.iter().map(|(name, told)| (artefacts::guest(name), *told));
    let files = NO_GUESTS.iter().map(|(name, bytes, told)| {
        let file = folder.join(format!("{name}.wasm"));
        std::fs::write(&file, bytes).expect("the test's own folder");
        (file, std::slice::from_ref(told))
    });
    guests.chain(files).collect()
}

fn assert_told(told: &str, reasons: &[&str], file: &Path) {
    for reason in reasons {
        assert!(told.contains(reason), "{}: {told}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_deploy_says_why_and_changes_nothing() {
    let host = TestHost::builder().start().await;
    host.deploy("app", "revision_a", &[]).await;
    let mut session = host.connect("/revision").await;
    assert_eq!(session.ask("1").await, "a: 1");
    let before = host.list().await;
    for (file, reasons) in refused(host.folder()) {
        for name in ["app", "another"] {
            let told = host.deploy_refused(name, &file).await;
            assert_told(&told, reasons, &file);
            assert_eq!(host.list().await, before, "{}", file.display());
        }
        // The good endpoint beside the bad ones is not there either.
        let path = http::handshake("/duplicate-paths");
        assert_eq!(path.send(host.address()).await.status, 404);
    }
    assert_eq!(session.ask("2").await, "a: 2");
    assert_eq!(host.connect("/revision").await.ask("3").await, "a: 3");
    host.deploy("app", "revision_b", &[]).await;
    assert_eq!(host.deployment("app").await.states()[0].0, 2, "refused ones are not counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_taken_is_refused_with_the_name_of_who_has_it() {
    let host = TestHost::with_guests(["echo"]).await;
    let told = host.deploy_refused("second", &artefacts::guest("changed_echo")).await;
    assert_told(&told, &["`/echo`", "taken by the deployment echo"], Path::new("changed_echo"));
    assert_eq!(host.connect("/echo").await.ask("x").await, "x");
    assert_eq!(host.list().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_want_a_path_at_once_one_gets_it() {
    let host = TestHost::builder().start().await;
    let (one, two) = (artefacts::guest("revision_a"), artefacts::guest("revision_b"));
    let (one, two) = (one.to_str().expect("UTF-8"), two.to_str().expect("UTF-8"));
    for round in 0..5 {
        let (one, two) = (["deploy", "one", one], ["deploy", "two", two]);
        let (winner, refused) = match tokio::join!(host.cli(&one), host.cli(&two)) {
            (won, lost) if won.code == Some(0) => ("one", lost),
            (lost, won) if won.code == Some(0) => ("two", lost),
            neither => panic!("round {round}: {neither:#?}"),
        };
        let told = refused.failed_in_one_line(1);
        assert!(told.contains(&format!("taken by the deployment {winner}")), "{told}");
        host.cli(&["undeploy", winner]).await.succeeded();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_the_same_without_a_host() {
    // Any folder will do; the host has one.
    let host = TestHost::builder().start().await;
    for (file, reasons) in refused(host.folder()) {
        let file_name = file.to_str().expect("UTF-8");
        // What the guest has to say comes first.
        let told = host.cli(&["check", file_name]).await.failed_at_last(1);
        assert_told(&told, reasons, &file);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_does_not_start_with_what_it_cannot_deploy() {
    for (name, reasons) in REFUSED {
        let host = TestHost::builder().guest("echo").guest(name);
        let told = host.args(["--listen", "127.0.0.1:0"]).fail().await.failed_at_last(1);
        assert_told(&told, reasons, Path::new(name));
        assert_told(&told, &[&format!("{name}.wasm")], Path::new(name));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_is_one_line() {
    let host = TestHost::builder().start().await;
    let told = host.deploy_refused("app", Path::new("/nowhere/app.wasm")).await;
    assert!(told.contains("/nowhere/app.wasm"), "{told}");
    let told = host.cli(&["check", "/nowhere/app.wasm"]).await.failed_in_one_line(1);
    assert!(told.contains("/nowhere/app.wasm"), "{told}");
    let start = TestHost::builder().args(["/nowhere/app.wasm", "--listen", "127.0.0.1:0"]);
    let told = start.fail().await.failed_in_one_line(1);
    assert!(told.contains("/nowhere/app.wasm"), "{told}");
}
