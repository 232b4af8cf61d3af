//! Hostile clients side by side with 200 that mean well: those lose nothing, and what the host had
//! to hold for the attack it gives back.

mod attacks;
mod bomb;
mod healthy;

use healthy::{Healthy, SESSIONS};
use sockhop_tests::{TestHost, eventually};

/// What an attack may leave resident, in bytes: what the allocator keeps for the next, and of the
/// instances that ten thousand sessions had 5 KiB each, with which the pool takes the next session.
const LEFT_BYTES_MAX: u64 = 64 << 20;

/// A host that does not wait for heads as long as people do.
async fn host() -> TestHost {
    attacks::raise_file_limit();
    let config = "[limits]\nheader_timeout = \"3s\"";
    TestHost::builder().guest("echo").guest("observer").config(config).start().await
}

/// Attacks a host with healthy sessions.
async fn beside_healthy(attack: impl AsyncFnOnce(&TestHost)) {
    let host = host().await;
    let healthy = Healthy::begin(&host).await;
    let before = host.resident_bytes();
    attack(&host).await;
    eventually("the attackers' sessions to be over", async || {
        (host.sessions().await.len() == SESSIONS).then_some(())
    })
    .await;
    let most = before + LEFT_BYTES_MAX;
    let what = format!("the host to give back what it took, from {before} bytes on");
    eventually(&what, async || (host.resident_bytes() <= most).then_some(())).await;
    let answered = healthy.end().await;
    assert!(answered >= 2 * SESSIONS, "{answered} messages were answered");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_by_one_byte_a_second() {
    beside_healthy(attacks::slow_headers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_by_one_byte_a_second() {
    beside_healthy(attacks::slow_payload).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing() {
    beside_healthy(attacks::half_open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_never_read() {
    beside_healthy(attacks::never_reads).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_resets_at_once() {
    beside_healthy(attacks::resets).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_pings() {
    beside_healthy(attacks::ping_flood).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_header_fields() {
    beside_healthy(attacks::header_flood).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn announced_lengths_beyond_all_memory() {
    beside_healthy(attacks::announced).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs() {
    beside_healthy(bomb::bomb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_them_together() {
    beside_healthy(async |host| {
        tokio::join!(
            attacks::slow_headers(host),
            attacks::slow_payload(host),
            attacks::half_open(host),
            attacks::never_reads(host),
            attacks::resets(host),
            attacks::ping_flood(host),
            attacks::header_flood(host),
            attacks::announced(host),
            bomb::bomb(host),
        );
    })
    .await;
}
