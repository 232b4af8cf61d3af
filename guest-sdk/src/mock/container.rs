//! The contract's interface `container`: servers that a test puts up, or that nobody finds.

use std::sync::Arc;

use crate::bindings::sockhop::websocket::types::HandshakeRequest;
use crate::mock::{
    Agreed, Directory, Properties, QueueLimits, Session, Settings, SlowReader, Wire, asked,
};

pub(crate) use crate::bindings::sockhop::websocket::container::{
    ConnectError, ConnectOptions, Response, SessionDefaults,
};

/// What the endpoints of a test have where nobody says otherwise: what a host's have.
const DEFAULTS: SessionDefaults = SessionDefaults {
    max_message_size: 16 << 20,
    queue_bytes: 1 << 20,
    property_bytes: 16 << 10,
    idle_timeout: None,
    read_idle_timeout: None,
    write_idle_timeout: Some(60_000),
    close_timeout: 10_000,
    ping_interval: Some(30_000),
    pong_timeout: 20_000,
};

/// A connection that guest code has opened to a server of a test's.
#[derive(Clone, Debug)]
pub(crate) struct Dialled {
    pub(crate) url: String,
    pub(crate) options: ConnectOptions,
    pub(crate) wire: Arc<Wire>,
}

/// The outcome of a connection, which is known at once.
#[derive(Debug)]
pub(crate) struct Connecting(Result<Arc<Wire>, ConnectError>);

#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) session: Session,
    pub(crate) response: Response,
}

impl Connecting {
    #[expect(clippy::unused_self, reason = "the bindings have it so")]
    pub(crate) fn is_done(&self) -> bool {
        true
    }

    pub(crate) fn wait(&self) -> Result<Connected, ConnectError> {
        let wire = self.0.as_ref().map_err(Clone::clone)?;
        let response = Response { status: 101, headers: Vec::new(), body: Vec::new() };
        Ok(Connected { session: Session::of(wire), response })
    }
}

pub(crate) fn defaults() -> SessionDefaults {
    DEFAULTS
}

pub(crate) fn installed_extensions() -> Vec<String> {
    vec!["permessage-deflate".to_owned()]
}

pub(crate) fn connect(url: &str, options: &ConnectOptions) -> Result<Connecting, ConnectError> {
    let Some(directory) = Directory::current() else {
        return Err(ConnectError::NotAllowed("no event of an endpoint runs".to_owned()));
    };
    asked::check(url, options)?;
    if !directory.has_server(url) {
        let told = format!("this test has put up no server at {url}");
        return Ok(Connecting(Err(ConnectError::Unreachable(told))));
    }
    let in_lower_case =
        |(name, value): &(String, Vec<u8>)| (name.to_ascii_lowercase(), value.clone());
    let options = ConnectOptions {
        headers: options.headers.iter().map(in_lower_case).collect(),
        ..options.clone()
    };
    let request = HandshakeRequest {
        uri: url.to_owned(),
        query: url.split_once('?').map(|(_, query)| query.to_owned()),
        path_parameters: Vec::new(),
        headers: options.headers.clone(),
        subprotocols: options.subprotocols.clone(),
        default_subprotocol: None,
        extensions: Vec::new(),
        default_extensions: Vec::new(),
        secure: url.starts_with("wss:"),
        peer: None,
        local: None,
        client_certificates: Vec::new(),
    };
    let mut properties = Properties::new(DEFAULTS.property_bytes);
    for (name, value) in &options.properties {
        if let Err(error) = properties.set(name, Some(value)) {
            let told = crate::PropertyError::from(error).to_string();
            return Ok(Connecting(Err(ConnectError::InvalidOptions(told))));
        }
    }
    let max_message_size =
        options.max_message_size.unwrap_or(u64::MAX).min(DEFAULTS.max_message_size);
    let queue = QueueLimits { bytes: DEFAULTS.queue_bytes, slow_reader: SlowReader::Wait };
    let subprotocol = options.subprotocols.first().cloned();
    let agreed = Agreed { subprotocol, extensions: Vec::new(), principal: None };
    let dialled = directory.dial(|number| Dialled {
        url: url.to_owned(),
        options: options.clone(),
        wire: Arc::new(Wire::new(
            number,
            (&options.endpoint, request, agreed),
            Settings::new(max_message_size, DEFAULTS.max_message_size),
            (queue, properties, None),
        )),
    });
    Ok(Connecting(Ok(dialled)))
}
