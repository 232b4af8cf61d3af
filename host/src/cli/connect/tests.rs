//! Conversations with a server in the same process, over a connection in memory. Time is paused, so
//! it passes only when nothing else can happen.

use std::future::pending;
use std::sync::Mutex;

use bytes::Bytes;
use sockhop_session::port::{Endpoint, Fault, SessionError, Trap};
use sockhop_session::{CloseEvent, Initiator, Message};
use tokio::io::duplex;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::task::TaskTracker;

use super::conversation::Failure;
use super::input::InputError;
use super::*;
use crate::connection::{Connection, Journal, Role};

const WAIT: Duration = Duration::from_secs(1);

/// Answers each message with itself, later.
struct Echo {
    delay: Duration,
}

impl Endpoint for Echo {
    async fn open(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    async fn on_message(&mut self, message: Message) -> Result<Option<Message>, Fault> {
        sleep(self.delay).await;
        Ok(Some(message))
    }

    async fn on_error(&mut self, _error: &SessionError) -> Result<(), Trap> {
        Ok(())
    }

    async fn on_close(&mut self, _event: &CloseEvent) -> Result<(), Fault> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Trap> {
        Ok(())
    }
}

struct Silent;

impl Journal for Silent {
    fn note(&self, _session: &Handle, text: String) {
        panic!("{text}");
    }
}

/// What is printed, or why nothing can be.
#[derive(Clone, Default)]
struct Out {
    printed: Arc<Mutex<Vec<u8>>>,
    broken: Option<io::ErrorKind>,
}

impl io::Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.broken {
            Some(kind) => Err(kind.into()),
            None => self.printed.lock().expect("not poisoned").write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A conversation that is about to begin.
struct Setup {
    manner: Manner,
    delay: Duration,
    out: Out,
}

impl Setup {
    fn piped() -> Self {
        let manner = Manner { commands: false, binary: false, terminal: false, wait: WAIT };
        Self { manner, delay: Duration::ZERO, out: Out::default() }
    }

    fn in_a_terminal() -> Self {
        let manner = Manner { commands: true, binary: false, terminal: true, wait: WAIT };
        Self { manner, ..Self::piped() }
    }

    fn line() -> (Line<tokio::io::DuplexStream>, Line<tokio::io::DuplexStream>) {
        let (near, far) = duplex(64 << 10);
        let line = |io| {
            let identity = Identity {
                id: SessionId { host: 1, number: 1 },
                endpoint_path: "/".into(),
                request: HandshakeRequest::default(),
                subprotocol: None,
                max_message_bytes: MESSAGE_BYTES_MAX,
            };
            let limits = QueueLimits { bytes: QUEUE_BYTES, slow_reader: SlowReader::Wait };
            let settings = Settings {
                close_timeout: CLOSE_TIMEOUT,
                ping_interval: None,
                pong_timeout: PONG_TIMEOUT,
                idle_timeout: None,
                read_idle_timeout: None,
                write_idle_timeout: None,
                compression: None,
            };
            let session = Arc::new(Handle::new(identity, limits, 0));
            Line { io, already_read: Bytes::new(), session, settings }
        };
        (line(near), line(far))
    }

    /// Talks, and gives what was printed, how this side's session ended, and what the server saw.
    async fn talk<'a>(
        self,
        said: impl IntoIterator<Item = &'a [u8]>,
        interrupt: impl Future<Output = ()>,
    ) -> (String, Ended, CloseEvent) {
        let (line, far) = Self::line();
        let guest = Echo { delay: self.delay };
        let server = TaskTracker::new().spawn(async move {
            let Line { io, already_read, session, settings } = far;
            let (role, journal) = (Role::Server, Arc::new(Silent));
            Connection::new(role, io, already_read, session, guest, journal, settings).run().await
        });
        let said: Vec<Bytes> = said.into_iter().map(Bytes::copy_from_slice).collect();
        let (to, input) = mpsc::channel(said.len().max(1));
        for line in said {
            to.try_send(Ok(line)).expect("room");
        }
        drop(to);
        let ended = converse(line, self.manner, input, self.out.clone(), interrupt).await;
        let printed = self.out.printed.lock().expect("not poisoned").clone();
        let printed = String::from_utf8(printed).expect("a text");
        (printed, ended, server.await.expect("no panic"))
    }

    async fn talk_to_the_end(self, said: &[&str]) -> (String, CloseEvent) {
        let said = said.iter().map(|line| line.as_bytes());
        let (printed, ended, seen) = self.talk(said, pending()).await;
        assert!(ended.failure.is_none() && ended.event.clean && seen.clean);
        (printed, seen)
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_pipe_each_line_is_a_message_and_each_message_a_line() {
    let said = ["hello", "", "/help", "two\nlines\r\nand a third", "\u{1b}[2J"];
    let (printed, seen) = Setup::piped().talk_to_the_end(&said).await;
    assert_eq!(printed, "hello\n\n/help\ntwo lines and a third\n\u{1b}[2J\n");
    assert_eq!((seen.initiator, seen.code), (Initiator::Peer, 1000));
}

#[tokio::test(start_paused = true)]
async fn in_a_terminal_lines_may_be_commands_and_nothing_makes_it_act() {
    let said = [
        "hello",
        "//help",
        "/help",
        "/nonsense",
        "/binary 00ff",
        "\u{1b}[2J",
        "/close 4001 bye",
        "not sent any more",
    ];
    let (printed, seen) = Setup::in_a_terminal().talk_to_the_end(&said).await;
    assert_eq!(seen.code, 4001);
    // The answers to what was said right before a close are not waited for.
    assert!("hello\n/help\n(2 bytes) 00 ff\n\\u{1b}[2J\n".starts_with(&printed), "{printed}");
    let (printed, _) = Setup::in_a_terminal().talk_to_the_end(&said[..6]).await;
    assert_eq!(printed, "hello\n/help\n(2 bytes) 00 ff\n\\u{1b}[2J\n");
}

#[tokio::test(start_paused = true)]
async fn answers_are_waited_for_as_long_as_they_come() {
    let begun = Instant::now();
    let delay = WAIT * 9 / 10;
    let (printed, _) = Setup { delay, ..Setup::piped() }.talk_to_the_end(&["a", "b", "c"]).await;
    assert_eq!(printed, "a\nb\nc\n");
    assert!((delay * 3 + WAIT..delay * 3 + WAIT * 2).contains(&begun.elapsed()));
    let delay = WAIT * 11 / 10;
    let (printed, _) = Setup { delay, ..Setup::piped() }.talk_to_the_end(&["a"]).await;
    assert_eq!(printed, "", "it came too late");
}

#[tokio::test(start_paused = true)]
async fn more_than_the_queue_holds_is_sent_all_the_same() {
    let lines: Vec<_> = (0..64).map(|at| at.to_string().repeat(QUEUE_BYTES / 32)).collect();
    let said: Vec<_> = lines.iter().map(String::as_str).collect();
    let (printed, _) = Setup::piped().talk_to_the_end(&said).await;
    assert!(printed.lines().eq(said), "something is lost or out of order");
}

#[tokio::test(start_paused = true)]
async fn binary_goes_through_a_pipe_as_it_is() {
    let mut setup = Setup::piped();
    setup.manner.binary = true;
    let (printed, _) = setup.talk_to_the_end(&["no", " line ends\n", "here"]).await;
    assert_eq!(printed, "no line ends\nhere");
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_goes_away() {
    let setup = Setup { delay: WAIT * 100, ..Setup::piped() };
    let said = [&b"is never answered"[..]];
    let (_, ended, seen) = setup.talk(said, sleep(WAIT / 2)).await;
    assert_eq!((ended.event.initiator, ended.event.code), (Initiator::Guest, 1001));
    // The server is still busy when it is given up.
    assert!(!ended.event.clean && !seen.clean);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_has_seen_enough_ends_it_and_one_that_fails_is_told() {
    for (kind, fails) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
        let out = Out { broken: Some(kind), ..Out::default() };
        let begun = Instant::now();
        let (_, ended, _) = Setup { out, ..Setup::piped() }.talk([&b"a"[..]], pending()).await;
        assert!(begun.elapsed() < WAIT, "there is nobody to wait for");
        assert!(ended.event.clean);
        assert_eq!(matches!(ended.failure, Some(Failure::Output(_))), fails, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_text_is_not_sent_as_one() {
    let (printed, ended, seen) =
        Setup::piped().talk([&b"sent"[..], b"\xff", b"not"], pending()).await;
    assert!(matches!(ended.failure, Some(Failure::Input(InputError::NotUtf8))));
    assert!("sent\n".starts_with(&printed), "{printed}");
    assert_eq!(seen.code, 1000);
}
