//! The end of a session: what its peer sees, and what its guest is told, once.

use sockhop_tests::{Closed, RawClient, TestHost};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::place::{Mode, Place, end, told};
use super::runner::scenarios;

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;

scenarios! {
    "close.plain" ("ee/session") plain both:
        "a close without a reason is 1000 without a phrase on both sides",
    "close.code-and-phrase" ("ee/session") code_and_phrase both:
        "a close with 1009 and a phrase arrives as such",
    "close.every-code" ("api/closereason") every_code both: "each code that may be sent is sent",
    "close.no-other-code" ("api/closereason") no_other_code both:
        "each that may not is refused, and the session goes on",
    "close.longest-phrase" ("api/closereason") longest_phrase both:
        "a phrase of 123 bytes of UTF-8 is sent, and one of 124 is refused",
    "close.without-code" ("2.3") without_code both: "1005 stands for a Close frame without a code",
    "close.by-peer" ("ee/session") by_peer both:
        "a peer's code comes back, and the guest is told it and the phrase",
    "close.by-peer-without-code" ("2.3") by_peer_without_code both:
        "a peer's Close without a code is 1005 for the guest, and answered without one",
    "close.by-peer-registered" ("2.3") by_peer_registered both:
        "codes of IANA's registry and of applications come back",
    "close.by-peer-forbidden" ("2.3") by_peer_forbidden both:
        "codes that nobody may send are answered with 1002",
    "close.twice" ("Session.close") twice both: "a second close changes nothing of the first",
    "close.in-open" ("Session.close") in_open: "a guest closes before `open` has returned",
    "close.lost" ("2.3") lost both:
        "a connection that ends without a Close frame is 1006 for the guest",
    "close.reset" ("2.3") reset both: "a connection that is reset is 1006 for the guest",
    "close.at-once" ("2.3") at_once both:
        "both sides may close at the same time, and that is clean",
    "close.unanswered" ("2.3") unanswered:
        "a peer that does not answer a Close is waited for as long as the operator says",
    "close.once" ("4.5-1") once: "a guest is told of an end exactly once, however it came",
    "close.queue-first" ("Session.close") queue_first both:
        "what was sent before a close arrives before it",
    "close.parameters" ("ee/server/pathparam") parameters: "path parameters are there at the end",
    "close.abort" ("216") abort both:
        "an abort ends the connection without a Close frame, and is told as 1006",
    "close.undeployed" ("80") undeployed:
        "an undeploy closes sessions with 1001, which the guest is told",
    "close.restarted" ("2.3") restarted: "a restart with a new revision closes sessions with 1012",
    "close.host-stops" ("2.3") host_stops: "a host that stops closes sessions with 1001",
    "close.server-ends-first" ("2.3") server_ends_first:
        "after both Close frames it is the server that ends the connection",
}

async fn plain(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    client.send("close").await;
    assert_eq!(client.closed().await, Closed::new(1000, ""));
    assert_eq!(
        end(&mut witness).await,
        "Guest Requested sent=Some(1000) received=Some(1000) phrase=\"\" clean=true code=1000"
    );
}

async fn code_and_phrase(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    client.send("close 1009 that was too much").await;
    assert_eq!(client.closed().await, Closed::new(1009, "that was too much"));
    assert_eq!(
        end(&mut witness).await,
        "Guest Requested sent=Some(1009) received=Some(1009) phrase=\"that was too much\" \
         clean=true code=1009"
    );
}

async fn every_code(place: &Place) {
    for code in (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]) {
        let (_witness, mut client) = place.two_raw("/jakarta").await;
        client.send(TEXT, format!("close {code} x").as_bytes()).await;
        let frame = client.receive().await;
        let payload = [&u16::to_be_bytes(code)[..], b"x"].concat();
        assert_eq!((frame.first, frame.payload), (CLOSE, payload));
    }
}

async fn no_other_code(place: &Place) {
    let (_witness, mut client) = place.two().await;
    for code in [0, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65535] {
        let told = client.ask(&format!("close {code} x")).await;
        assert!(told.starts_with(&format!("close code {code} may not be sent")), "{told}");
    }
    assert_eq!(client.ask("echo goes on").await, "goes on");
}

async fn longest_phrase(place: &Place) {
    let (_witness, mut client) = place.two().await;
    let told = client.ask(&format!("close 4000 {}", "é".repeat(62))).await;
    assert_eq!(told, "the close phrase has 124 bytes; shorten it to 123");
    let longest = "é".repeat(61) + "x";
    client.send(format!("close 4000 {longest}")).await;
    assert_eq!(client.closed().await, Closed::new(4000, &longest));
}

async fn without_code(place: &Place) {
    let (mut witness, mut client) = place.two_raw("/jakarta").await;
    client.send(TEXT, b"close 1005").await;
    let frame = client.receive().await;
    assert_eq!((frame.first, frame.payload), (CLOSE, Vec::new()));
    client.send(CLOSE, b"").await;
    assert_eq!(
        end(&mut witness).await,
        "Guest Requested sent=None received=None phrase=\"\" clean=true code=1005"
    );
}

async fn by_peer(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    assert_eq!(client.close(Some((1001, "going home"))).await.code, 1001);
    assert_eq!(
        end(&mut witness).await,
        "Peer Requested sent=Some(1001) received=Some(1001) phrase=\"going home\" clean=true \
         code=1001"
    );
}

async fn by_peer_without_code(place: &Place) {
    let (mut witness, mut client) = place.two_raw("/jakarta").await;
    client.send(CLOSE, b"").await;
    assert_eq!(client.closed().await, Closed::new(1005, ""));
    assert_eq!(
        end(&mut witness).await,
        "Peer Requested sent=None received=None phrase=\"\" clean=true code=1005"
    );
}

async fn by_peer_registered(place: &Place) {
    for code in (1000..=1003).chain(1007..=1014).chain([3500, 4999]) {
        let (mut witness, mut client) = place.two_raw("/jakarta").await;
        client.send(CLOSE, &u16::to_be_bytes(code)).await;
        assert_eq!(client.closed().await, Closed::new(code, ""));
        assert!(end(&mut witness).await.ends_with(&format!(" clean=true code={code}")));
    }
}

async fn by_peer_forbidden(place: &Place) {
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let (mut witness, mut client) = place.two_raw("/jakarta").await;
        client.send(CLOSE, &u16::to_be_bytes(code)).await;
        assert_eq!(client.closed().await.code, 1002, "{code}");
        let end = end(&mut witness).await;
        assert!(end.starts_with("Peer ProtocolError sent=Some(1002) "), "{code}: {end}");
    }
}

async fn twice(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    client.send("close-and-send").await;
    assert_eq!(client.closed().await, Closed::new(4000, ""));
    let end = end(&mut witness).await;
    assert!(end.starts_with("Guest Requested sent=Some(4000) "), "{end}");
}

async fn in_open(place: &Place) {
    let tag = place.tag();
    let mut witness = place.at(&format!("/jakarta/{tag}")).await;
    let mut client = place.host.connect(&format!("/jakarta/{tag}?open=close")).await;
    assert_eq!(client.closed().await, Closed::new(4001, "closed in open"));
    assert!(end(&mut witness).await.ends_with(" clean=true code=4001"));
}

const LOST: &str =
    "Transport ConnectionLost sent=None received=None phrase=\"\" clean=false code=1006";

/// A session that has begun, and one that hears of its end.
async fn begun(place: &Place, path: &str) -> (sockhop_tests::Client, RawClient) {
    let (witness, mut client) = place.two_raw(path).await;
    client.send(TEXT, b"echo open").await;
    assert_eq!(client.receive().await.payload, b"open");
    (witness, client)
}

async fn lost(place: &Place) {
    let (mut witness, client) = begun(place, "/jakarta").await;
    client.drop_connection();
    assert_eq!(end(&mut witness).await, LOST);
}

async fn reset(place: &Place) {
    let (mut witness, client) = begun(place, "/jakarta").await;
    client.reset();
    assert_eq!(end(&mut witness).await, LOST);
}

async fn at_once(place: &Place) {
    let (mut witness, mut client) = place.two_raw("/jakarta").await;
    client.send(TEXT, b"close 4001 mine").await;
    // Before anything of the host's is read, and what comes behind it is nobody's.
    client.send(CLOSE, &[&3000_u16.to_be_bytes()[..], b"yours"].concat()).await;
    assert_eq!(client.closed().await, Closed::new(4001, "mine"));
    assert_eq!(
        end(&mut witness).await,
        "Guest Requested sent=Some(4001) received=Some(3000) phrase=\"mine\" clean=true code=4001"
    );
}

async fn unanswered(place: &Place) {
    let (mut witness, mut client) = begun(place, "/jakarta-hasty").await;
    client.send(TEXT, b"close 4001 go").await;
    assert_eq!(client.closed().await, Closed::new(4001, "go"));
    assert_eq!(
        end(&mut witness).await,
        "Guest Requested sent=Some(4001) received=None phrase=\"go\" clean=false code=4001"
    );
}

async fn once(place: &Place) {
    let path = format!("/jakarta/{}", place.tag());
    let mut witness = place.at(&path).await;
    place.at(&path).await.close(Some((1000, ""))).await;
    end(&mut witness).await;
    place.raw(&path).await.reset();
    end(&mut witness).await;
    let mut broken = place.raw(&path).await;
    broken.send(0x83, b"").await;
    broken.closed().await;
    end(&mut witness).await;
    let mut both = place.raw(&path).await;
    both.send(TEXT, b"close 4002").await;
    both.send(CLOSE, b"").await;
    both.closed().await;
    end(&mut witness).await;
    // All that is told of another end would be told by now.
    assert_eq!(witness.ask("echo no more").await, "no more");
    assert_eq!(witness.ask("tagged").await, "1");
}

async fn queue_first(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("send 100").await;
    client.send("close 4001").await;
    for number in 0..100 {
        assert_eq!(client.text().await, number.to_string());
    }
    assert_eq!(client.closed().await.code, 4001);
}

async fn parameters(place: &Place) {
    let path = format!("/jakarta/{}/1/2/3/4/5/6/7/8/9/10", place.tag());
    let (mut witness, mut client) = (place.at(&path).await, place.at(&path).await);
    client.close(None).await;
    let text = told(&mut witness, "at the end").await;
    assert!(text.ends_with(" a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9,j=10"), "{text}");
}

async fn abort(place: &Place) {
    let (mut witness, mut client) = begun(place, "/jakarta").await;
    client.send(TEXT, b"abort").await;
    let mut rest = Vec::new();
    let _ended = sockhop_tests::within("the end", client.into_tcp().read_to_end(&mut rest)).await;
    assert_eq!(rest, b"");
    let end = end(&mut witness).await;
    assert!(end.starts_with("Guest Requested sent=None "), "{end}");
    assert!(end.ends_with(" clean=false code=1006"), "{end}");
}

async fn undeployed(place: &Place) {
    place.host.deploy("removed", "controls", &[]).await;
    let mut client = place.host.connect("/controls").await;
    assert_eq!(client.ask("ping here").await, "pong: here");
    // Its log goes with it: whoever wants to read of the end has to be there before.
    let mut log = place.host.follow("removed");
    client.send("nonsense").await;
    log.containing("what is nonsense?").await;
    let undeployed = async { place.host.cli(&["undeploy", "removed"]).await.succeeded() };
    let (_, closed) = tokio::join!(undeployed, client.closed());
    assert_eq!(closed.code, 1001);
    log.containing("closed CloseCause::GoingAway code=1001 clean=true").await;
}

async fn restarted(place: &Place) {
    place.host.deploy("restarted", "revision_a", &[]).await;
    let mut client = place.host.connect("/revision").await;
    assert_eq!(client.ask("1").await, "a: 1");
    let deployed = place.host.deploy("restarted", "revision_b", &["--strategy", "restart"]);
    let (_, closed) = tokio::join!(deployed, client.closed());
    assert_eq!(closed.code, 1012);
    assert_eq!(place.host.connect("/revision").await.ask("2").await, "b: 2");
    place.host.cli(&["undeploy", "restarted"]).await.succeeded();
}

async fn host_stops(place: &Place) {
    let builder = TestHost::builder().guest("observer");
    let settings = Mode::settings(place.mode);
    let host = builder.config(&format!("[deployment.observer]\n{settings}")).start().await;
    let mut client = host.connect("/observer").await;
    assert_eq!(client.ask("hello").await, "hello");
    let (_, closed) = tokio::join!(host.stop(), client.closed());
    assert_eq!(closed.code, 1001);
}

async fn server_ends_first(place: &Place) {
    let (_witness, client) = begun(place, "/jakarta").await;
    let mut tcp = client.into_tcp();
    // A masked Close frame with 1000.
    tcp.write_all(&[CLOSE, 0x82, 0, 0, 0, 0, 0x03, 0xe8]).await.expect("the host reads");
    let mut rest = Vec::new();
    let end = sockhop_tests::within("the end", tcp.read_to_end(&mut rest)).await;
    assert!(end.is_ok() && rest == [CLOSE, 2, 0x03, 0xe8], "{end:?}: {rest:?}");
}
