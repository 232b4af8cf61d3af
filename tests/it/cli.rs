//! The command line beside `run`: what the verbs print, their exit codes, and who may use them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use sockhop_tests::{Outcome, TestHost, artefacts, eventually, within};

/// A token as the host would make one, and has not.
const WRONG_TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[tokio::test(flavor = "multi_thread")]
async fn check_prints_world_endpoints_and_imports() {
    let host = TestHost::builder().start().await;
    for (guest, parts) in [
        (
            "echo",
            &["sockhop:websocket/endpoints@0.1.0", "/echo", "sockhop:websocket/session@0.1.0"][..],
        ),
        (
            "exports_configurator",
            &[
                "sockhop:websocket/configured-endpoints@0.1.0",
                "export sockhop:websocket/configurator@0.1.0",
            ],
        ),
        ("controls", &["sockhop:websocket/pong-hearing-endpoints@0.1.0", "/controls"]),
        ("handshaker", &["/handshaker/{room}/{seat}", "wasi:cli/"]),
    ] {
        let file = artefacts::guest(guest);
        let printed = host.cli(&["check", file.to_str().expect("UTF-8")]).await.succeeded();
        for part in parts {
            assert!(printed.contains(part), "{part} of {guest}: {printed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_with_their_peers() {
    let host = TestHost::with_guests(["echo", "observer"]).await;
    assert!(host.sessions().await.is_empty());
    let _echo = host.connect("/echo?who=me").await;
    let _observer = host.connect("/observer").await;
    let rows = eventually("both sessions", async || {
        let rows = host.sessions().await;
        (rows.len() == 2).then_some(rows)
    })
    .await;
    let [first, second] = &rows[..] else { panic!("not two: {rows:?}") };
    assert_eq!((first.deployment.as_str(), first.revision), ("echo", 1));
    assert_eq!((first.endpoint.as_str(), second.endpoint.as_str()), ("/echo", "/observer"));
    assert_eq!(first.uri, format!("ws://{}/echo?who=me", host.address()));
    assert!(first.peer.starts_with("127.0.0.1:"), "{first:?}");
    assert_ne!(first.id, second.id);
    let for_people = host.cli(&["sessions"]).await.succeeded();
    assert!(for_people.contains(&first.id) && for_people.contains(&second.id), "{for_people}");
    let some = host.cli(&["sessions", "--deployment", "observer"]).await.succeeded();
    assert!(!some.contains(&first.id) && some.contains(&second.id), "{some}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_for_people_too() {
    let host = TestHost::with_guests(["echo"]).await;
    let printed = host.cli(&["list"]).await.succeeded();
    assert!(
        printed.lines().any(|line| line.contains("echo") && line.contains("current")),
        "{printed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_one_line() {
    let host = TestHost::with_guests(["echo"]).await;
    for verb in [&["list"][..], &["undeploy", "echo"], &["logs", "echo"]] {
        let mut command = host.command();
        command.env("SOCKHOP_ADMIN_TOKEN", WRONG_TOKEN).args(verb);
        let outcome = within("the verb to end", command.output()).await;
        let outcome = Outcome::from(outcome.expect("the binary runs"));
        let told = outcome.failed_in_one_line(1);
        assert!(told.contains("token"), "{told}");
    }
    assert_eq!(host.list().await.len(), 1, "nothing was undeployed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_of_the_machine_gets_in() {
    let host = TestHost::builder().start().await;
    let mut looked_at = 0;
    for folder in [host.folder().to_owned(), host.folder().join("sockhop")] {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.map(|entry| entry.expect("a readable folder")) {
            let mode = entry.metadata().expect("a file").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", entry.path().display());
            looked_at += 1;
        }
    }
    assert!(looked_at >= 2, "neither socket nor token was found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_api_may_be_at_a_port() {
    let host = TestHost::builder().guest("echo").admin("127.0.0.1:0").start().await;
    let address = eventually("the port to be told", async || {
        let printed = host.stdout();
        let mut lines = printed.lines();
        lines.find_map(|line| line.strip_prefix("admin API at ")).map(str::to_owned)
    })
    .await;
    let listed = host.cli(&["list", "--admin", &address]).await.succeeded();
    assert!(listed.contains("echo"), "{listed}");
    // Whoever reaches the port needs the token all the same.
    let mut command = host.command();
    command.env("SOCKHOP_ADMIN_TOKEN", WRONG_TOKEN).args(["list", "--admin", &address]);
    let outcome = within("the verb to end", command.output()).await;
    let told = Outcome::from(outcome.expect("the binary runs")).failed_in_one_line(1);
    assert!(told.contains("token"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_command_line_is_2() {
    let host = TestHost::builder().start().await;
    for arguments in [
        &["serve"][..],
        &[],
        &["deploy", "echo"],
        &["deploy", "Echo", "echo.wasm"],
        &["deploy", "echo", "echo.wasm", "--strategy", "hop"],
        &["list", "--yaml"],
        &["run", "--listen", "8080"],
        &["run", "--admin", "0.0.0.0:9000"],
    ] {
        host.cli(arguments).await.failed(2);
    }
    let help = host.cli(&["--help"]).await.succeeded();
    for verb in "run check deploy undeploy list sessions logs connect config".split(' ') {
        assert!(help.contains(verb), "{verb}: {help}");
    }
}
