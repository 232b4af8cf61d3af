//! What a guest sees of the request that opened its session.

use serde_json::{Value, json};
use sockhop_tests::tls::TlsClient;
use sockhop_tests::{Client, RawClient, http};
use tokio::net::TcpStream;

use super::place::{Place, seen, told};
use super::runner::scenarios;

scenarios! {
    "request.headers" ("ee/server/handshakerequest") headers:
        "fields are there by their names in lower case, whatever the peer wrote",
    "request.header-repeated" ("ee/server/handshakerequest") header_repeated:
        "a field that is repeated is repeated, in order",
    "request.headers-stay" ("ee/server/handshakerequest") headers_stay:
        "the request is the same whenever it is asked for",
    "request.query" ("ee/server/handshakerequest") query:
        "the query is given as it came, and none where there was none",
    "request.query-two" ("ee/server/handshakerequest") query_two:
        "a query of two parameters and a path of two variables are kept apart",
    "request.uri" ("getRequestURI") uri:
        "the URI is the one that the peer asked for, encoded as it was",
    "request.anonymous" ("ee/server/handshakerequest") anonymous:
        "without TLS a peer has no certificate chain",
    "request.certificates" ("242") certificates: "a peer's certificate is given, its own first",
    "request.no-certificate" ("242") no_certificate:
        "over TLS without a certificate the chain is empty",
    "request.remote" ("255") remote: "a peer's address and port are those that it comes from",
    "request.local" ("255") local:
        "the address and port that it came to are those where the host listens",
    "request.language" ("255") language:
        "a peer's languages are there as it sent them, or not at all",
    "request.offered" ("getNegotiatedSubprotocol") offered:
        "what was offered and what the host would choose are given beside what was chosen",
    "request.no-parameters" ("ee/server/pathparam") no_parameters:
        "a path without variables has none",
    "request.one-parameter" ("ee/server/pathparam") one_parameter:
        "a variable stands for its segment",
    "request.ten-parameters-in-open" ("ee/server/pathparam") ten_in_open:
        "ten variables are there in `open`",
    "request.ten-parameters-in-message" ("ee/server/pathparam") ten_in_message:
        "ten variables are there in a message",
    "request.ten-parameters-in-error" ("ee/server/pathparam") ten_in_error:
        "ten variables are there in `on-error`",
    "request.ten-parameters-in-close" ("ee/server/pathparam") ten_in_close:
        "ten variables are there in `on-close`",
    "request.unmatched-parameter" ("ee/server/pathparam") unmatched_parameter:
        "a variable that the path has not is none",
    "request.decoded-once" ("getPathParameters") decoded_once: "a variable's value is decoded once",
}

/// What is seen of the request of a session at this path, with these fields.
async fn request(place: &Place, path: &str, fields: &[(&'static str, &str)]) -> Value {
    let mut client = place.host.connect_with(path, fields).await;
    seen(&mut client).await["request"].take()
}

/// The fields of one name.
fn fields<'a>(request: &'a Value, name: &str) -> Vec<&'a str> {
    let fields = request["headers"].as_array().expect("fields").iter();
    let named = fields.filter(|field| field[0] == name);
    named.map(|field| field[1].as_str().expect("a text")).collect()
}

async fn headers(place: &Place) {
    // By hand: a library may write names in lower case.
    let lines = "X-MiXeD: Value\r\n";
    let address = place.host.address();
    let client = RawClient::connect_with(address, "/handshaker/a/b", lines).await;
    let mut client = client.expect("a session");
    client.send(0x81, b"what").await;
    let text = String::from_utf8(client.receive().await.payload).expect("a text");
    let whole: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(fields(&whole["request"], "x-mixed"), ["Value"]);
    assert_eq!(fields(&whole["request"], "sec-websocket-key").len(), 1);
}

async fn header_repeated(place: &Place) {
    let sent = [("x-many", "1"), ("x-other", "0"), ("x-many", "2"), ("x-many", "1")];
    let request = request(place, "/handshaker/a/b", &sent).await;
    assert_eq!(fields(&request, "x-many"), ["1", "2", "1"]);
}

async fn headers_stay(place: &Place) {
    let mut client = place.host.connect_with("/handshaker/a/b?q", &[("x-a", "1")]).await;
    let first = seen(&mut client).await;
    assert_eq!(seen(&mut client).await, first);
}

async fn query(place: &Place) {
    let some = request(place, "/handshaker/a/b?name=Ada%20L&x", &[]).await;
    assert_eq!(some["query"], json!("name=Ada%20L&x"));
    let none = request(place, "/handshaker/a/b", &[]).await;
    assert_eq!(none["query"], Value::Null);
    let empty = request(place, "/handshaker/a/b?", &[]).await;
    assert_eq!(empty["query"], json!(""));
}

async fn query_two(place: &Place) {
    let request = request(place, "/handshaker/a/b?one=1&two=2", &[]).await;
    assert_eq!(request["query"], json!("one=1&two=2"));
    assert_eq!(request["path_parameters"], json!([["room", "a"], ["seat", "b"]]));
}

async fn uri(place: &Place) {
    let path = "/handshaker/tea%20room/%C3%A9?x=%20";
    let request = request(place, path, &[]).await;
    assert_eq!(request["uri"], json!(place.url(path)));
}

async fn anonymous(place: &Place) {
    let request = request(place, "/handshaker/a/b", &[]).await;
    assert_eq!(request["client_certificates"], json!([]));
    assert_eq!(request["secure"], json!(false));
}

/// What is seen of a request over TLS.
async fn encrypted(place: &Place, client: &TlsClient) -> Value {
    let address = place.host.encrypted().await;
    let stream = client.connect(address).await.expect("trusted");
    let uri = format!("wss://{address}/handshaker/a/b");
    seen(&mut Client::over(stream, &uri, &[]).await).await["request"].take()
}

async fn certificates(place: &Place) {
    let own = place.authority.sign();
    let client = TlsClient::trusting(&place.authority).showing(&own);
    let request = encrypted(place, &client).await;
    assert_eq!(request["client_certificates"][0], json!(own.der()));
}

async fn no_certificate(place: &Place) {
    let request = encrypted(place, &TlsClient::trusting(&place.authority)).await;
    assert_eq!(request["client_certificates"], json!([]));
    assert_eq!(request["secure"], json!(true));
}

async fn remote(place: &Place) {
    let tcp = TcpStream::connect(place.host.address()).await.expect("the host listens");
    let own = tcp.local_addr().expect("an address").to_string();
    let mut client = Client::over(tcp, &place.url("/handshaker/a/b"), &[]).await;
    assert_eq!(seen(&mut client).await["request"]["peer"], json!(own));
}

async fn local(place: &Place) {
    let request = request(place, "/handshaker/a/b", &[]).await;
    assert_eq!(request["local"], json!(place.host.address().to_string()));
}

async fn language(place: &Place) {
    for language in ["fr", "de-AT, de;q=0.8, en;q=0.5"] {
        let request = request(place, "/handshaker/a/b", &[("accept-language", language)]).await;
        assert_eq!(fields(&request, "accept-language"), [language]);
    }
    let none = request(place, "/handshaker/a/b", &[]).await;
    assert!(fields(&none, "accept-language").is_empty());
}

async fn offered(place: &Place) {
    let offer = [("sec-websocket-protocol", "z, b, a")];
    let mut client = place.host.connect_with("/handshaker/a/b", &offer).await;
    let seen = seen(&mut client).await;
    assert_eq!(seen["request"]["subprotocols"], json!(["z", "b", "a"]));
    assert_eq!(seen["request"]["default_subprotocol"], json!("b"));
    assert_eq!(seen["subprotocol"], json!("b"));
    assert_eq!(client.response_header("sec-websocket-protocol"), Some("b"));
}

async fn no_parameters(place: &Place) {
    let mut client = place.at("/jakarta-plain").await;
    assert_eq!(client.ask("parameters").await, "");
    assert_eq!(client.ask("parameter tag").await, "None");
}

async fn one_parameter(place: &Place) {
    let tag = place.tag();
    let mut client = place.at(&format!("/jakarta/{tag}")).await;
    assert_eq!(client.ask("parameter tag").await, format!("Some(\"{tag}\")"));
}

/// What the ten variables stand for at the paths below.
const TEN: &str = "a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9,j=10";

fn ten(place: &Place) -> String {
    format!("/jakarta/{}/1/2/3/4/5/6/7/8/9/10", place.tag())
}

async fn ten_in_open(place: &Place) {
    let mut client = place.host.connect(&format!("{}?open=parameters", ten(place))).await;
    assert_eq!(client.text().await, TEN);
}

async fn ten_in_message(place: &Place) {
    let mut client = place.at(&ten(place)).await;
    assert_eq!(client.ask("parameters").await, TEN);
}

async fn ten_in_error(place: &Place) {
    let mut client = place.at(&ten(place)).await;
    assert_eq!(client.ask("fail x").await, format!("error handler x {TEN}"));
}

async fn ten_in_close(place: &Place) {
    let path = ten(place);
    let (mut witness, mut client) = (place.at(&path).await, place.at(&path).await);
    client.close(None).await;
    let text = told(&mut witness, "at the end").await;
    assert!(text.ends_with(&format!(" {TEN}")), "{text}");
}

async fn unmatched_parameter(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("parameter nobody").await, "None");
    // Longer paths are other endpoints, and this one has none.
    let refused = http::handshake(&format!("{}/11", ten(place))).send(place.host.address()).await;
    assert_eq!(refused.status, 404);
}

async fn decoded_once(place: &Place) {
    let request = request(place, "/handshaker/100%2525/a%20b+c", &[]).await;
    assert_eq!(request["path_parameters"], json!([["room", "100%25"], ["seat", "a b+c"]]));
}
