//! Does what each text tells it, and tells the sessions with its tag of its errors and its end: the
//! guest of the scenarios in `tests/conformance/jakarta`, with an endpoint for each setting, and
//! one for the servers that it is told to connect to.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use sockhop_guest::{
    ClientEndpoint, CloseEvent, Connect, Connecting, Container, Endpoint, EndpointConfig, Json,
    Message, OpenSessions, OutgoingMessage, Result, ServerEndpoint, Session, SessionError, export,
};
use sockhop_zoo::ByParameters;

/// The paths; the scenarios' configuration says what is different at each.
const PATHS: [&str; 14] = [
    "/jakarta/{tag}",
    "/jakarta/{tag}/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}",
    "/jakarta-plain",
    "/jakarta-small/{tag}",
    "/jakarta-idle/{tag}",
    "/jakarta-asked/{tag}",
    "/jakarta-hasty/{tag}",
    "/jakarta-origin/{tag}",
    "/jakarta-deflate/{tag}",
    "/jakarta-few/{tag}",
    "/jakarta-alone/{tag}",
    "/jakarta-mute/{tag}",
    "/jakarta-stuck/{tag}",
    "jakarta-dialled",
];

/// What serves the servers: told what to do by them as by a peer.
type Dialled = At<13>;

/// The largest message at `/jakarta-small`, in bytes.
const SMALL_BYTES: u64 = 1024;

/// How long an `open` takes that is told to be slow.
const SLOW: Duration = Duration::from_millis(300);

/// How many sessions this instance has had.
static SESSIONS: AtomicU64 = AtomicU64::new(0);

struct At<const N: usize> {
    session: Session,
    tag: String,
    query: String,
    unfinished: Option<OutgoingMessage>,
    connecting: Option<Connecting>,
    number: u32,
}

impl<const N: usize> ServerEndpoint for At<N> {
    const PATH: &'static str = PATHS[N];
    const HEARS_PONGS: bool = true;
    const HEARS_COMPLETIONS: bool = true;
    const IS_CLIENT: bool = N + 1 == PATHS.len();

    fn config() -> EndpointConfig {
        EndpointConfig {
            path: PATHS[N].to_owned(),
            subprotocols: vec!["b".to_owned(), "a".to_owned()],
            max_message_size: PATHS[N].contains("small").then_some(SMALL_BYTES),
            properties: vec![("colour".to_owned(), b"red".to_vec())],
        }
    }
}

impl ClientEndpoint for Dialled {}

impl<const N: usize> Endpoint for At<N> {
    type Incoming = Message;
    type Reply = Option<Message>;

    fn on_open(session: Session) -> Result<Self> {
        SESSIONS.fetch_add(1, Ordering::Relaxed);
        let request = session.request();
        let tag = request.path_parameter("tag").map(str::to_owned);
        let tag = tag.or_else(|| request.query_parameter("tag")).unwrap_or_default();
        let query = request.query.unwrap_or_default();
        match query.as_str() {
            "open=fail" => return Err(format!("not for {tag}").into()),
            "open=close" => session.close_with(4001, "closed in open")?,
            "open=send" => session.send(format!("open={}", session.is_open()))?,
            "open=slow" => {
                sleep(SLOW);
                session.send("opened")?;
            }
            "open=parameters" => session.send(joined(&session))?,
            _ => {}
        }
        Ok(Self { session, tag, query, unfinished: None, connecting: None, number: 0 })
    }

    fn on_message(&mut self, message: Message) -> Result<Option<Message>> {
        let Some(text) = message.as_text() else { return Ok(Some(message)) };
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let answer = self.facts(word, rest)?;
        let answer = match answer {
            Some(answer) => Some(answer),
            None => self.acts(word, rest)?,
        };
        Ok(answer.map(Message::from))
    }

    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        if data == b"fail" {
            return Err("does not like this pong".into());
        }
        Ok(self.session.send(format!("pong {}", String::from_utf8_lossy(&data)))?)
    }

    fn on_sent(&mut self, token: u64) -> Result {
        Ok(self.session.send(format!("sent {token}"))?)
    }

    fn on_error(&mut self, error: SessionError) {
        let kind = match &error {
            SessionError::Handler(_) => "handler",
            SessionError::ReplyNotSent(_) => "reply",
        };
        let told = sockhop_guest::Error::from(error).to_string();
        let text = format!("error {kind} {told} {}", joined(&self.session));
        let text = text.trim_end();
        // A session that is closed is told nothing, and the others are.
        let _closed = self.session.send(text);
        self.tell(text);
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        let Self { session, .. } = self;
        let sent = session.send("late").map_or_else(word, |()| "sent".to_owned());
        let colour = session.text_property("colour").unwrap_or_default();
        let (open, parameters) = (session.is_open(), joined(session));
        let end = format!("at the end open={open} send={sent} colour={colour} {parameters}");
        self.tell(end.trim_end());
        let CloseEvent { initiator, cause, code_sent, code_received, phrase, clean, code } = event;
        let (initiator, cause) = (word(initiator), word(cause));
        self.tell(&format!(
            "closed {initiator} {cause} sent={code_sent:?} received={code_received:?} \
             phrase={phrase:?} clean={clean} code={code} id={}",
            self.session.id()
        ));
        if self.query == "bye=fail" {
            return Err("cannot say goodbye".into());
        }
        Ok(())
    }
}

impl<const N: usize> At<N> {
    /// What is asked for, where the word is a question.
    fn facts(&mut self, question: &str, rest: &str) -> Result<Option<String>> {
        let Self { session, .. } = self;
        Ok(Some(match question {
            "echo" => rest.to_owned(),
            "id" => session.id(),
            "open?" => session.is_open().to_string(),
            "path" => session.endpoint_path(),
            "uri" => session.request().uri,
            "parameters" => joined(session),
            "parameter" => format!("{:?}", session.path_parameter(rest)),
            "subprotocol" => format!("{:?}", session.subprotocol()),
            "limits" => limits(session),
            "limit" => session.max_message_size().to_string(),
            "send-default" => format!("{:?}", Container::defaults().write_idle_timeout),
            "get" => format!("{:?}", session.text_property(rest)),
            "names" => session.properties().into_iter().map(|(name, _)| name).collect(),
            "batching?" => session.batching().to_string(),
            "queued?" => (session.queue().queued_bytes > 0).to_string(),
            "number" => {
                self.number += 1;
                self.number.to_string()
            }
            "sessions" => SESSIONS.load(Ordering::Relaxed).to_string(),
            "count" => OpenSessions::all().count().to_string(),
            "tagged" => self.tagged().count().to_string(),
            "ids" => self.tagged().ids().collect::<Vec<_>>().join(","),
            _ => return Ok(None),
        }))
    }

    /// Does what the word says; there is an answer where that was refused.
    fn acts(&mut self, deed: &str, rest: &str) -> Result<Option<String>> {
        let Self { session, .. } = self;
        match deed {
            "fail" => return Err(rest.into()),
            "trap" => panic!("this guest was told to trap"),
            "close" => return Ok(self.close(rest)),
            "close-and-answer" => {
                session.close()?;
                return Ok(Some("too late".to_owned()));
            }
            "close-and-send" => {
                session.close_with(4000, "")?;
                let sent = session.send("late").map_or_else(word, |()| "sent".to_owned());
                let again = session.close_with(4001, "").map_or_else(word, |()| "well".to_owned());
                let open = session.is_open();
                self.tell(&format!("after close open={open} send={sent} again={again}"));
            }
            "abort" => session.abort(),
            "ping" => return Ok(session.ping(rest).err().map(|error| error.to_string())),
            "pong" => return Ok(session.pong(rest).err().map(|error| error.to_string())),
            "set" => {
                let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
                return Ok(session.set_property(name, value).err().map(|error| error.to_string()));
            }
            "unset" => session.remove_property(rest)?,
            "tell" => {
                let (id, text) = rest.split_once(' ').unwrap_or((rest, ""));
                match OpenSessions::get(id) {
                    Some(other) => other.send(text)?,
                    None => return Ok(Some("nobody".to_owned())),
                }
            }
            // What has no form on the wire: names in JSON are texts.
            "encode" => session.send(Json(BTreeMap::from([((1, 2), 3)])))?,
            "all" => {
                self.tagged().broadcast(rest)?;
            }
            "work" => sleep(Duration::from_millis(rest.parse()?)),
            "dial" => {
                let url = format!("{rest}&tag={}", self.tag);
                self.connecting = Some(Connect::to(url).uncompressed().begin::<Dialled>()?);
            }
            "set-limit" => {
                let (name, number) = rest.split_once(' ').ok_or("no number")?;
                set_limit(session, name, number.parse()?)?;
                return Ok(Some(limits(session)));
            }
            _ => return self.sends(deed, rest),
        }
        Ok(None)
    }

    /// Sends as the word says; there is an answer where that was refused.
    fn sends(&mut self, how: &str, rest: &str) -> Result<Option<String>> {
        let Self { session, unfinished, .. } = self;
        match how {
            "send" => {
                for number in 0..rest.parse()? {
                    session.send(format!("{number}"))?;
                }
            }
            "large" => session.send("x".repeat(rest.parse()?))?,
            "notify" => {
                for token in 0..rest.parse()? {
                    session.send(token.to_string())?;
                    session.notify_sent(token)?;
                }
            }
            "mixed" => {
                session.send("first")?;
                session.send_binary(b"second")?;
                session.send("")?;
                session.send_binary(b"")?;
                return Ok(Some("last".to_owned()));
            }
            "batch" => session.set_batching(rest == "on"),
            "flush" => session.flush(),
            "pieces" => {
                let message = session.start_message()?;
                for piece in rest.split(' ').filter(|piece| !piece.is_empty()) {
                    message.write(if piece == "-" { "" } else { piece })?;
                }
                message.finish()?;
            }
            "bytes" => {
                let message = session.start_message()?;
                for piece in rest.split(' ') {
                    message.write(piece.as_bytes())?;
                }
                message.finish()?;
            }
            "wrong-kind" => {
                let message = session.start_message()?;
                message.write("text")?;
                let refused = message.write(b"binary".as_slice());
                let refused = refused.map_or_else(word, |()| "so".to_owned());
                message.finish()?;
                return Ok(Some(refused));
            }
            "unfinished" => {
                let message = session.start_message()?;
                message.write(rest)?;
                *unfinished = Some(message);
            }
            "finish" => {
                if let Some(message) = unfinished.take() {
                    message.finish()?;
                }
            }
            "abandon" => drop(unfinished.take()),
            _ => return Err(format!("what is {how}?").into()),
        }
        Ok(None)
    }

    /// Closes with `CODE PHRASE`, or without a reason; why not, where that was refused.
    fn close(&self, reason: &str) -> Option<String> {
        let (code, phrase) = reason.split_once(' ').unwrap_or((reason, ""));
        let closed = match code.parse() {
            Ok(code) => self.session.close_with(code, phrase),
            Err(_) => self.session.close(),
        };
        closed.err().map(|error| error.to_string())
    }

    fn tagged(&self) -> OpenSessions {
        OpenSessions::all().with_parameter("tag", &self.tag)
    }

    /// Tells the log, and the others with this tag.
    fn tell(&self, text: &str) {
        eprintln!("{} {text}", self.tag);
        if let Err(error) = self.tagged().except(self.session.id()).broadcast(text) {
            eprintln!("{} not told: {error}", self.tag);
        }
    }
}

/// Sets one limit; times in milliseconds, 0 for none.
fn set_limit(session: &Session, name: &str, number: u64) -> Result {
    let time = (number > 0).then(|| Duration::from_millis(number));
    match name {
        "message" => session.set_max_message_size(number),
        "idle" => session.set_idle_timeout(time),
        "read-idle" => session.set_read_idle_timeout(time),
        "write-idle" => session.set_write_idle_timeout(time),
        "send" => session.set_send_timeout(time),
        _ => return Err(format!("what limit is {name}?").into()),
    }
    Ok(())
}

/// The limits in force: the largest message; then in milliseconds what may be idle, what may be so
/// in one direction, and what a send may take; 0 for those that there are not.
fn limits(session: &Session) -> String {
    let times = [
        session.idle_timeout(),
        session.read_idle_timeout(),
        session.write_idle_timeout(),
        session.send_timeout(),
    ];
    let times = times.map(|time| time.map_or(0, |time| time.as_millis()));
    format!("{} {times:?}", session.max_message_size())
}

/// The path parameters of a session but its tag, in a line.
fn joined(session: &Session) -> String {
    let all = session.path_parameters().into_iter().filter(|(name, _)| name != "tag");
    all.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}

/// The name of a value of an enumeration.
fn word(value: impl Debug) -> String {
    let name = format!("{value:?}");
    let name = name.split('(').next().unwrap_or_default();
    name.rsplit("::").next().unwrap_or_default().to_owned()
}

export!(
    At<0>, At<1>, At<2>, At<3>, At<4>, At<5>, At<6>, At<7>, At<8>, At<9>, At<10>, At<11>, At<12>,
    Dialled;
    keys = ByParameters, pongs, completions
);
