//! What guests write is in the log of their deployment.

use std::process::Stdio;

use sockhop_tests::{Client, TestHost, artefacts, eventually, within};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What a guest could write to be taken for the host.
const FORGED: &str = "2030-01-01T00:00:00.000000Z  INFO sockhop: all is well";

/// The host's own log once this text is in it: it is written behind the one of the deployment.
async fn stderr_with(host: &TestHost, text: &str) -> String {
    eventually(&format!("{text:?} in the host's log"), async || {
        Some(host.stderr()).filter(|log| log.contains(text))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stream_is_in_the_log_under_the_deployments_name() {
    let host = TestHost::with_guests(["talks", "echo"]).await;
    let mut client = host.connect("/talks").await;
    assert_eq!(client.ask("one").await, "one");
    assert_eq!(client.ask("two").await, "two");
    let printed = host.cli(&["logs", "talks"]).await.succeeded();
    let place = |text: &str, stream: &str| {
        let mut lines = printed.lines();
        let place = lines.position(|line| line.contains(stream) && line.ends_with(text));
        place.unwrap_or_else(|| panic!("no {text:?} of {stream} in {printed}"))
    };
    let places = [
        place("out: one", "stdout"),
        place("err: one", "stderr"),
        place("WARN log: one", "stderr"),
        place("out: two", "stdout"),
        place("err: two", "stderr"),
    ];
    assert!(places.is_sorted(), "in the order in which they were written: {printed}");
    let others = host.cli(&["logs", "echo"]).await.succeeded();
    assert!(!others.contains("one"), "{others}");
    // And in the host's own log, with the name.
    let log = stderr_with(&host, "out: one").await;
    let mut lines = log.lines().filter(|line| line.contains("out: one"));
    assert!(lines.all(|line| line.contains("talks")), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_gets_what_was_written_and_what_comes() {
    let host = TestHost::with_guests(["talks"]).await;
    let mut client = host.connect("/talks").await;
    assert_eq!(client.ask("before").await, "before");
    let mut log = host.follow("talks");
    log.containing("out: before").await;
    assert_eq!(client.ask("after").await, "after");
    log.containing("out: after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_outlives_the_revision_that_wrote_it() {
    let host = TestHost::with_guests(["talks"]).await;
    let mut client = host.connect("/talks").await;
    assert_eq!(client.ask("old").await, "old");
    host.deploy("talks", "talks", &["--strategy", "restart"]).await;
    assert_eq!(client.closed().await.code, 1012);
    let mut client = host.connect("/talks").await;
    assert_eq!(client.ask("new").await, "new");
    let mut log = host.follow("talks");
    log.containing("out: old").await;
    log.containing("out: new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_writes_cannot_forge_a_line() {
    let host = TestHost::with_guests(["talks"]).await;
    let mut client = host.connect("/talks").await;
    client.ask("a\u{1b}[31m\r\nhost: all is well").await;
    client.ask("mark").await;
    let mut log = host.follow("talks");
    log.containing("out: mark").await;
    for line in log.read() {
        assert!(!line.contains('\u{1b}'), "{line:?}");
        let forged = line.starts_with("host: all is well");
        assert!(!forged, "{line:?}");
    }
}

/// Asserts that a log holds no text of a guest's but in lines that begin as the host's do.
fn is_not_forged(log: &str) {
    assert!(!log.contains(['\u{1b}', '\r']), "{log:?}");
    for line in log.lines().filter(|line| line.contains(FORGED)) {
        assert!(!line.starts_with(FORGED), "{line:?}");
        // In front of the text: what stands behind it, the text could hold as well.
        let (before, _) = line.split_once(FORGED).expect("it was looked for");
        assert!(before.contains(" deployment="), "the line names its writer: {line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_writes_cannot_forge_a_line_of_the_host() {
    let host = TestHost::with_guests(["talks"]).await;
    let mut client = host.connect("/talks").await;
    client.ask(&format!("a\u{1b}[2J\rb\n{FORGED}\r\n{FORGED}")).await;
    client.ask("mark").await;
    let log = stderr_with(&host, "log: mark").await;
    is_not_forged(&log);
    for escaped in ["out: a\\u{1b}[2J\\rb", "err: a\\u{1b}[2J\\rb"] {
        assert!(log.lines().any(|line| line.contains(escaped)), "{escaped} in {log}");
    }
    // Two lines of each stream under heads of their own, and one of the facade, which escapes.
    assert_eq!(log.lines().filter(|line| line.contains(FORGED)).count(), 5, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_an_error_cannot_forge_a_line_of_the_host() {
    let host = TestHost::with_guests(["errs_with_text"]).await;
    let mut client = host.connect("/errs-with-text").await;
    client.send(format!("a\u{1b}[2J\r\n{FORGED}\n{FORGED}")).await;
    client.send("mark").await;
    let log = stderr_with(&host, "mark").await;
    is_not_forged(&log);
    let escaped = format!("a\\u{{1b}}[2J\\r\\n{FORGED}\\n{FORGED}");
    assert_eq!(log.lines().filter(|line| line.contains(&escaped)).count(), 1, "{log}");
    assert_eq!(log.lines().filter(|line| line.contains(FORGED)).count(), 1, "{log}");
    let printed = host.cli(&["logs", "errs_with_text"]).await.succeeded();
    assert!(!printed.contains(['\u{1b}', '\r']), "{printed:?}");
    assert_eq!(printed.lines().filter(|line| line.contains(&escaped)).count(), 1, "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_an_error_is_cut() {
    const TEXT_BYTES: usize = 1 << 20;
    const LINE_BYTES_MAX: usize = 8 << 10;
    let host = TestHost::with_guests(["errs_with_text"]).await;
    let mut client = host.connect("/errs-with-text").await;
    let mut follower = host.follow("errs_with_text");
    client.send("x".repeat(TEXT_BYTES)).await;
    let line = follower.containing("xxxx").await;
    assert!((4000..LINE_BYTES_MAX).contains(&line.len()), "a line of {} bytes", line.len());
    // The session, its follower and those who ask later go on.
    client.send("mark").await;
    follower.containing("mark").await;
    let printed = host.cli(&["logs", "errs_with_text"]).await.succeeded();
    assert!(printed.contains("mark"), "{printed}");
    for log in [printed, stderr_with(&host, "mark").await] {
        let longest = log.lines().map(str::len).max();
        assert!(longest.is_some_and(|bytes| bytes < LINE_BYTES_MAX), "{longest:?} bytes");
    }
}

/// Starts a host whose standard error is a pipe that is kept open and never read; the process and
/// where it listens.
async fn start_unread(folder: &std::path::Path) -> (Child, std::net::SocketAddr) {
    let mut command = Command::new(artefacts::host_binary());
    command.arg("run").args(["talks", "echo"].map(artefacts::guest));
    command.args(["--listen", "127.0.0.1:0"]).env_clear().env("XDG_RUNTIME_DIR", folder);
    command.env("XDG_CACHE_HOME", artefacts::target().join("tmp/sockhop-it-cache"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("it runs");
    let mut lines = BufReader::new(child.stdout.as_mut().expect("a pipe")).lines();
    let address = within("the host to listen", async {
        loop {
            let line = lines.next_line().await.expect("UTF-8").expect("the host comes up");
            if let Some(address) = line.strip_prefix("listening on ws://") {
                return address.parse().expect("an address");
            }
        }
    });
    let address = address.await;
    (child, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_holds_nobody_back() {
    // Three lines each: more than the pipe and the lines that wait for it hold.
    const MESSAGES: usize = 5000;
    let folder = TestHost::builder();
    let (mut child, address) = start_unread(folder.folder()).await;
    let mut talks = Client::connect(address, "/talks", &[]).await;
    let mut echo = Client::connect(address, "/echo", &[]).await;
    for number in 0..MESSAGES {
        let text = format!("{number} {}", "x".repeat(100));
        assert_eq!(talks.ask(&text).await, text);
        if number % 100 == 0 {
            assert_eq!(echo.ask(&text).await, text);
        }
    }
    assert_eq!(echo.ask("still here").await, "still here");
    // Nor does it keep the host from ending.
    let id = child.id().expect("the host runs").cast_signed();
    let id = rustix::process::Pid::from_raw(id).expect("a process id");
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("the host runs");
    assert_eq!(talks.closed().await.code, 1001);
    assert_eq!(echo.closed().await.code, 1001);
    let status = within("the host to end", child.wait()).await.expect("it was started");
    assert_eq!(status.code(), Some(0), "the host ended with {status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_log_of_what_was_never_deployed() {
    let host = TestHost::builder().start().await;
    let told = host.cli(&["logs", "nothing"]).await.failed_in_one_line(1);
    assert!(told.contains("nothing"), "{told}");
    let told = host.cli(&["logs", "nothing", "-f"]).await.failed_in_one_line(1);
    assert!(told.contains("nothing"), "{told}");
}
