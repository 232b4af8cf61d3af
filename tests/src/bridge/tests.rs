//! The bridges against servers that only send back what came.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use h2::ext::Protocol;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use hyper::body::Bytes;
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::server::TlsStream;

use super::Bridge;
use crate::tls::Authority;
use crate::{Http2Stream, within};

/// More than all windows and buffers between the two ends hold.
const LARGE_BYTES: usize = 3 << 20;

/// The handshake of RFC 6455 §1.3, and the first bytes behind it.
const HANDSHAKE: &[u8] = b"GET /echo?a=b HTTP/1.1\r\nHost: there\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: a, b\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\nfirst";

/// A TLS server that speaks this protocol and does this with each connection, and who has signed
/// its certificate.
async fn server<F: Future<Output = ()> + Send + 'static>(
    protocol: &'static str,
    serve: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static,
) -> (SocketAddr, Authority) {
    let authority = Authority::new();
    let acceptor = authority.sign().acceptor(protocol);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let tls = acceptor.accept(tcp).await.expect("the bridge speaks TLS");
            assert_eq!(tls.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
            tokio::spawn(serve(tls));
        }
    });
    (address, authority)
}

/// A server of HTTP/2 that does this with each stream.
async fn http2_server<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Clone + Send + 'static,
) -> (SocketAddr, Authority) {
    server("h2", move |tls| {
        let serve = serve.clone();
        async move {
            let mut builder = h2::server::Builder::new();
            let handshake = builder.enable_connect_protocol().handshake(tls);
            let mut connection = handshake.await.expect("the bridge speaks HTTP/2");
            while let Some(Ok((request, answer))) = connection.accept().await {
                tokio::spawn(serve(request, answer));
            }
        }
    })
    .await
}

async fn echo_bytes(stream: impl AsyncRead + AsyncWrite) {
    let (mut reads, mut writes) = tokio::io::split(stream);
    tokio::io::copy(&mut reads, &mut writes).await.expect("all is written");
    writes.shutdown().await.expect("the bridge is there");
}

/// Sends a large payload and the end, and reads what comes back and its end.
async fn goes_and_comes(client: TcpStream) {
    let payload: Vec<u8> = (0..LARGE_BYTES).map(|i| (i % 251) as u8).collect();
    let (mut reads, mut writes) = client.into_split();
    let sent = async {
        writes.write_all(&payload).await.expect("the bridge reads");
        writes.shutdown().await.expect("the bridge is there");
    };
    let mut came = Vec::new();
    let received = async { reads.read_to_end(&mut came).await.expect("a clean end") };
    within("the payload to come back", async { tokio::join!(sent, received) }).await;
    assert!(came == payload, "{} bytes came back, and not those that were sent", came.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_pass_the_tls_bridge_unchanged_and_so_does_the_end() {
    let (address, authority) = server("http/1.1", echo_bytes).await;
    let bridge = Bridge::tls(address, &authority).await;
    for _ in 0..2 {
        goes_and_comes(TcpStream::connect(bridge.address()).await.expect("it listens")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn last_words_before_a_lost_tls_connection_arrive() {
    let (address, authority) = server("http/1.1", async |mut tls: TlsStream<TcpStream>| {
        tls.write_all(b"last words").await.expect("the bridge reads");
        tls.flush().await.expect("the bridge reads");
        // Without the alert that ends a TLS connection.
        drop(tls.into_inner());
    })
    .await;
    let bridge = Bridge::tls(address, &authority).await;
    let mut client = TcpStream::connect(bridge.address()).await.expect("it listens");
    let mut came = Vec::new();
    within("the end", client.read_to_end(&mut came)).await.expect("an end");
    assert_eq!(came, b"last words");
}

/// Sends the payload of DATA frames back.
async fn echo_stream(request: Request<RecvStream>, mut answer: SendResponse<Bytes>) {
    assert_eq!(request.extensions().get::<Protocol>().map(Protocol::as_str), Some("websocket"));
    assert_eq!(request.uri().path_and_query().map(PathAndQuery::as_str), Some("/echo?a=b"));
    let fields = request.headers();
    assert_eq!(fields["sec-websocket-extensions"], "permessage-deflate; client_max_window_bits");
    assert_eq!(fields["sec-websocket-version"], "13");
    for absent in ["connection", "upgrade", "sec-websocket-key", "host"] {
        assert!(!fields.contains_key(absent), "{absent} is not of HTTP/2");
    }
    let response = Response::builder().header("sec-websocket-protocol", "b").header("x", "y");
    let sender = answer.send_response(response.body(()).expect("a response"), false);
    let sender = sender.expect("the bridge is there");
    echo_bytes(Http2Stream::new(sender, request.into_body())).await;
}

/// Shakes hands through a bridge; the head of the answer.
async fn shake_hands(bridge: &Bridge) -> (TcpStream, String) {
    let mut client = TcpStream::connect(bridge.address()).await.expect("it listens");
    client.write_all(HANDSHAKE).await.expect("the bridge reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within("the answer", client.read_u8()).await.expect("a whole head"));
    }
    (client, String::from_utf8(head).expect("a text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_becomes_an_extended_connect_and_bytes_pass_unchanged() {
    let (address, authority) = http2_server(echo_stream).await;
    let bridge = Bridge::http2(address, &authority).await;
    for _ in 0..2 {
        let (mut client, head) = shake_hands(&bridge).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // RFC 6455 §1.3.
        assert!(head.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        assert!(head.contains("\r\nsec-websocket-protocol: b\r\n"), "{head}");
        let mut first = [0; 5];
        within("what was behind", client.read_exact(&mut first)).await.expect("all of it");
        assert_eq!(&first, b"first");
        goes_and_comes(client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_keeps_its_status() {
    let (address, authority) = http2_server(async |_request, mut answer: SendResponse<_>| {
        let response = Response::builder().status(403).body(()).expect("a response");
        answer.send_response(response, true).expect("the bridge is there");
    })
    .await;
    let bridge = Bridge::http2(address, &authority).await;
    let (mut client, head) = shake_hands(&bridge).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    // The first frames that nobody read make the end a reset.
    let _end = within("the end", client.read_to_end(&mut Vec::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_passes_in_both_directions() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let (address, authority) = http2_server(move |request, mut answer| {
        let told = told.clone();
        async move {
            let mut receiver = request.into_body();
            let mut sender = answer.send_response(Response::new(()), false).expect("a stream");
            receiver.data().await.expect("the first bytes").expect("the first bytes");
            match receiver.data().await {
                Some(Ok(_)) => sender.send_reset(Reason::CANCEL),
                other => told.send(other.and_then(|end| end.err()?.reason())).expect("a listener"),
            }
        }
    })
    .await;
    let bridge = Bridge::http2(address, &authority).await;
    let (client, _) = shake_hands(&bridge).await;
    rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).expect("a socket");
    drop(client);
    assert_eq!(within("the reset", heard.recv()).await, Some(Some(Reason::CANCEL)));

    let (mut client, _) = shake_hands(&bridge).await;
    client.write_all(b"second").await.expect("the bridge reads");
    let mut came = Vec::new();
    let _end = within("the end", client.read_to_end(&mut came)).await;
    assert_eq!(came, b"");
}
