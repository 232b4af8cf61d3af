//! One instance for the sessions with one key.

use sockhop_tests::{
    Client, Outcome, TestHost, TestHostBuilder, artefacts, eventually, http, within,
};

/// A host of `rooms` whose keys are the rooms of its path.
fn by_room() -> TestHostBuilder {
    let config = "[deployment.rooms]\ninstancing = \"keyed\"\nkey = \"room\"";
    TestHost::builder().guest("rooms").config(config)
}

/// The same, where the guest says the keys.
fn by_guest() -> TestHostBuilder {
    TestHost::builder().guest("rooms").config("[deployment.rooms]\ninstancing = \"keyed\"")
}

/// A client that has been heard once, so that its session is open.
async fn enter(host: &TestHost, path: &str) -> Client {
    let mut client = host.connect(path).await;
    client.ask("here").await;
    client
}

/// Waits until as many instances live as are expected.
async fn instances(host: &TestHost, wanted: usize) {
    eventually("the instances to be as many", async || {
        (host.instances().await == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_of_a_room_see_one_state_and_others_another() {
    let host = by_room().start().await;
    let mut one = enter(&host, "/rooms/tea").await;
    let mut two = enter(&host, "/rooms/tea").await;
    let mut other = enter(&host, "/rooms/coffee").await;
    // The key is what the path says, percent-decoded.
    let mut three = enter(&host, "/rooms/t%65a").await;
    assert_eq!(one.ask("x").await, "sessions=3 messages=4 handshakes=3 keys=0");
    assert_eq!(two.ask("x").await, "sessions=3 messages=5 handshakes=3 keys=0");
    assert_eq!(three.ask("x").await, "sessions=3 messages=6 handshakes=3 keys=0");
    assert_eq!(other.ask("x").await, "sessions=1 messages=2 handshakes=1 keys=0");
    assert_eq!(host.instances().await, 2);
    let listed = host.cli(&["list", "--json"]).await;
    assert!(listed.stdout.contains("\"keyed\""), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_gone_with_its_last_session() {
    let host = by_room().start().await;
    let mut one = enter(&host, "/rooms/tea").await;
    let mut two = enter(&host, "/rooms/tea").await;
    one.close(None).await;
    assert_eq!(two.ask("x").await, "sessions=2 messages=3 handshakes=2 keys=0");
    two.close(None).await;
    instances(&host, 0).await;
    let mut fresh = host.connect("/rooms/tea").await;
    assert_eq!(fresh.ask("x").await, "sessions=1 messages=1 handshakes=1 keys=0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_closes_the_sessions_of_its_room_and_no_other() {
    let host = by_room().start().await;
    let mut one = enter(&host, "/rooms/tea").await;
    let mut two = enter(&host, "/rooms/tea").await;
    let mut other = enter(&host, "/rooms/coffee").await;
    one.send("trap").await;
    assert_eq!(one.closed().await.code, 1011);
    assert_eq!(two.closed().await.code, 1011);
    assert_eq!(other.ask("x").await, "sessions=1 messages=2 handshakes=1 keys=0");
    let mut fresh = host.connect("/rooms/tea").await;
    assert_eq!(fresh.ask("x").await, "sessions=1 messages=1 handshakes=1 keys=0");
    instances(&host, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_rooms_come_and_go_and_leave_the_capacity_as_it_was() {
    let host = by_room().config("[sandbox]\ninstances = 20").start().await;
    for round in 0..10 {
        let mut clients = Vec::new();
        for room in 0..20 {
            let path = format!("/rooms/{round}-{room}");
            clients.push((enter(&host, &path).await, enter(&host, &path).await));
        }
        let full = http::handshake("/rooms/one-too-many").send(host.address()).await;
        assert_eq!(full.status, 503, "{full:?}");
        for (one, two) in &mut clients {
            one.close(None).await;
            two.close(None).await;
        }
        instances(&host, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_too_long_for_a_key_is_414() {
    let host = by_room().start().await;
    let path = |bytes: usize| format!("/rooms/{}", "r".repeat(bytes));
    assert_eq!(http::handshake(&path(1025)).send(host.address()).await.status, 414);
    assert_eq!(http::handshake(&path(1024)).send(host.address()).await.status, 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guest_says_the_key_where_the_operator_does_not() {
    let host = by_guest().start().await;
    let mut one = enter(&host, "/rooms/a?key=x").await;
    let mut two = enter(&host, "/rooms/b?key=x").await;
    let mut other = enter(&host, "/rooms/a?key=y").await;
    // Of the keys that were asked for no room knows: that is another instance.
    assert_eq!(one.ask("x").await, "sessions=2 messages=3 handshakes=2 keys=0");
    assert_eq!(two.ask("x").await, "sessions=2 messages=4 handshakes=2 keys=0");
    assert_eq!(other.ask("x").await, "sessions=1 messages=2 handshakes=1 keys=0");
    assert_eq!(host.instances().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_says_no_key_is_500_and_in_the_log() {
    let host = by_guest().start().await;
    let mut log = host.follow("rooms");
    let mut seated = enter(&host, "/rooms/a?key=x").await;
    for (path, told) in [
        ("/rooms/a", "nobody goes nowhere"),
        ("/rooms/a?key=long", "a key of 1025 bytes"),
        ("/rooms/a?key=trap", "trapped in keys.instance-key"),
    ] {
        let answer = http::handshake(path).send(host.address()).await;
        assert_eq!(answer.status, 500, "{path}: {answer:?}");
        assert!(!answer.body.contains(told), "the peer is not told: {answer:?}");
        log.line(|line| line.contains("500") && line.contains(told)).await;
    }
    // Nothing of it hurts the next, nor those who were there.
    let mut next = enter(&host, "/rooms/b?key=x").await;
    assert_eq!(next.ask("x").await, "sessions=2 messages=3 handshakes=2 keys=0");
    assert_eq!(seated.ask("x").await, "sessions=2 messages=4 handshakes=2 keys=0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_revision_has_rooms_of_its_own() {
    let host = by_room().start().await;
    let mut old = enter(&host, "/rooms/tea").await;
    host.deploy("rooms", "rooms", &["--strategy", "drain"]).await;
    let mut new = enter(&host, "/rooms/tea").await;
    assert_eq!(new.ask("x").await, "sessions=1 messages=2 handshakes=1 keys=0");
    assert_eq!(old.ask("x").await, "sessions=1 messages=2 handshakes=1 keys=0");
    assert_eq!(host.instances().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_without_keys_is_not_deployed_by_key() {
    let keyed = |key: &str| format!("[deployment.app]\ninstancing = \"keyed\"\n{key}");
    for (config, told) in [
        (keyed("key = \"room\""), "its endpoint `/exports-nothing` has no variable `{room}`"),
        (keyed(""), "needs a `key`, the name of a variable"),
    ] {
        let host = TestHost::builder().config(&config).start().await;
        let refused = host.deploy_refused("app", &artefacts::guest("exports_nothing")).await;
        assert!(refused.contains(told), "{refused}");
        assert!(host.list().await.is_empty(), "nothing of it is deployed");
        assert_eq!(http::handshake("/exports-nothing").send(host.address()).await.status, 404);
        host.deploy("app", "rooms", &[]).await;
        // So `sockhop check` says, by the same configuration.
        let file = host.folder().join("app.wasm");
        std::fs::copy(artefacts::guest("exports_nothing"), &file).expect("the test's own folder");
        let mut check = host.command();
        check.arg("check").arg(file).env("SOCKHOP_CONFIG", host.folder().join("sockhop.toml"));
        let checked = within("the check to end", check.output()).await.expect("the binary runs");
        let checked = Outcome::from(checked).failed_at_last(1);
        assert!(checked.contains(told), "{checked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_keyed_instances_is_bad_configuration() {
    for instancing in ["", "instancing = \"shared\"\n"] {
        let config = format!("[deployment.rooms]\n{instancing}key = \"room\"");
        let outcome = TestHost::builder().config(&config).fail().await;
        let told = "deployment.rooms.key: only goes with instancing = \"keyed\"";
        assert!(outcome.stderr.contains(told), "{outcome:?}");
    }
}
