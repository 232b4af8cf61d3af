//! Limits in time and number.

use std::time::Duration;

use sockhop_tests::{Frame, RawClient, http};
use tokio::time::{Instant, interval};

use super::place::{Place, end};
use super::runner::scenarios;

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// How often a session is kept from being idle, and for how long: well beyond the limit of
/// `/jakarta-idle`, which is two seconds.
const POKE: Duration = Duration::from_millis(250);
const POKED: Duration = Duration::from_millis(4500);

scenarios! {
    "limits.idle" ("spec/application/closing") idle:
        "an idle session is closed with 1001 on the wire, and its guest is told 1006",
    "limits.idle-ended-by-ping" ("ee/remoteendpoint/basic") idle_ended_by_ping:
        "a ping of the peer counts: a session that is pinged is not idle",
    "limits.idle-ended-by-pong" ("ee/remoteendpoint/basic") idle_ended_by_pong:
        "a pong that nobody asked for counts as well",
    "limits.idle-ended-by-message" ("setMaxIdleTimeout") idle_ended_by_message:
        "a message counts, and what the guest answers",
    "limits.tiny-idle" ("Tomcat, DEFAULT_PROCESS_PERIOD") tiny_idle both:
        "a limit of a millisecond that a guest sets is over at once and not at some tick",
    "limits.default-send-time" ("getDefaultAsyncSendTimeout") default_send_time:
        "a guest reads how long a send may wait by default, which is the operator's to set",
    "limits.none-after-idle" ("ee/session") none_after_idle:
        "what a peer sends after it was closed for being idle is not delivered",
    "limits.dead-peer" ("176") dead_peer:
        "a silent peer is pinged by the host, and given up when it does not answer",
    "limits.sessions" ("deployment.sessions") sessions:
        "an endpoint that has as many sessions as it may answers 503 until one ends",
}

/// Does this again and again, until a session that were idle meanwhile would be closed; and then
/// it is, when it is idle.
async fn kept(mut client: RawClient, poke: impl AsyncFn(&mut RawClient)) {
    let mut pokes = interval(POKE);
    let begin = Instant::now();
    while begin.elapsed() < POKED {
        pokes.tick().await;
        poke(&mut client).await;
    }
    dismissed(&mut client, "idle for too long").await;
}

/// Is closed by the host with 1001 and this phrase, and answers that.
async fn dismissed(client: &mut RawClient, phrase: &str) {
    assert_eq!(client.receive().await, Frame::close(1001, phrase));
    client.send(0x88, &1001_u16.to_be_bytes()).await;
}

async fn idle(place: &Place) {
    let tag = place.tag();
    let mut client = place.raw(&format!("/jakarta-idle/{tag}")).await;
    dismissed(&mut client, "idle for too long").await;
    let told = place.end_in_log(&tag).await;
    assert!(told.contains(" closed Host IdleTimeout sent=Some(1001) "), "{told}");
    assert!(told.contains(" code=1006 "), "{told}");
}

async fn idle_ended_by_ping(place: &Place) {
    let client = place.raw(&format!("/jakarta-idle/{}", place.tag())).await;
    kept(client, async |client| {
        client.send(PING, b"").await;
        assert_eq!(client.receive().await.first, PONG);
    })
    .await;
}

async fn idle_ended_by_pong(place: &Place) {
    // This guest does not hear of them: nothing goes the other way.
    let client = place.raw("/errs-in-message").await;
    kept(client, async |client| client.send(PONG, b"").await).await;
}

async fn idle_ended_by_message(place: &Place) {
    let client = place.raw(&format!("/jakarta-idle/{}", place.tag())).await;
    kept(client, async |client| {
        client.send(TEXT, b"echo x").await;
        assert_eq!(client.receive().await.payload, b"x");
    })
    .await;
}

async fn tiny_idle(place: &Place) {
    /// Far below any period in which a container would look at all its sessions.
    const SOON: Duration = Duration::from_secs(1);
    for limit in ["idle", "read-idle"] {
        let (mut witness, mut client) = place.two_raw("/jakarta").await;
        client.send(TEXT, format!("set-limit {limit} 1").as_bytes()).await;
        assert_eq!(client.receive().await.first, TEXT);
        let begin = Instant::now();
        dismissed(&mut client, "idle for too long").await;
        assert!(begin.elapsed() < SOON, "{limit}: after {:?}", begin.elapsed());
        let told = end(&mut witness).await;
        assert!(told.starts_with("Host IdleTimeout sent=Some(1001) "), "{limit}: {told}");
        assert!(told.ends_with(" code=1006"), "{limit}: {told}");
    }
}

async fn default_send_time(place: &Place) {
    // A minute where nobody says anything, and what is set for this endpoint.
    for (path, default) in [("/jakarta", 60_000), ("/jakarta-stuck", 300)] {
        let mut client = place.at(&format!("{path}/{}", place.tag())).await;
        assert_eq!(client.ask("send-default").await, format!("Some({default})"));
        assert_eq!(client.ask("limits").await, format!("{} [0, 0, {default}, 0]", 16 << 20));
    }
}

async fn none_after_idle(place: &Place) {
    let tag = place.tag();
    let mut client = place.raw(&format!("/jakarta-idle/{tag}")).await;
    assert_eq!(client.receive().await.first, 0x88);
    client.send(TEXT, format!("fail {tag} heard it").as_bytes()).await;
    client.send(0x88, &1001_u16.to_be_bytes()).await;
    let mut log = place.host.follow("jakarta");
    log.line(|line| line.contains(&format!("{tag} closed "))).await;
    let heard = log.read().iter().find(|line| line.contains(&format!("{tag} heard it")));
    assert_eq!(heard, None);
}

async fn dead_peer(place: &Place) {
    let tag = place.tag();
    let mut client = place.raw(&format!("/jakarta-asked/{tag}")).await;
    for _ in 0..2 {
        let ping = client.receive().await;
        assert_eq!(ping.first, PING);
        client.send(PONG, &ping.payload).await;
    }
    assert_eq!(client.receive().await.first, PING);
    dismissed(&mut client, "no pong came").await;
    let told = place.end_in_log(&tag).await;
    assert!(told.contains(" PongTimeout sent=Some(1001) "), "{told}");
}

async fn sessions(place: &Place) {
    let path = "/jakarta-few/x";
    let mut first = place.at(path).await;
    let _second = place.at(path).await;
    assert_eq!(http::handshake(path).send(place.host.address()).await.status, 503);
    first.close(None).await;
    sockhop_tests::eventually("room for another", async || {
        RawClient::try_connect(place.host.address(), path).await
    })
    .await;
}
