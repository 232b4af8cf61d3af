//! `sockhop connect`: a WebSocket client for people and scripts, made of the host's own parts.

mod command;
mod conversation;
mod field;
mod input;
mod printer;
mod terminal;
#[cfg(test)]
mod tests;
mod verdict;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::header::{self, HeaderMap};
use hyper::{StatusCode, Uri};
use sockhop_session::handshake::HandshakeRequest;
use sockhop_session::{Handle, Identity, QueueLimits, SessionId, SlowReader};
use sockhop_wire::deflate::Policy;
use tokio::signal::unix::{SignalKind, signal};

pub use self::field::{HeaderField, HeaderFieldError};

use self::conversation::{Ended, Line, Manner, converse};
use self::input::Cut;
use self::verdict::verdict;
use super::args::ConnectArgs;
use super::exit;
use super::output::{fail, say};
use crate::connect::{
    ClientStream, ClientTls, ConnectError, ConnectRequest, Connected, Observer, RequestError,
    TlsProfile, WebSocketUrl, connect as open,
};
use crate::connection::{Compression, Settings};
use crate::telemetry::{chain, escaped};

/// The largest message that is taken, in bytes, and what may wait to be sent: what a host does
/// where nobody says otherwise.
const MESSAGE_BYTES_MAX: usize = input::LINE_BYTES_MAX;
const QUEUE_BYTES: usize = 1 << 20;

/// How long a server may take to answer a Close frame and to end the connection: a person waits.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// When a server that says nothing is asked whether it is there, how long it may take to answer,
/// and how long it may take nothing: the defaults of a host.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PONG_TIMEOUT: Duration = Duration::from_secs(20);
const WRITE_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// What is offered about permessage-deflate. One connection has memory for contexts and time to
/// compress.
const DEFLATE: Policy = Policy {
    server_takeover: true,
    client_takeover: true,
    server_window_bits: 15,
    client_window_bits: 15,
    level: 6,
    threshold_bytes: 64,
};

/// Connects, talks until either side closes, and says how that went.
pub(super) fn connect(args: &ConnectArgs) -> ExitCode {
    let request = match request(args) {
        Ok(request) => request,
        Err(error) => {
            say(&chain(&error));
            return ExitCode::from(exit::USAGE);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let code = match runtime.block_on(talk(args, &request)) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("{error:#}"));
            exit::FAILED
        }
    };
    ExitCode::from(code)
}

fn request(args: &ConnectArgs) -> Result<ConnectRequest, RequestError> {
    let mut headers: HeaderMap =
        args.headers.iter().map(|field| (field.name.clone(), field.value.clone())).collect();
    if let Some(origin) = &args.origin {
        headers.insert(header::ORIGIN, origin.clone());
    }
    let profile = TlsProfile { authorities: args.ca.clone(), ..TlsProfile::default() };
    let request = ConnectRequest {
        headers,
        subprotocols: args.subprotocols.clone(),
        deflate: (!args.no_compression).then_some(DEFLATE),
        timeout: args.timeout.0,
        proxy: args.proxy.clone(),
        tls: ClientTls::new(profile),
        ..ConnectRequest::new(args.url.clone())
    };
    request.check()?;
    Ok(request)
}

async fn talk(args: &ConnectArgs, request: &ConnectRequest) -> anyhow::Result<u8> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let observer = Shown { verbose: args.verbose };
    let connected = tokio::select! {
        connected = open(request, &observer) => connected,
        _ = terminate.recv() => return Ok(exit::FAILED),
        _ = interrupt.recv() => return Ok(exit::FAILED),
    };
    let connected = match connected {
        Ok(connected) => connected,
        Err(error) => {
            refused(&args.url, &error);
            return Ok(exit::FAILED);
        }
    };
    let commands = io::stdin().is_terminal();
    say(&greeting(&connected, commands));
    let manner = Manner {
        commands,
        binary: args.binary,
        terminal: io::stdout().is_terminal(),
        // A person who ends the input wants to go.
        wait: if commands { Duration::ZERO } else { args.wait.0 },
    };
    let cut = if args.binary && !commands { Cut::Pieces } else { Cut::Lines };
    let lines = input::start(cut)?;
    let is_interrupted = AtomicBool::new(false);
    let interrupted = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        is_interrupted.store(true, Ordering::Relaxed);
    };
    let line = line(connected)?;
    let Ended { event, failure } = converse(line, manner, lines, io::stdout(), interrupted).await;
    if commands {
        terminal::leave(event.initiator, is_interrupted.load(Ordering::Relaxed));
    }
    let (sentence, code) = verdict(&event);
    say(&sentence);
    match failure {
        Some(failure) => Err(failure.into()),
        None => Ok(code),
    }
}

/// The session that a connection is.
fn line(connected: Connected) -> anyhow::Result<Line<ClientStream>> {
    let Connected { url, stream, already_read, subprotocol, deflate, local, .. } = connected;
    let identity = Identity {
        id: SessionId { host: getrandom::u64()?, number: 1 },
        endpoint_path: url.path_and_query().to_owned(),
        request: HandshakeRequest {
            uri: url.to_string(),
            secure: url.is_secure(),
            local: Some(local.to_string()),
            ..HandshakeRequest::default()
        },
        subprotocol,
        max_message_bytes: MESSAGE_BYTES_MAX,
    };
    let queue = QueueLimits { bytes: QUEUE_BYTES, slow_reader: SlowReader::Wait };
    let compression = deflate.map(|agreed| Compression {
        agreed,
        level: DEFLATE.level,
        threshold_bytes: DEFLATE.threshold_bytes,
    });
    let settings = Settings {
        close_timeout: CLOSE_TIMEOUT,
        ping_interval: Some(PING_INTERVAL),
        pong_timeout: PONG_TIMEOUT,
        idle_timeout: None,
        read_idle_timeout: None,
        write_idle_timeout: Some(WRITE_IDLE_TIMEOUT),
        compression,
    };
    let session = Arc::new(Handle::new(identity, queue, 0));
    Ok(Line { io: stream, already_read, session, settings })
}

fn greeting(connected: &Connected, commands: bool) -> String {
    let mut text = format!("connected to {}", connected.url);
    if let Some(subprotocol) = &connected.subprotocol {
        text.push_str(", subprotocol ");
        text.push_str(subprotocol);
    }
    if connected.deflate.is_some() {
        text.push_str(", compressed");
    }
    if commands {
        text.push_str("; /help lists what can be typed");
    }
    text
}

/// Why there is no connection, and what the server says to that.
fn refused(url: &WebSocketUrl, error: &ConnectError) {
    say(&format!("cannot connect to {url}: {}", chain(error)));
    let body = error.answer().map(|answer| String::from_utf8_lossy(&answer.body));
    if let Some(body) = body.as_deref().map(str::trim).filter(|body| !body.is_empty()) {
        say(&format!("the server says: {body}"));
    }
}

/// Shows handshakes on standard error, or does not.
struct Shown {
    verbose: bool,
}

impl Shown {
    fn lines(&self, mark: char, first: &str, headers: &HeaderMap) {
        if !self.verbose {
            return;
        }
        let mut err = io::stderr().lock();
        let fields = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        for line in std::iter::once(first.to_owned()).chain(fields) {
            // Where standard error is closed there is nobody to tell.
            let _written = writeln!(err, "{mark} {}", escaped(&line));
        }
    }
}

impl Observer for Shown {
    fn asked(&self, _url: &WebSocketUrl, target: &Uri, headers: &HeaderMap) {
        self.lines('>', &format!("GET {target} HTTP/1.1"), headers);
    }

    fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        self.lines('<', &format!("HTTP/1.1 {status}"), headers);
    }
}
