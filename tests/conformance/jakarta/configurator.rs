//! Guests that decide about handshakes.

use sockhop_tests::http::{self, Answer};

use super::place::Place;
use super::runner::scenarios;

scenarios! {
    "configurator.default" ("ee/server/serverendpointconfig/configurator") default:
        "a guest that accepts as the host would changes nothing",
    "configurator.echoes-fields" ("ee/handshakeresponse") echoes_fields:
        "eight values of a field of the request are eight values in the answer, in order",
    "configurator.sees-request" ("ee/server/serverendpointconfig/configurator") sees_request:
        "it sees the endpoint's path, the variables, the offers, the host's choice and the origin",
    "configurator.subprotocol" ("ee/server/serverendpointconfig/configurator") subprotocol:
        "of a, c, e the endpoint that prefers b, d, f, e, c speaks c",
    "configurator.other-subprotocol" ("getNegotiatedSubprotocol") other_subprotocol:
        "it may choose another one that was offered, or none",
    "configurator.unoffered-subprotocol" ("2.7") unoffered_subprotocol:
        "one that was not offered is 500, and nothing opens",
    "configurator.property" ("2.8") property:
        "a property that it gives is there when the session opens",
    "configurator.property-apart" ("ee/server/serverendpointconfig") property_apart:
        "what one handshake was given another does not see",
    "configurator.rejects" ("199") rejects:
        "it rejects with a status, fields and a body of its own",
    "configurator.stranger" ("8.1-1") stranger:
        "a peer that is not known is answered 401, and nothing opens",
    "configurator.redirects" ("199") redirects: "it may send a peer elsewhere",
    "configurator.after-origin" ("3.1.4-1") after_origin:
        "a handshake whose origin is refused does not reach it; the next with a good one does",
    "configurator.own-fields" ("modifyHandshake") own_fields:
        "the fields of the handshake itself are not its to set",
    "configurator.traps" ("2.7") traps:
        "a trap is 500 without a word of why, and the next is served",
    "configurator.for-its-endpoint" ("ee/server/serverendpoint") for_its_endpoint:
        "it is asked about its own component's endpoints and about no others",
}

async fn ask(place: &Place, query: &str, offer: &str) -> Answer {
    let asking = http::handshake(&format!("/jakarta-gate/x{query}"));
    asking.with("sec-websocket-protocol", offer).send(place.host.address()).await
}

async fn default(place: &Place) {
    let mut client = place.host.connect("/jakarta-gate/x").await;
    let told = client.ask("what").await;
    assert_eq!(told, "colour=Some(\"red\") size=Some(\"small\") speaks=None");
}

async fn echoes_fields(place: &Place) {
    let mut asking = http::handshake("/jakarta-gate/x?do=fields");
    for number in 1..=8 {
        asking = asking.and("x-many", &format!("value {number}"));
    }
    let answer = asking.send(place.host.address()).await;
    assert_eq!(answer.status, 101);
    let values = answer.headers.get_all("x-many").iter();
    let values: Vec<_> = values.map(|value| value.to_str().expect("a text")).collect();
    let expected: Vec<_> = (1..=8).map(|number| format!("value {number}")).collect();
    assert_eq!(values, expected);
}

async fn sees_request(place: &Place) {
    let own = format!("http://{}", place.host.address());
    let asking = http::handshake("/jakarta-gate/me?do=report").with("origin", &own);
    let asking = asking.with("sec-websocket-protocol", "a, c");
    let answer = asking.send(place.host.address()).await;
    let expected = format!("/jakarta-gate/{{name}} me [\"a\", \"c\"] Some(\"c\") Some(\"{own}\")");
    assert_eq!(answer.header("x-report"), Some(expected.as_str()));
}

async fn subprotocol(place: &Place) {
    let answer = ask(place, "", "a, c, e").await;
    assert_eq!((answer.status, answer.header("sec-websocket-protocol")), (101, Some("c")));
}

async fn other_subprotocol(place: &Place) {
    let other = ask(place, "?do=other", "b, c").await;
    assert_eq!((other.status, other.header("sec-websocket-protocol")), (101, Some("c")));
    let none = ask(place, "?do=silence", "b, c").await;
    assert_eq!((none.status, none.header("sec-websocket-protocol")), (101, None));
}

async fn unoffered_subprotocol(place: &Place) {
    let refused = ask(place, "?do=unoffered", "b").await;
    assert_eq!((refused.status, refused.header("sec-websocket-protocol")), (500, None));
    place.host.log_line("jakarta_gate", |line| line.contains("\"z\"")).await;
}

async fn property(place: &Place) {
    let mut client = place.host.connect("/jakarta-gate/green?do=paint").await;
    let told = client.ask("what").await;
    assert_eq!(told, "colour=Some(\"green\") size=Some(\"small\") speaks=None");
}

async fn property_apart(place: &Place) {
    let mut painted = place.host.connect("/jakarta-gate/blue?do=paint").await;
    assert!(painted.ask("what").await.starts_with("colour=Some(\"blue\")"));
    let mut plain = place.host.connect("/jakarta-gate/blue").await;
    assert!(plain.ask("what").await.starts_with("colour=Some(\"red\")"));
    assert!(plain.ask("set grey").await.starts_with("colour=Some(\"grey\")"));
    assert!(painted.ask("what").await.starts_with("colour=Some(\"blue\")"));
}

async fn rejects(place: &Place) {
    let refused = ask(place, "?do=deny", "b").await;
    assert_eq!((refused.status, refused.header("x-reason")), (403, Some("mood")));
    assert_eq!(refused.body, "not tonight\n");
    assert_eq!(refused.header("sec-websocket-accept"), None);
}

async fn stranger(place: &Place) {
    let refused = ask(place, "?do=stranger", "b").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")));
    let uri = "do=stranger";
    let open = place.host.sessions().await;
    assert!(!open.iter().any(|session| session.uri.contains(uri)), "it is a session: {open:#?}");
}

async fn redirects(place: &Place) {
    let elsewhere = ask(place, "?do=redirect", "b").await;
    assert_eq!((elsewhere.status, elsewhere.header("location")), (302, Some("/elsewhere")));
}

async fn after_origin(place: &Place) {
    let asking = || http::handshake("/jakarta-gate/x?do=deny");
    let foreign = asking().with("origin", "https://elsewhere.example");
    let refused = foreign.send(place.host.address()).await;
    assert_eq!((refused.status, refused.header("x-reason")), (403, None), "{refused:?}");
    let own = format!("http://{}", place.host.address());
    let asked = asking().with("origin", &own).send(place.host.address()).await;
    assert_eq!((asked.status, asked.header("x-reason")), (403, Some("mood")), "{asked:?}");
}

async fn own_fields(place: &Place) {
    let refused = ask(place, "?do=forbidden", "b").await;
    assert_eq!(refused.status, 500);
    place.host.log_line("jakarta_gate", |line| line.contains("sec-websocket-accept")).await;
}

async fn traps(place: &Place) {
    let asking = http::handshake("/configured?do=trap");
    let refused = asking.send(place.host.address()).await;
    assert_eq!(refused.status, 500);
    assert!(!refused.body.contains("trap"), "{refused:?}");
    let told = "trapped in configurator.handshake";
    place.host.log_line("configured", |line| line.contains(told)).await;
    let mut next = place.host.connect("/configured").await;
    assert_eq!(next.ask("what").await, "subprotocol=None role=Some(\"nobody\")");
}

async fn for_its_endpoint(place: &Place) {
    let asking = http::handshake(&format!("/jakarta/{}?do=deny", place.tag()));
    assert_eq!(asking.send(place.host.address()).await.status, 101);
}
