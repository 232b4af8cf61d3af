//! Configurations: wrong ones end the host before it has touched anything.

use std::net::{SocketAddr, TcpListener};

use sockhop_tests::{Client, TestHost, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_told_at_once_and_nothing_is_bound() {
    // Were it bound, the port would be the error.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listen = format!("listen = [\"{}\"]", taken.local_addr().expect("bound"));
    let host = TestHost::builder().config(&listen).config(
        "worker = 2\n\
         [limits]\n\
         mesage = \"1 MiB\"\n\
         close_timeout = 5\n\
         [sandbox]\n\
         event_cpu = \"2h\"\n\
         [deployment.Echo]\n\
         [deployment.echo]\n\
         instancing = \"single\"",
    );
    let told = host.fail().await.failed(78);
    let lines: Vec<_> = told.lines().collect();
    for (line, parts) in [
        (2, &["worker", "unknown key", "did you mean workers?"][..]),
        (4, &["limits.mesage", "unknown key", "did you mean"]),
        (5, &["limits.close_timeout", "expected a time"]),
        (7, &["sandbox.event_cpu", "must be from 1ms to 1h, is 2h"]),
        (8, &["deployment.Echo", "not a deployment's name"]),
        (10, &["deployment.echo.instancing", "\"single\""]),
    ] {
        let place = format!("sockhop.toml:{line}:");
        let found = lines.iter().find(|told| told.contains(&place));
        let found = found.unwrap_or_else(|| panic!("nothing of line {line} in {told}"));
        for part in parts {
            assert!(found.contains(part), "{part}: {found}");
        }
    }
    assert_eq!(lines.len(), 6, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_the_tables_of_endpoints_is_told_with_the_rest() {
    let host = TestHost::builder().config(
        "[limits]\n\
         connections_per_addres = 1\n\
         exempt_addresses = [\"10.0.0.1/8\"]\n\
         ping_interval = \"never\"\n\
         [compression]\n\
         level = 10\n\
         [deployment.echo.endpoint.\"/echo\"]\n\
         slow_reader = \"skip\"\n\
         message = \"17 MiB\"\n\
         [deployment.echo.endpoint.\"/echo\".compression]\n\
         permessage_deflate = true\n\
         takeover_contexts = 1\n\
         [deployment.echo.endpoint.chat]",
    );
    let told = host.fail().await.failed(78);
    let lines: Vec<_> = told.lines().collect();
    for (line, parts) in [
        (2, &["limits.connections_per_addres", "did you mean connections_per_address?"][..]),
        (3, &["limits.exempt_addresses[0]", "first address"]),
        (4, &["limits.ping_interval", "\"never\" is not a time"]),
        (6, &["compression.level", "must be from 1 to 9, is 10"]),
        (8, &["deployment.echo.endpoint.\"/echo\".slow_reader", "\"skip\""]),
        (9, &["deployment.echo.endpoint.\"/echo\".message", "must not exceed limits.message"]),
        (11, &["\"/echo\".compression.permessage_deflate", "expected a string"]),
        (12, &["takeover_contexts", "did you mean compression.takeover_contexts?"]),
        (13, &["deployment.echo.endpoint.chat", "not an endpoint's path"]),
    ] {
        let place = format!("sockhop.toml:{line}:");
        let found = lines.iter().find(|told| told.contains(&place));
        let found = found.unwrap_or_else(|| panic!("nothing of line {line} in {told}"));
        for part in parts {
            assert!(found.contains(part), "{part}: {found}");
        }
    }
    assert_eq!(lines.len(), 9, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_toml_is_told_with_its_place() {
    let told = TestHost::builder().config("listen = [").fail().await.failed_in_one_line(78);
    assert!(told.contains("sockhop.toml:"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_told_with_its_name() {
    let host = TestHost::builder().args(["--config", "/nowhere/sockhop.toml"]);
    let told = host.fail().await.failed_in_one_line(78);
    assert!(told.contains("/nowhere/sockhop.toml"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_is_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let host = TestHost::builder().guest("echo").args(["--listen", &address]);
    let told = host.fail().await.failed_in_one_line(1);
    assert!(told.contains(&address), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_address_that_is_taken_is_one_line() {
    let first = TestHost::builder().start().await;
    let mut command = first.command();
    command.args(["run", "--listen", "127.0.0.1:0", "--admin", first.admin()]);
    let second = sockhop_tests::within("the second host to end", command.output()).await;
    let second = sockhop_tests::Outcome::from(second.expect("the binary runs"));
    let told = second.failed_in_one_line(1);
    assert!(told.contains("admin.sock"), "{told}");
    assert!(first.list().await.is_empty(), "the first is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_default_is_a_configuration() {
    let host = TestHost::builder().start().await;
    let printed = host.cli(&["config", "print-default"]).await.succeeded();
    assert!(printed.contains("[limits]"), "{printed}");
    let file = host.folder().join("default.toml");
    std::fs::write(&file, printed).expect("our own folder");
    let file = file.to_str().expect("UTF-8");
    host.cli(&["config", "check", "--config", file]).await.succeeded();
    std::fs::write(file, "lisen = \"127.0.0.1:0\"").expect("our own folder");
    let told = host.cli(&["config", "check", "--config", file]).await.failed_in_one_line(78);
    assert!(told.contains("lisen") && told.contains("listen"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_a_configuration_names_are_checked_with_it() {
    let host = TestHost::builder().start().await;
    let file = host.folder().join("named.toml");
    let file = file.to_str().expect("UTF-8");
    for (config, code, named) in [
        ("assets = \"nowhere\"", 78, "nowhere"),
        (
            "listen = [\"wss://127.0.0.1:0\"]\n\
             tls.certificate = \"host.crt\"\ntls.key = \"host.key\"",
            78,
            "host.crt",
        ),
        ("[deployment.a.connect.tls.inner]\nauthorities = \"inner.pem\"", 78, "inner.pem"),
    ] {
        std::fs::write(file, config).expect("our own folder");
        let told = host.cli(&["config", "check", "--config", file]).await.failed_in_one_line(code);
        assert!(told.contains(named), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_instances_than_the_machine_holds_are_refused_with_advice() {
    let host = TestHost::builder().config("[sandbox]\ninstances = 1000000");
    let told = host.args(["--listen", "127.0.0.1:0"]).fail().await.failed_in_one_line(1);
    assert!(told.contains("sandbox.instances"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_listens_at_several_addresses() {
    let host = TestHost::builder().guest("echo").args(["--listen", "127.0.0.1:0"]).start().await;
    let addresses = eventually("both addresses", async || {
        let printed = host.stdout();
        let lines = printed.lines();
        let told = lines.filter_map(|line| line.strip_prefix("listening on ws://"));
        let told: Vec<SocketAddr> = told.map(|told| told.parse().expect("an address")).collect();
        (told.len() == 2).then_some(told)
    })
    .await;
    assert_ne!(addresses[0], addresses[1]);
    for address in addresses {
        assert_eq!(Client::connect(address, "/echo", &[]).await.ask("hello").await, "hello");
    }
}
