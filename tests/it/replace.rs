//! New revisions of what is deployed: what becomes of the sessions of the old one.

use rustix::process::Signal;
use sockhop_tests::{Client, Frame, RawClient, TestHost, TestHostBuilder, eventually};

/// A host that serves `/revision` by `revision_a` under the name `app`.
async fn host_with_revision_a(builder: TestHostBuilder) -> TestHost {
    let host = builder.start().await;
    host.deploy("app", "revision_a", &[]).await;
    host
}

async fn old_and_new_go_on_beside_each_other(builder: TestHostBuilder) {
    let host = host_with_revision_a(builder).await;
    let mut old = host.connect("/revision").await;
    assert_eq!(old.ask("1").await, "a: 1");
    host.deploy("app", "revision_b", &["--strategy", "drain"]).await;
    let mut new = host.connect("/revision").await;
    assert_eq!(new.ask("2").await, "b: 2");
    assert_eq!(old.ask("3").await, "a: 3");
    let both = host.deployment("app").await;
    assert_eq!(both.states(), [(2, "current", 1), (1, "draining", 1)]);
    // The youngest comes last.
    let revisions: Vec<_> = host.sessions().await.iter().map(|row| row.revision).collect();
    assert_eq!(revisions, [1, 2]);
    old.close(None).await;
    eventually("the old revision to be gone", async || {
        (host.deployment("app").await.states() == [(2, "current", 1)]).then_some(())
    })
    .await;
    assert_eq!(new.ask("4").await, "b: 4");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_sessions_go_on_with_the_old_revision_and_new_ones_get_the_new() {
    old_and_new_go_on_beside_each_other(TestHost::builder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_sessions_of_a_shared_instance_go_on_as_well() {
    old_and_new_go_on_beside_each_other(TestHost::builder().shared("app")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_without_sessions_is_gone_at_once() {
    let host = host_with_revision_a(TestHost::builder()).await;
    host.deploy("app", "revision_b", &[]).await;
    eventually("the old revision to be gone", async || {
        (host.deployment("app").await.states() == [(2, "current", 0)]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_closes_the_old_sessions_with_1012() {
    let host = host_with_revision_a(TestHost::builder()).await;
    let mut old = host.connect("/revision").await;
    host.deploy("app", "revision_b", &["--strategy", "restart"]).await;
    assert_eq!(old.closed().await.code, 1012);
    assert_eq!(host.connect("/revision").await.ask("x").await, "b: x");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deployments_own_strategy_holds_unless_told_otherwise() {
    let builder = TestHost::builder().config("[deployment.app]\nstrategy = \"restart\"");
    let host = host_with_revision_a(builder).await;
    let mut old = host.connect("/revision").await;
    host.deploy("app", "revision_b", &["--strategy", "drain"]).await;
    assert_eq!(old.ask("1").await, "a: 1");
    let mut middle = host.connect("/revision").await;
    host.deploy("app", "revision_a", &[]).await;
    assert_eq!(middle.closed().await.code, 1012);
    assert_eq!(old.closed().await.code, 1012, "a restart is about all open sessions");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_with_1012_when_its_time_is_over() {
    let builder = TestHost::builder().config("[limits]\ndrain_timeout = \"100ms\"");
    let host = host_with_revision_a(builder).await;
    let mut old = host.connect("/revision").await;
    assert_eq!(old.ask("1").await, "a: 1");
    host.deploy("app", "revision_b", &["--strategy", "drain"]).await;
    assert_eq!(old.closed().await.code, 1012);
    host.log_line("app", |line| line.contains("drain_timeout")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_and_new_sessions_see_each_other() {
    let host = TestHost::with_guests(["directory"]).await;
    let mut old = host.connect("/directory/tea").await;
    let old_id = old.ask("id").await;
    host.deploy("directory", "directory", &[]).await;
    let mut new = host.connect("/directory/tea").await;
    assert_eq!(new.ask("count").await, "2");
    assert_eq!(new.ask(&format!("tell {old_id} hello")).await, "told");
    assert_eq!(old.text().await, "hello");
    assert_eq!(old.ask("count").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_path_is_free_for_others() {
    let host = TestHost::with_guests(["echo"]).await;
    let mut old = host.connect("/echo").await;
    host.deploy("echo", "revision_a", &[]).await;
    // The old revision is drained; its path leads nowhere, and somebody else may have it.
    assert_eq!(old.ask("still here").await, "still here");
    host.deploy("another", "changed_echo", &[]).await;
    assert_eq!(host.connect("/echo").await.ask("x").await, "changed: x");
    assert_eq!(old.ask("and still").await, "and still");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_mid_deploy_is_busy() {
    let host = host_with_revision_a(TestHost::builder().without_cache()).await;
    let big = host.folder().join("big.wasm");
    std::fs::write(&big, crate::component::that_takes_long_to_compile()).expect("our own folder");
    // Refused at a glance, so that it is in nobody's way.
    let module = host.folder().join("module.wasm");
    std::fs::write(&module, b"\0asm\x01\0\0\0").expect("our own folder");
    let deploy = || {
        let mut command = host.command();
        command.args(["deploy", "app"]).arg(&big).stderr(std::process::Stdio::null());
        command.spawn().expect("the binary runs")
    };
    let mut first = deploy();
    let told = eventually("the name to be busy", async || {
        // It may have come in the moment in which the second was looked at.
        if first.try_wait().expect("it was started").is_some() {
            first = deploy();
        }
        // Until the first has come to the host, the second is refused for what it is.
        let told = host.deploy_refused("app", &module).await;
        (!told.contains("core module")).then_some(told)
    })
    .await;
    assert!(told.contains("app is being deployed"), "{told}");
    let told = host.cli(&["undeploy", "app"]).await.failed_in_one_line(1);
    assert!(told.contains("app is being deployed"), "{told}");
    // The big one is no guest in the end, and nothing has changed.
    let end = sockhop_tests::within("the big deploy to end", first.wait()).await;
    assert_eq!(end.expect("it was started").code(), Some(1));
    assert_eq!(host.list().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_is_under_way_stays_with_its_revision() {
    let host = TestHost::with_guests(["configured"]).await;
    let mut log = host.follow("configured");
    let address = host.address();
    let slow = async move { Client::connect(address, "/configured?do=slow", &[]).await };
    let slow = tokio::spawn(slow);
    log.containing("a slow handshake begins").await;
    host.deploy("configured", "configured", &["--strategy", "drain"]).await;
    let mut client = slow.await.expect("the handshake is accepted");
    assert_eq!(client.ask("what").await, r#"subprotocol=None role=Some("nobody")"#);
    let listed = host.deployment("configured").await;
    assert_eq!(listed.states(), [(2, "current", 0), (1, "draining", 1)]);
    host.signal(Signal::TERM);
    assert_eq!(client.closed().await.code, 1001);
    host.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_is_under_way_when_its_deployment_ends_is_closed() {
    let host = TestHost::with_guests(["configured"]).await;
    let mut log = host.follow("configured");
    let address = host.address();
    let slow = async move { RawClient::connect(address, "/configured?do=slow").await };
    let slow = tokio::spawn(slow);
    log.containing("a slow handshake begins").await;
    host.cli(&["undeploy", "configured"]).await.succeeded();
    let mut client = slow.await.expect("the handshake is accepted");
    assert_eq!(client.receive().await, Frame::close(1001, "going away"));
}
