//! `sockhop connect`: the client for people and scripts, against the real host and against servers
//! that misbehave.

use std::process::{Output, Stdio};

use sockhop_tests::{Outcome, TestHost, artefacts, within};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(artefacts::host_binary());
    command.env_clear().kill_on_drop(true).arg("connect").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Pipes this through the client.
async fn piped_bytes(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command(arguments).spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("piped");
    let feeding = async move {
        // A client that has failed reads nothing.
        let _written = stdin.write_all(input).await;
    };
    // What it prints is read meanwhile, or it would stop.
    let talking = async { tokio::join!(feeding, child.wait_with_output()).1 };
    within("the client to end", talking).await.expect("it was started")
}

async fn piped(arguments: &[&str], input: &[u8]) -> Outcome {
    piped_bytes(arguments, input).await.into()
}

fn url(host: &TestHost, path: &str) -> String {
    format!("ws://{}{path}", host.address())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_piped_in_comes_back_line_by_line() {
    let host = TestHost::with_guests(["echo"]).await;
    let outcome = piped(&[&url(&host, "/echo")], "hello\n\nw\u{f6}rld\n".as_bytes()).await;
    assert_eq!(
        outcome.stderr,
        format!(
            "sockhop: connected to {}, compressed\nsockhop: closed with 1000\n",
            url(&host, "/echo")
        )
    );
    assert_eq!(outcome.succeeded(), "hello\n\nw\u{f6}rld\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_messages_go_through_compressed_or_not() {
    let host = TestHost::with_guests(["echo"]).await;
    let lines: Vec<String> = (0..40).map(|line| format!("{line} ").repeat(20_000)).collect();
    let input = lines.join("\n") + "\n";
    let url = url(&host, "/echo");
    for options in [&[&*url][..], &[&url, "--no-compression"]] {
        let outcome = piped(options, input.as_bytes()).await;
        assert_eq!(outcome.stderr.contains("compressed"), options.len() == 1);
        assert!(outcome.succeeded() == input, "something is lost or out of order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_is_sent_and_printed_as_it_is() {
    let host = TestHost::with_guests(["echo"]).await;
    let input: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let output = piped_bytes(&[&url(&host, "/echo"), "--binary"], &input).await;
    assert!(output.status.success() && output.stdout == input);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_has_what_was_asked_for() {
    let host = TestHost::with_guests(["handshaker"]).await;
    let outcome = piped(
        &[
            &url(&host, "/handshaker/1/2?q"),
            "--subprotocol=z",
            "--subprotocol=b",
            "--header=X-Y: z",
            "--verbose",
        ],
        b"what\n",
    )
    .await;
    assert!(outcome.stderr.contains(", subprotocol b"), "{}", outcome.stderr);
    for line in [
        "> GET /handshaker/1/2?q HTTP/1.1\n",
        "> sec-websocket-protocol: z, b\n",
        "> x-y: z\n",
        "< HTTP/1.1 101 Switching Protocols\n",
        "< sec-websocket-protocol: b\n",
    ] {
        assert!(outcome.stderr.contains(line), "{line} in {}", outcome.stderr);
    }
    let seen = outcome.json();
    assert_eq!(seen["subprotocol"], "b");
    assert_eq!(seen["request"]["subprotocols"], serde_json::json!(["z", "b"]));
    let headers = seen["request"]["headers"].as_array().expect("fields");
    assert!(headers.contains(&serde_json::json!(["x-y", "z"])), "{headers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_host_is_trusted_by_its_authority_alone() {
    let host = TestHost::builder().guest("echo").tls().start().await;
    let ca = host.folder().join("ca.crt");
    std::fs::write(&ca, host.authority().pem()).expect("our own folder");
    let ca = ca.to_str().expect("UTF-8");
    for name in ["localhost", "127.0.0.1"] {
        let url = format!("wss://{name}:{}/echo", host.address().port());
        assert_eq!(piped(&[&url, "--ca", ca], b"secret\n").await.succeeded(), "secret\n");
        let other = host.folder().join("host.crt");
        let other = other.to_str().expect("UTF-8");
        let told = piped(&[&url, "--ca", other], b"secret\n").await.failed_in_one_line(1);
        assert!(told.contains("no trusted TLS connection to"), "{told}");
    }
    // A name that the certificate is not for.
    let url = format!("wss://[::ffff:127.0.0.1]:{}/echo", host.address().port());
    let told = piped(&[&url, "--ca", ca], b"").await.failed_in_one_line(1);
    assert!(told.contains("no trusted TLS connection to"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_the_server_says() {
    let host = TestHost::with_guests(["configured"]).await;
    let told = piped(&[&url(&host, "/configured?do=deny")], b"").await.failed(1);
    let lines: Vec<_> = told.lines().collect();
    let [refused, said] = &lines[..] else { panic!("not two lines: {told}") };
    assert!(refused.ends_with("/configured?do=deny: the server answered 403 Forbidden"), "{told}");
    assert_eq!(*said, "sockhop: the server says: not tonight");
    let told = piped(&[&url(&host, "/nowhere")], b"").await.failed(1);
    assert!(told.contains("the server answered 404 Not Found"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_the_server_ends_it_is_the_exit_code() {
    let host = TestHost::with_guests(["echo", "traps_in_message"]).await;
    let outcome = piped(&[&url(&host, "/traps-in-message")], b"trap\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    assert!(outcome.stderr.contains("closed by the server with 1011"), "{}", outcome.stderr);
    // A host that stops is no failure of its client's.
    let mut child = command(&[&url(&host, "/echo")]).spawn().expect("it runs");
    let stdin = child.stdin.take().expect("piped");
    let mut told = BufReader::new(child.stderr.take().expect("piped")).lines();
    let line = within("the session", told.next_line()).await.expect("UTF-8").expect("a line");
    assert!(line.starts_with("sockhop: connected to "), "{line}");
    host.stop().await;
    let line = within("the close", told.next_line()).await.expect("UTF-8").expect("a line");
    assert_eq!(line, "sockhop: closed by the server with 1001 going away");
    let status = within("the client to end", child.wait()).await.expect("it runs");
    assert_eq!(status.code(), Some(0));
    drop(stdin);
}

/// Answers one handshake with what is made of its head; gives the address.
async fn answering(answer: impl FnOnce(&str) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a client");
        let head = head_of(&mut tcp).await;
        tcp.write_all(&answer(&head)).await.expect("it reads");
        let _ended = tcp.read_to_end(&mut Vec::new()).await;
    });
    format!("ws://{address}/")
}

async fn head_of(tcp: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.expect("a whole head"));
    }
    String::from_utf8(head).expect("a text")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_says_does_nothing_to_a_terminal() {
    let attack = "\u{1b}]0;x\u{7}";
    let url = answering(move |_head| {
        format!("HTTP/1.1 404 Not Found\r\nx: \u{9b}1m\r\n\r\n{attack}\n{attack}").into_bytes()
    })
    .await;
    let told = piped(&[&url, "--verbose"], b"").await.failed(1);
    assert!(told.contains("404") && told.contains("says: \\u{1b}]0;x"), "{told}");
    assert!(told.contains("< x: \\u{9b}1m"), "{told}");
    assert!(!told.contains(|character: char| character.is_control() && character != '\n'));
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_none_are_told_in_one_line() {
    let wrong = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
                 upgrade: websocket\r\nsec-websocket-accept: AAAA\r\n\r\n";
    for (answer, told) in [
        (wrong, "its Sec-WebSocket-Accept does not answer the key that was sent"),
        ("HTTP/1.1 302 Found\r\nlocation: gopher://a\r\n\r\n", "use ws or wss"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "what came is no answer of HTTP/1.1"),
    ] {
        let url = answering(move |_head| answer.into()).await;
        let line = piped(&[&url], b"").await.failed_in_one_line(1);
        assert!(line.starts_with(&format!("sockhop: cannot connect to {url}: ")), "{line}");
        assert!(line.contains(told), "{line}");
    }
    let url = answering(|_head| Vec::new()).await;
    let line = piped(&[&url, "--timeout=200ms"], b"").await.failed_in_one_line(1);
    assert!(line.contains("there was no connection in 200 ms"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_command_line_is_2() {
    for arguments in [
        &[][..],
        &["a.example"],
        &["http://a.example/"],
        &["ws://a/", "--header", "no colon"],
        &["ws://a/", "--header", "host: b"],
        &["ws://a/", "--subprotocol", "a b"],
        &["ws://a/", "--subprotocol", "a", "--subprotocol", "a"],
        &["ws://a/", "--proxy", "https://p"],
        &["ws://a/", "--origin", "a\nb"],
        &["ws://a/", "--wait", "soon"],
    ] {
        piped(arguments, b"").await.failed(2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_leads_to_the_host() {
    let host = TestHost::with_guests(["echo"]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let proxy = format!("http://me:secret@{}", listener.local_addr().expect("bound"));
    let tunnel = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a client");
        let head = head_of(&mut tcp).await;
        let target = head.split(' ').nth(1).expect("a target");
        let mut server = TcpStream::connect(target).await.expect("it listens");
        tcp.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("it reads");
        let _ended = tokio::io::copy_bidirectional(&mut tcp, &mut server).await;
        head
    });
    let outcome = piped(&[&url(&host, "/echo"), "--proxy", &proxy], b"through\n").await;
    assert_eq!(outcome.succeeded(), "through\n");
    let head = within("the tunnel to end", tunnel).await.expect("no panic");
    assert!(head.contains("proxy-authorization: Basic bWU6c2VjcmV0\r\n"), "{head}");
}

/// Python gives it a terminal; what is typed is echoed there as well.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_terminal_it_talks_with_a_person() {
    let host = TestHost::with_guests(["echo"]).await;
    let spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let mut command = Command::new(artefacts::python());
    command.args(["-c", spawn]).arg(artefacts::host_binary()).arg("connect");
    command.arg(url(&host, "/echo")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().expect("Python runs");
    let mut typed = child.stdin.take().expect("piped");
    let mut shown = BufReader::new(child.stdout.take().expect("piped")).lines();
    for (line, answer) in [
        ("/help", "/close [CODE [PHRASE]]"),
        ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
        ("/binary 00ff", "(2 bytes) 00 ff"),
        ("/nonsense", "there is no command /nonsense"),
        ("/close 4001 bye", "sockhop: closed with 4001 bye"),
    ] {
        typed.write_all(format!("{line}\n").as_bytes()).await.expect("it is read");
        loop {
            let next = within(answer, shown.next_line()).await.expect("UTF-8");
            let next = next.unwrap_or_else(|| panic!("the end comes before {answer}"));
            if next.contains(answer) {
                break;
            }
        }
    }
    let status = within("the client to end", child.wait()).await.expect("it was started");
    assert_eq!(status.code(), Some(0));
}
