//! Connections that a guest opens: the client's role.

use std::time::Duration;

use crate::Session;
use crate::endpoint::ClientEndpoint;
use crate::host::container as wit;

pub use crate::bindings::sockhop::websocket::container::SessionDefaults;

/// A connection to another server, as it is to be opened (Jakarta `ClientEndpointConfig` and
/// `connectToServer`).
///
/// The operator says which servers a deployment may connect to (`connect.allow`). What comes of it
/// is a session like any other: its events go to a value of the endpoint type that it is opened
/// for, in an instance of its own, or in this one where instances are shared. Either finds the
/// other among the [`OpenSessions`](crate::OpenSessions) of the endpoint that opens it.
///
/// ```no_run
/// use sockhop_guest::{
///     Connect, Endpoint, Message, OpenSessions, Result, Session, client_endpoint, endpoint,
///     export,
/// };
///
/// struct Board;
///
/// #[endpoint("/board")]
/// impl Endpoint for Board {
///     fn on_open(_session: Session) -> Result<Self> {
///         Ok(Board)
///     }
///
///     fn on_message(&mut self, feed: String) -> Result {
///         let feed = Connect::to(format!("wss://feeds.example.com/{feed}"));
///         feed.header("authorization", "Bearer letmein").open::<Feed>()?;
///         Ok(())
///     }
/// }
///
/// struct Feed;
///
/// #[client_endpoint("feed", subprotocols = ["feed.v1"])]
/// impl Endpoint for Feed {
///     fn on_open(_session: Session) -> Result<Self> {
///         Ok(Feed)
///     }
///
///     fn on_message(&mut self, news: Message) -> Result {
///         OpenSessions::all().broadcast(news)?;
///         Ok(())
///     }
/// }
///
/// export!(Board, Feed);
/// # fn main() {}
/// ```
#[derive(Debug)]
#[must_use = "nothing is opened before `open` or `begin`"]
pub struct Connect {
    url: String,
    subprotocols: Option<Vec<String>>,
    headers: Vec<(String, Vec<u8>)>,
    compress: bool,
    timeout: Option<u64>,
    redirects: Option<u32>,
    max_message_size: Option<u64>,
    tls_profile: Option<String>,
    properties: Vec<(String, Vec<u8>)>,
}

impl Connect {
    /// To this URL, `ws` or `wss`, with messages compressed where the server wants to.
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            subprotocols: None,
            headers: Vec::new(),
            compress: true,
            timeout: None,
            redirects: None,
            max_message_size: None,
            tls_profile: None,
            properties: Vec::new(),
        }
    }

    /// With these subprotocols offered, the preferred one first, in place of the endpoint's own
    /// (Jakarta `getPreferredSubprotocols`).
    pub fn subprotocols<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.subprotocols = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// With one more header field in the request (Jakarta `Configurator.beforeRequest`).
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// With messages as they are: permessage-deflate is not offered.
    pub fn uncompressed(mut self) -> Self {
        self.compress = false;
        self
    }

    /// Given up after this time; 5 seconds unless told otherwise, and no more than the operator
    /// allows.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// With up to so many redirects followed; 5 unless told otherwise.
    pub fn redirects(mut self, most: u32) -> Self {
        self.redirects = Some(most);
        self
    }

    /// With messages of the server up to so many bytes, in place of the endpoint's own limit.
    pub fn max_message_size(mut self, bytes: u64) -> Self {
        self.max_message_size = Some(bytes);
        self
    }

    /// With whom to trust and what to show chosen by the operator's name for it, in
    /// `connect.tls.NAME` (Jakarta `getSSLContext`).
    pub fn tls_profile(mut self, name: impl Into<String>) -> Self {
        self.tls_profile = Some(name.into());
        self
    }

    /// With a property for the session to start with, beside the endpoint's own.
    pub fn property(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.properties.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// Opens the connection for this endpoint, and waits until it is open. Where instances are
    /// shared, all sessions of the instance wait as well.
    ///
    /// # Errors
    ///
    /// [`ConnectError`]; nothing is open then.
    pub fn open<E: ClientEndpoint>(self) -> Result<Connected, ConnectError> {
        self.begin::<E>()?.wait()
    }

    /// Begins to open the connection for this endpoint, and does not wait.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], as far as it is known at once.
    pub fn begin<E: ClientEndpoint>(self) -> Result<Connecting, ConnectError> {
        let own = E::config();
        let options = wit::ConnectOptions {
            endpoint: own.path,
            subprotocols: self.subprotocols.unwrap_or(own.subprotocols),
            headers: self.headers,
            compress: self.compress,
            timeout: self.timeout,
            redirects: self.redirects,
            max_message_size: self.max_message_size.or(own.max_message_size),
            tls_profile: self.tls_profile,
            properties: own.properties.into_iter().chain(self.properties).collect(),
        };
        Ok(Connecting(wit::connect(&self.url, &options)?))
    }
}

/// A connection on its way. Dropping it gives the connection up, unless it is open.
#[derive(Debug)]
#[must_use = "a connection on its way is given up where this is dropped"]
pub struct Connecting(wit::Connecting);

impl Connecting {
    /// Whether [`wait`](Self::wait) would return at once.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// Waits until the connection is open.
    ///
    /// # Errors
    ///
    /// [`ConnectError`]; nothing is open then.
    pub fn wait(self) -> Result<Connected, ConnectError> {
        let connected = self.0.wait()?;
        Ok(Connected {
            session: Session::new(connected.session),
            answer: connected.response.into(),
        })
    }
}

/// A connection that is open.
#[derive(Debug)]
pub struct Connected {
    /// Its session. Its events go to the endpoint that it was opened for.
    pub session: Session,
    /// What the server answered (Jakarta `Configurator.afterResponse`).
    pub answer: ServerAnswer,
}

/// What a server answered to a handshake (Jakarta `HandshakeResponse`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerAnswer {
    /// The HTTP status; 101 where the connection was opened.
    pub status: u16,
    /// The header fields in the order in which they came, their names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The beginning of the body, where the connection was not opened.
    pub body: Vec<u8>,
}

impl ServerAnswer {
    /// The first header field of this name, whatever its case, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        let (_, value) = fields.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        str::from_utf8(value).ok()
    }
}

impl From<wit::Response> for ServerAnswer {
    fn from(response: wit::Response) -> Self {
        Self { status: response.status, headers: response.headers, body: response.body }
    }
}

/// Why there is no connection. The texts are for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The URL is none that can be connected to.
    #[error("{0}")]
    InvalidUrl(String),
    /// An option is not as it has to be.
    #[error("{0}")]
    InvalidOptions(String),
    /// The operator does not allow it.
    #[error("{0}")]
    NotAllowed(String),
    /// As many are open as the operator allows, or there is no instance for another session.
    #[error("{0}")]
    NoRoom(String),
    /// Nobody is there.
    #[error("{0}")]
    Unreachable(String),
    /// It took too long.
    #[error("{0}")]
    TimedOut(String),
    /// There is no trusted TLS connection to the server.
    #[error("{0}")]
    NotSecure(String),
    /// The server answered with something else than a WebSocket.
    #[error("{0}")]
    Refused(String, ServerAnswer),
    /// The deployment is ending.
    #[error("the deployment is ending")]
    Ending,
}

impl From<wit::ConnectError> for ConnectError {
    fn from(error: wit::ConnectError) -> Self {
        match error {
            wit::ConnectError::InvalidUrl(told) => Self::InvalidUrl(told),
            wit::ConnectError::InvalidOptions(told) => Self::InvalidOptions(told),
            wit::ConnectError::NotAllowed(told) => Self::NotAllowed(told),
            wit::ConnectError::NoRoom(told) => Self::NoRoom(told),
            wit::ConnectError::Unreachable(told) => Self::Unreachable(told),
            wit::ConnectError::TimedOut(told) => Self::TimedOut(told),
            wit::ConnectError::NotSecure(told) => Self::NotSecure(told),
            wit::ConnectError::Refused((told, response)) => Self::Refused(told, response.into()),
            wit::ConnectError::Ending => Self::Ending,
        }
    }
}

/// What the host around the guest does unless it is told otherwise (Jakarta
/// `WebSocketContainer`).
#[derive(Debug)]
pub struct Container(());

impl Container {
    /// What holds for the sessions of the endpoint that runs (Jakarta
    /// `getDefaultMaxSessionIdleTimeout`, `getDefaultMaxTextMessageBufferSize`). Times are in
    /// milliseconds.
    #[must_use]
    pub fn defaults() -> SessionDefaults {
        wit::defaults()
    }

    /// The names of the extensions that may be agreed on with its peers (Jakarta
    /// `getInstalledExtensions`).
    #[must_use]
    pub fn installed_extensions() -> Vec<String> {
        wit::installed_extensions()
    }
}
