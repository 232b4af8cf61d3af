//! A browser that has a page from the host over TLS: its sockets go over HTTP/2, unasked, and are
//! compressed.

use std::fs;

use serde_json::{Value, json};
use sockhop_tests::{TestHost, WebDriver};

/// Says and hears, and leaves what it has heard in `seen`.
const PAGE: &str = r#"<!doctype html>
<title>waiting</title>
<script>
const seen = { protocol: performance.getEntriesByType("navigation")[0].nextHopProtocol };

function opened(path) {
  const socket = new WebSocket(location.origin.replace(/^http/, "ws") + path);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error(`no session at ${path}`));
  });
}

function answer(socket, message) {
  return new Promise((resolve, reject) => {
    socket.onmessage = (event) => resolve(event.data);
    socket.onclose = (event) => reject(new Error(`closed with ${event.code}`));
    socket.send(message);
  });
}

function closed(socket) {
  return new Promise((resolve) => {
    socket.onclose = ({ code, reason, wasClean }) => resolve([code, reason, wasClean]);
    socket.close(4000, "done");
  });
}

async function talk() {
  const asking = await opened("/handshaker/tea/7");
  seen.handshake = JSON.parse(await answer(asking, "who am I?"));
  const echo = await opened("/echo");
  seen.extensions = echo.extensions;
  seen.texts = [];
  for (const text of ["", "hello", "Grüße 🕺".repeat(30000)]) {
    seen.texts.push((await answer(echo, text)) === text);
  }
  const bytes = Uint8Array.from({ length: 300 * 1024 }, (_, i) => (i * i) % 251);
  const back = new Uint8Array(await answer(echo, bytes));
  seen.bytes = back.length === bytes.length && back.every((byte, i) => byte === bytes[i]);
  seen.closed = await closed(echo);
}

talk().then(() => (document.title = "done"), (error) => (document.title = String(error)));
</script>
"#;

/// What a page from this host sees whose sockets come back to it.
async fn page_of(browser: &WebDriver) -> (TestHost, Value) {
    let builder = TestHost::builder().tls().guest("echo").guest("handshaker");
    let web = builder.folder().join("web");
    fs::create_dir_all(&web).expect("our own folder");
    fs::write(web.join("index.html"), PAGE).expect("our own folder");
    let host = builder.args(["--assets".into(), web]).start().await;
    browser.open(&format!("https://{}/", host.address())).await;
    browser.until("document.title", &json!("done")).await;
    let seen = browser.evaluate("seen").await;
    (host, seen)
}

/// The names of the fields that the handshake had when it came to the guest.
fn fields(seen: &Value) -> Vec<&str> {
    let fields = seen["handshake"]["request"]["headers"].as_array().expect("fields");
    fields.iter().map(|field| field[0].as_str().expect("a name")).collect()
}

fn assert_echoed(seen: &Value) {
    assert_eq!(seen["texts"], json!([true, true, true]), "{seen:#}");
    assert_eq!(seen["bytes"], true, "{seen:#}");
    assert_eq!(seen["closed"], json!([4000, "done", true]), "{seen:#}");
    let extensions = seen["extensions"].as_str().expect("a text");
    assert!(extensions.starts_with("permessage-deflate"), "{seen:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_over_http2_opens_its_sockets_on_the_same_connection() {
    let browser = WebDriver::start().await;
    let (host, seen) = page_of(&browser).await;
    assert_echoed(&seen);
    assert_eq!(seen["protocol"], "h2", "{seen:#}");
    // An extended CONNECT has no key (RFC 8441 §5), and an opening handshake of HTTP/1.1 has one.
    let fields = fields(&seen);
    assert!(!fields.contains(&"sec-websocket-key"), "{fields:?}");
    assert!(fields.contains(&"sec-websocket-extensions"), "{fields:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_over_tls_without_http2_opens_its_sockets_as_ever() {
    let browser = WebDriver::start_with(&["--disable-http2"]).await;
    let (host, seen) = page_of(&browser).await;
    assert_echoed(&seen);
    assert_eq!(seen["protocol"], "http/1.1", "{seen:#}");
    assert!(fields(&seen).contains(&"sec-websocket-key"), "{seen:#}");
    host.stop().await;
}
