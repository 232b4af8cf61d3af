//! `sockhop connect` in a terminal: what a person sees is compared with written transcripts, to the
//! last character.

use std::process::Stdio;

use sockhop_tests::{TestHost, artefacts, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Gives a program a terminal, for which its standard input and output stand.
const SPAWN: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// What a shell that has started the client reads when that has ended.
const IN_A_SHELL: &str =
    "\"$0\" connect \"$1\"; IFS= read -r line; echo \"the shell reads [$line]\"";

/// A program in a terminal.
struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
    shown: String,
    read_to: usize,
}

impl Terminal {
    fn start(program: &[&str]) -> Self {
        let mut command = Command::new(artefacts::python());
        command.args(["-c", SPAWN]).args(program).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("Python runs");
        let keyboard = child.stdin.take().expect("piped");
        let screen = child.stdout.take().expect("piped");
        Self { child, keyboard, screen, shown: String::new(), read_to: 0 }
    }

    async fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).await.expect("it is read");
    }

    /// Waits until this stands behind what was waited for before.
    async fn shows(&mut self, wanted: &str) {
        loop {
            if let Some(at) = self.shown[self.read_to..].find(wanted) {
                self.read_to += at + wanted.len();
                return;
            }
            let more = within(wanted, self.more()).await;
            assert!(more, "the end comes before {wanted:?}: {:?}", self.shown);
        }
    }

    async fn more(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let count = self.screen.read(&mut buffer).await.expect("a pipe");
        self.shown.push_str(str::from_utf8(&buffer[..count]).expect("nothing but ASCII is typed"));
        count > 0
    }

    /// Waits for the end; gives all that was shown, and the exit code.
    async fn ended(mut self, host: &str) -> (String, Option<i32>) {
        while within("the end of a program in a terminal", self.more()).await {}
        let status = within("its exit code", self.child.wait()).await.expect("it was started");
        let shown = self.shown.replace("\r\n", "\n").replace(host, "HOST");
        // What makes a terminal act is written out, for whoever reads the transcript.
        (shown.replace('\r', "\\r").replace('\u{1b}', "\\e"), status.code())
    }
}

fn binary() -> String {
    artefacts::host_binary().into_os_string().into_string().expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_talks_and_ends_the_input() {
    let host = TestHost::with_guests(["echo"]).await;
    let address = host.address().to_string();
    let url = format!("ws://{address}/echo");
    let mut terminal = Terminal::start(&[&binary(), "connect", &url]);
    terminal.shows("what can be typed\r\n").await;
    for (line, answer) in [
        ("hello", "hello\r\nhello\r\n"),
        ("", "\r\n\r\n"),
        ("/help", "closes too\r\n"),
        ("//help", "\r\n/help\r\n"),
        ("/ping", "sockhop: pong\r\n"),
        ("/ping are you there", "sockhop: pong are you there\r\n"),
        ("/binary 00 ff 61", "(3 bytes) 00 ff 61\r\n"),
        ("/binary 0", "such as 00ff\r\n"),
        ("/leave", "sends /leave\r\n"),
        ("/close 99999", "\r\nsockhop: "),
    ] {
        terminal.types(&format!("{line}\n")).await;
        terminal.shows(answer).await;
    }
    terminal.types("\u{4}").await;
    let (shown, code) = terminal.ended(&address).await;
    assert_eq!(shown, include_str!("terminal/talks.txt"));
    assert_eq!(code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_interrupts() {
    let host = TestHost::with_guests(["echo"]).await;
    let address = host.address().to_string();
    let url = format!("ws://{address}/echo");
    let mut terminal = Terminal::start(&[&binary(), "connect", &url, "--no-compression"]);
    terminal.shows("what can be typed\r\n").await;
    terminal.types("half a li").await;
    terminal.shows("half a li").await;
    terminal.types("\u{3}").await;
    let (shown, code) = terminal.ended(&address).await;
    assert_eq!(shown, include_str!("terminal/interrupts.txt"));
    assert_eq!(code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_does_not_run_what_was_meant_for_a_server_that_goes_away() {
    let host = TestHost::with_guests(["echo"]).await;
    let address = host.address().to_string();
    let url = format!("ws://{address}/echo");
    let mut terminal = Terminal::start(&["sh", "-c", IN_A_SHELL, &binary(), &url]);
    terminal.shows("what can be typed\r\n").await;
    terminal.types("half a li").await;
    terminal.shows("half a li").await;
    host.stop().await;
    terminal.shows("going away\r\n").await;
    terminal.types("next\n").await;
    let (shown, code) = terminal.ended(&address).await;
    assert_eq!(shown, include_str!("terminal/goes_away.txt"));
    assert_eq!(code, Some(0));
}
