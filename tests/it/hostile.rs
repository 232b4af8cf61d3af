//! Hostile clients side by side with 200 that mean well: those lose nothing, and what the host had
//! to hold for the attack it gives back.

mod attacks;
mod bomb;
mod healthy;

use std::time::{Duration, Instant};

use healthy::{Healthy, SESSIONS};
use sockhop_tests::{TestHost, eventually};

/// What an attack may cost for ever, in bytes. What the first of its kind takes may stay: code that
/// is paged in, instances for the next sessions. Its next finds all that there.
const LOST_BYTES_MAX: u64 = 4 << 20;

/// The same where ten thousand connections attack: 800 bytes for each. How many of them are
/// sessions at the same time, and take instances for the next, is another number each time.
const LOST_BY_RESETS_BYTES_MAX: u64 = 8 << 20;

/// How often an attack is tried. What is left differs by some megabytes from one time to the next
/// where the machine is busy, up and down. What is lost adds up.
const ATTACKS_MAX: usize = 6;

/// How long the memory must not have sunk to count as what is left: some of what is free is
/// given back only by a thread that has work again.
const CALM: Duration = Duration::from_secs(2);

/// A host that does not wait for heads as long as people do. Its allocator gives back at once what
/// is free, which is otherwise more than what an attack would have to lose to be noticed.
async fn host() -> TestHost {
    attacks::raise_file_limit();
    let config = "[limits]\nheader_timeout = \"3s\"";
    let builder = TestHost::builder().env("MIMALLOC_PURGE_DELAY", "0").config(config);
    builder.guest("echo").guest("observer").start().await
}

async fn beside_healthy(attack: impl AsyncFn(&TestHost)) {
    costs_at_most(LOST_BYTES_MAX, attack).await;
}

/// Attacks a host with healthy sessions, again and again, until none of the attacks since any of
/// them can have cost more than this.
async fn costs_at_most(lost_bytes_max: u64, attack: impl AsyncFn(&TestHost)) {
    let host = host().await;
    let healthy = Healthy::begin(&host).await;
    let mut left = Vec::new();
    loop {
        attack(&host).await;
        over(&host).await;
        let now = calm(&host).await;
        let since = left.iter().rev().zip(1..);
        let few = since.map(|(before, attacks)| before + attacks * lost_bytes_max);
        let done = few.min().is_some_and(|most| now <= most);
        left.push(now);
        if done {
            break;
        }
        assert!(left.len() < ATTACKS_MAX, "each attack left more of these bytes: {left:?}");
    }
    let answered = healthy.end().await;
    assert!(answered >= 2 * SESSIONS, "{answered} messages were answered");
    host.stop().await;
}

/// Waits until the host has let go of the attackers, sessions or not.
async fn over(host: &TestHost) {
    eventually("the attackers' connections to be over", async || {
        let open = (host.connections().await, host.sessions().await.len());
        (open == (SESSIONS, SESSIONS)).then_some(())
    })
    .await;
}

/// The memory that a host has resident once that sinks no more. What healthy sessions need for a
/// moment comes and goes, so it is the least that counts.
async fn calm(host: &TestHost) -> u64 {
    let (mut least, mut since) = (u64::MAX, Instant::now());
    eventually("the host's memory to sink no more", async || {
        let resident = host.resident_bytes();
        if resident < least {
            (least, since) = (resident, Instant::now());
        }
        (since.elapsed() >= CALM).then_some(least)
    })
    .await
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
    costs_at_most(LOST_BY_RESETS_BYTES_MAX, attacks::resets).await;
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
    costs_at_most(LOST_BY_RESETS_BYTES_MAX, async |host| {
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
