//! The session: whether it is open, its id, its endpoint's other sessions, and its properties.

use serde_json::json;
use sockhop_tests::tls::TlsClient;
use sockhop_tests::{Client, eventually};

use super::place::{Mode, Place, end, seen, told};
use super::runner::scenarios;

scenarios! {
    "session.open-in-open" ("ee/session") open_in_open: "a session is open while its `open` runs",
    "session.open-in-message" ("ee/session") open_in_message both: "a session is open in a message",
    "session.not-open-at-the-end" ("ee/session") not_open_at_the_end both:
        "a session is not open any more when its guest is told of its end",
    "session.id-stays" ("spec/session/sessionid") id_stays both:
        "a session has one id from its first event to its last",
    "session.ids-in-turn" ("2.1.2-3") ids_in_turn both:
        "sessions that follow each other have ids of their own",
    "session.ids-at-once" ("2.1.2-1") ids_at_once:
        "sessions at the same time have ids of their own",
    "session.count" ("ee/session") count:
        "open sessions are counted up and down again: 1, 2, 3, 2, 1",
    "session.count-of-endpoint" ("getOpenSessions") count_of_endpoint:
        "only sessions of the same endpoint are counted",
    "session.lists-itself" ("getOpenSessions") lists_itself:
        "a session is listed itself, oldest first",
    "session.handle-of-another" ("getOpenSessions") handle_of_another:
        "a guest sends to another session by its id, and to none where there is none",
    "session.closes-another" ("Session.close") closes_another:
        "a guest closes another session, whose peer sees its code and phrase",
    "session.uri" ("ee/session") uri: "the URI of the request is given in full, with its query",
    "session.secure" ("Session.isSecure") secure:
        "over TLS a session is secure and its URI says wss; otherwise not",
    "session.version" ("ee/session") version: "the protocol is version 13 and no other",
    "session.endpoint-path" ("getPath") endpoint_path:
        "a session knows the template of its endpoint",
    "session.no-subprotocol" ("getNegotiatedSubprotocol") no_subprotocol both:
        "where no subprotocol is agreed on there is none",
    "session.properties-of-endpoint" ("2.8") properties_of_endpoint both:
        "a session starts with the properties of its endpoint",
    "session.properties-apart" ("ee/server/serverendpointconfig") properties_apart both:
        "what one session changes of its properties another does not see",
    "session.properties-last" ("2.1.2-2") properties_last both:
        "properties are there until the guest has been told of the end",
    "session.properties-removed" ("getUserProperties") properties_removed both:
        "a property that is removed is gone, and the others are not",
    "session.properties-bounded" ("getUserProperties") properties_bounded both:
        "properties beyond the limit are refused, and those that there are stay",
    "session.limits-round-trip" ("ee/session") limits_round_trip both:
        "each limit that a guest sets is what it gets, and the others stay",
    "session.state-apart" ("spec/application/lifecycle") state_apart both:
        "each of two peers has an endpoint of its own, whose count starts anew",
    "session.instance" ("3.1.7-1") instance:
        "an instance serves one session, those with its key, or all of them, as the mode says",
    "session.one-container" ("spec/application/containers") one_container:
        "sessions of all instances find each other: there is one container",
}

async fn open_in_open(place: &Place) {
    let path = format!("/jakarta/{}?open=send", place.tag());
    let mut client = place.host.connect(&path).await;
    assert_eq!(client.text().await, "open=true");
}

async fn open_in_message(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("open?").await, "true");
}

async fn not_open_at_the_end(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    client.close(None).await;
    let text = told(&mut witness, "at the end").await;
    assert!(text.starts_with("at the end open=false "), "{text}");
}

async fn id_stays(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    let id = client.ask("id").await;
    assert_eq!(client.ask("id").await, id);
    client.close(None).await;
    let text = told(&mut witness, "closed ").await;
    assert!(text.ends_with(&format!(" id={id}")), "{text} and not {id}");
}

async fn ids_in_turn(place: &Place) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        let (_witness, mut client) = place.two().await;
        ids.push(client.ask("id").await);
        client.close(None).await;
    }
    all_different(ids);
}

async fn ids_at_once(place: &Place) {
    let path = format!("/jakarta/{}", place.tag());
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(place.at(&path).await);
    }
    let mut ids = Vec::new();
    for client in &mut clients {
        ids.push(client.ask("id").await);
    }
    all_different(ids);
}

fn all_different(mut ids: Vec<String>) {
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is there twice: {ids:?}");
}

async fn count(place: &Place) {
    let path = format!("/jakarta/{}", place.tag());
    let mut first = place.at(&path).await;
    assert_eq!(first.ask("tagged").await, "1");
    let mut second = place.at(&path).await;
    assert_eq!(first.ask("tagged").await, "2");
    let mut third = place.at(&path).await;
    assert_eq!(first.ask("tagged").await, "3");
    assert_eq!(third.ask("tagged").await, "3");
    third.close(None).await;
    for client in [&mut first, &mut second] {
        end(client).await;
        assert_eq!(client.ask("tagged").await, "2");
    }
    second.close(None).await;
    end(&mut first).await;
    assert_eq!(first.ask("tagged").await, "1");
}

async fn count_of_endpoint(place: &Place) {
    // Nobody else is at this endpoint, and many are at the others.
    let mut first = place.at("/jakarta-alone/a").await;
    let _elsewhere = place.two().await;
    assert_eq!(first.ask("count").await, "1");
    let _second = place.at("/jakarta-alone/b").await;
    assert_eq!(first.ask("count").await, "2");
}

async fn lists_itself(place: &Place) {
    let (mut first, mut second) = place.two().await;
    let ids = [first.ask("id").await, second.ask("id").await].join(",");
    assert_eq!(first.ask("ids").await, ids);
    assert_eq!(second.ask("ids").await, ids);
}

async fn handle_of_another(place: &Place) {
    let (mut first, mut second) = place.two().await;
    let id = first.ask("id").await;
    second.send(format!("tell {id} from the other")).await;
    assert_eq!(first.text().await, "from the other");
    first.close(None).await;
    eventually("nobody with this id", async || {
        (second.ask(&format!("tell {id} again")).await == "nobody").then_some(())
    })
    .await;
}

async fn closes_another(place: &Place) {
    let path = format!("/directory/{}", place.tag());
    let (mut first, mut second) =
        (place.host.connect(&path).await, place.host.connect(&path).await);
    let id = first.ask("id").await;
    assert_eq!(second.ask(&format!("close {id}")).await, "closed");
    let closed = first.closed().await;
    assert_eq!((closed.code, closed.phrase.as_str()), (4002, "by another"));
}

async fn uri(place: &Place) {
    let path = format!("/jakarta/{}?a=b&c=%20d", place.tag());
    let mut client = place.at(&path).await;
    assert_eq!(client.ask("uri").await, place.url(&path));
}

async fn secure(place: &Place) {
    let address = place.host.encrypted().await;
    let stream = TlsClient::trusting(&place.authority).connect(address).await.expect("trusted");
    let uri = format!("wss://{address}/handshaker/a/b");
    let encrypted = seen(&mut Client::over(stream, &uri, &[]).await).await;
    assert_eq!(encrypted["request"]["secure"], json!(true));
    assert_eq!(encrypted["request"]["uri"], json!(uri));
    let plain = seen(&mut place.host.connect("/handshaker/a/b").await).await;
    assert_eq!(plain["request"]["secure"], json!(false));
    assert_eq!(plain["request"]["uri"], json!(place.url("/handshaker/a/b")));
}

async fn version(place: &Place) {
    let seen = seen(&mut place.host.connect("/handshaker/a/b").await).await;
    let headers = seen["request"]["headers"].as_array().expect("fields");
    let versions: Vec<_> =
        headers.iter().filter(|header| header[0] == "sec-websocket-version").collect();
    assert_eq!(versions, [&json!(["sec-websocket-version", "13"])]);
}

async fn endpoint_path(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("path").await, "/jakarta/{tag}");
}

async fn no_subprotocol(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("subprotocol").await, "None");
    assert_eq!(client.response_header("sec-websocket-protocol"), None);
}

async fn properties_of_endpoint(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("get colour").await, "Some(\"red\")");
    assert_eq!(client.ask("names").await, "colour");
}

async fn properties_apart(place: &Place) {
    let (mut first, mut second) = place.two().await;
    first.send("set colour blue").await;
    first.send("set size large").await;
    assert_eq!(first.ask("get colour").await, "Some(\"blue\")");
    assert_eq!(second.ask("get colour").await, "Some(\"red\")");
    assert_eq!(second.ask("get size").await, "None");
    let (_witness, mut third) = place.two().await;
    assert_eq!(third.ask("get colour").await, "Some(\"red\")");
}

async fn properties_last(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    client.send("set colour green").await;
    assert_eq!(client.ask("get colour").await, "Some(\"green\")");
    client.close(None).await;
    let text = told(&mut witness, "at the end").await;
    assert!(text.contains(" colour=green"), "{text}");
}

async fn properties_removed(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("set size large").await;
    client.send("unset colour").await;
    assert_eq!(client.ask("get colour").await, "None");
    assert_eq!(client.ask("names").await, "size");
}

async fn properties_bounded(place: &Place) {
    let (_witness, mut client) = place.two().await;
    let told = client.ask(&format!("set long {}", "x".repeat(16 << 10))).await;
    assert!(told.ends_with("16384 are allowed"), "{told}");
    assert_eq!(client.ask("names").await, "colour");
    client.send(format!("set long {}", "x".repeat(8 << 10))).await;
    assert_eq!(client.ask("names").await, "colourlong");
}

async fn limits_round_trip(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("limits").await, "16777216 [0, 0, 60000, 0]");
    for (set, in_force) in [
        ("message 5000", "5000 [0, 0, 60000, 0]"),
        ("idle 61000", "5000 [61000, 0, 60000, 0]"),
        ("read-idle 62000", "5000 [61000, 62000, 60000, 0]"),
        ("write-idle 43000", "5000 [61000, 62000, 43000, 0]"),
        ("send 64000", "5000 [61000, 62000, 43000, 64000]"),
        ("message 6000", "6000 [61000, 62000, 43000, 64000]"),
        ("idle 0", "6000 [0, 62000, 43000, 64000]"),
        ("read-idle 0", "6000 [0, 0, 43000, 64000]"),
        ("send 0", "6000 [0, 0, 43000, 0]"),
        // Here the operator has a limit, which is in force again.
        ("write-idle 0", "6000 [0, 0, 60000, 0]"),
    ] {
        assert_eq!(client.ask(&format!("set-limit {set}")).await, in_force, "{set}");
    }
    assert_eq!(client.ask("limits").await, "6000 [0, 0, 60000, 0]");
    // Another session has its own.
    let (_witness, mut other) = place.two().await;
    assert_eq!(other.ask("limits").await, "16777216 [0, 0, 60000, 0]");
}

async fn state_apart(place: &Place) {
    let (mut first, mut second) = place.two().await;
    assert_eq!(first.ask("number").await, "1");
    assert_eq!(first.ask("number").await, "2");
    assert_eq!(second.ask("number").await, "1");
    assert_eq!(first.ask("number").await, "3");
}

async fn instance(place: &Place) {
    let (mut first, mut second) = place.two().await;
    let sessions = [first.ask("sessions").await, second.ask("sessions").await];
    let of_an_instance: Vec<u64> =
        sessions.iter().map(|count| count.parse().expect("a count")).collect();
    match place.mode {
        Mode::Session => assert_eq!(of_an_instance, [1, 1]),
        Mode::Keyed => {
            assert_eq!(of_an_instance, [2, 2]);
            let mut stranger = place.at(&format!("/jakarta/{}", place.tag())).await;
            assert_eq!(stranger.ask("sessions").await, "1");
        }
        Mode::Shared => assert!(of_an_instance.iter().all(|count| *count >= 2), "{sessions:?}"),
    }
}

async fn one_container(place: &Place) {
    let path = format!("/jakarta/{}", place.tag());
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(place.at(&path).await);
    }
    clients[0].send("all hello").await;
    for client in &mut clients {
        assert_eq!(client.text().await, "hello");
    }
    let mut leaving = clients.pop().expect("four");
    leaving.close(None).await;
    // Whoever is left is told of the same end.
    let ends = [end(&mut clients[0]).await, end(&mut clients[1]).await];
    assert_eq!(ends[0], ends[1]);
}
