//! Autobahn's suite, strictly: how the host behaves in each case is compared with what is written
//! in `autobahn/expected.txt`, word for word.

mod cases;
mod suite;

use std::time::Duration;

use sockhop_tests::{TestHost, Transport, artefacts};

use self::cases::Cases;

/// How long all cases may take. Most of it is the suite's own time for those with compression, and
/// that is a quarter of an hour on two busy cores.
const ALL_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// How long the quick cases may take: a quarter of a minute where nothing else runs.
const QUICK_DEADLINE: Duration = Duration::from_secs(5 * 60);

/// Runs cases against the guest `echo`.
async fn conforms(cases: &Cases, transport: Transport, instancing: &str, deadline: Duration) {
    let echo = artefacts::guest("echo");
    let config = format!("[deployment.echo]\nfile = {echo:?}\ninstancing = {instancing:?}");
    let host = transport.listener(TestHost::builder().config(&config)).start().await;
    let bridge = transport.bridge(&host).await;
    let name = format!("{transport:?}-{instancing}-{}", cases.len()).to_lowercase();
    let reports = artefacts::target().join("autobahn-reports").join(name);
    let found = suite::run(bridge.address(), cases, &reports, deadline).await;
    tell(transport, instancing, &found);
    let differences = cases::differences(cases, &found);
    assert!(
        differences.is_empty(),
        "{} of {} cases are not as expected; a page for each is in {}:\n{}",
        differences.len(),
        cases.len(),
        reports.display(),
        differences.join("\n")
    );
    drop(bridge);
    host.stop().await;
}

#[expect(clippy::print_stderr, reason = "the counts are what a reader of a long run asks for")]
fn tell(transport: Transport, instancing: &str, found: &Cases) {
    let counts = cases::counts(found);
    let counts: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let told = format!("autobahn, {transport:?}, {instancing}: {}", counts.join(", "));
    eprintln!("{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_the_wire_conforms() {
    conforms(&cases::quick(), Transport::Plain, "session", QUICK_DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_the_wire_conforms_over_http2_and_in_shared_instances() {
    conforms(&cases::quick(), Transport::Http2, "shared", QUICK_DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_with_an_instance_for_each_session() {
    conforms(&cases::all(), Transport::Plain, "session", ALL_DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_in_shared_instances() {
    conforms(&cases::all(), Transport::Plain, "shared", ALL_DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_over_tls_with_an_instance_for_each_session() {
    conforms(&cases::all(), Transport::Tls, "session", ALL_DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_over_tls_in_shared_instances() {
    conforms(&cases::all(), Transport::Tls, "shared", ALL_DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_over_http2_with_an_instance_for_each_session() {
    conforms(&cases::all(), Transport::Http2, "session", ALL_DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_over_http2_in_shared_instances() {
    conforms(&cases::all(), Transport::Http2, "shared", ALL_DEADLINE).await;
}
