//! What a guest may ask of the host around it: the seam behind the imported interface `container`.

use std::sync::Arc;
use std::time::Duration;

use sockhop_session::Handle;
use sockhop_session::handshake::Header;
use sockhop_session::port::Directory;
use sockhop_session::properties::Property;
use thiserror::Error;
use tokio::sync::oneshot;
use tokio_util::sync::DropGuard;

use crate::caller::Caller;
use crate::guest::Guest;
use crate::seats::{Seat, SeatError};
use crate::shard::WeakShard;

/// What holds for the sessions of an endpoint unless somebody says less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionDefaults {
    /// The largest message that a peer may send, in bytes.
    pub message_bytes: usize,
    /// What may wait for a peer, in bytes.
    pub queue_bytes: usize,
    /// What a session's properties may take, in bytes.
    pub property_bytes: usize,
    /// How long nothing may come and go.
    pub idle_timeout: Option<Duration>,
    /// How long nothing may come.
    pub read_idle_timeout: Option<Duration>,
    /// How long a peer may take nothing of what waits for it.
    pub write_idle_timeout: Option<Duration>,
    /// How long a peer may take to answer a Close frame.
    pub close_timeout: Duration,
    /// After how long a silent peer is pinged.
    pub ping_interval: Option<Duration>,
    /// How long it may take to answer.
    pub pong_timeout: Duration,
}

/// How a guest wants a connection opened. Nothing of it has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// What the session gives as its endpoint's path.
    pub endpoint: String,
    /// The subprotocols to offer, in order.
    pub subprotocols: Vec<String>,
    /// Header fields to send.
    pub headers: Vec<Header>,
    /// Whether to offer permessage-deflate.
    pub compress: bool,
    /// How long it may take, if the guest says.
    pub timeout: Option<Duration>,
    /// How many redirects to follow, if it says.
    pub redirects: Option<u32>,
    /// The largest message that is taken, in bytes, if it says.
    pub message_bytes: Option<u64>,
    /// The operator's name for whom to trust.
    pub tls_profile: Option<String>,
    /// The properties that the session starts with.
    pub properties: Vec<Property>,
}

/// What a server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The header fields in order.
    pub headers: Vec<Header>,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

/// Why a connection that a guest asked for is not there. The texts are for the guest's author.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConnectRefusal {
    /// The URL is none.
    #[error("{0}")]
    InvalidUrl(String),
    /// The options are not as they have to be.
    #[error("{0}")]
    InvalidOptions(String),
    /// The operator does not allow it.
    #[error("{0}")]
    NotAllowed(String),
    /// There are too many.
    #[error("{0}")]
    NoRoom(String),
    /// Nobody is there.
    #[error("{0}")]
    Unreachable(String),
    /// It took too long.
    #[error("{0}")]
    TimedOut(String),
    /// The server is not trusted.
    #[error("{0}")]
    NotSecure(String),
    /// The server's answer opens nothing.
    #[error("{0}")]
    Refused(String, ServerAnswer),
    /// The deployment is ending.
    #[error("the deployment is ending")]
    Ending,
}

/// A connection that a guest has opened.
#[derive(Debug)]
pub struct Opened {
    /// Its session, which the host drives from here on.
    pub session: Arc<Handle>,
    /// What the server answered.
    pub answer: ServerAnswer,
}

/// A connection on its way. Dropping it gives the connection up, unless it is open.
#[derive(Debug)]
pub struct Pending {
    /// How it went; nothing where the host has ended meanwhile.
    pub outcome: oneshot::Receiver<Result<Opened, ConnectRefusal>>,
    /// Tells whoever opens it that nobody waits any more.
    pub given_up: DropGuard,
}

/// The host around the instances of one endpoint.
pub trait Container: Send + Sync {
    /// What holds for the endpoint's sessions.
    fn defaults(&self) -> SessionDefaults;

    /// The names of the extensions that may be agreed on.
    fn installed_extensions(&self) -> Vec<String>;

    /// Begins to open a connection, to be served from where `seating` says.
    ///
    /// # Errors
    /// What can be told at once.
    fn connect(
        &self,
        url: &str,
        options: ConnectOptions,
        seating: Seating,
    ) -> Result<Pending, ConnectRefusal>;
}

/// Where the session of a connection that a guest opens is served.
pub struct Seating {
    pub(crate) guest: Guest,
    pub(crate) around: Surroundings,
    /// The instance that asks, where it is shared.
    pub(crate) home: Option<WeakShard>,
}

impl Seating {
    /// Takes a seat: in an instance of its own, or in the shared one that asks.
    ///
    /// # Errors
    /// [`SeatError`]; nothing is held then.
    pub async fn take(&self, endpoint_path: &str) -> Result<Seat, SeatError> {
        match &self.home {
            Some(home) => Ok(Seat::shared(&self.guest, home.seat()?, endpoint_path)),
            None => {
                let permit = self.guest.engine.permit().ok_or(SeatError::AtCapacity)?;
                let caller = Caller::new(&self.guest, &self.around, None, permit).await?;
                Ok(Seat::own(&self.guest, caller, endpoint_path))
            }
        }
    }
}

/// What the instances of one endpoint see of the host. Cloning shares it.
#[derive(Clone)]
pub struct Surroundings {
    /// The open sessions of the endpoint.
    pub directory: Arc<dyn Directory>,
    /// The rest.
    pub container: Arc<dyn Container>,
}

/// A host that opens no connections: that of an instance which serves nobody.
#[derive(Debug, Default)]
pub struct NoContainer;

impl Container for NoContainer {
    fn defaults(&self) -> SessionDefaults {
        SessionDefaults::default()
    }

    fn installed_extensions(&self) -> Vec<String> {
        Vec::new()
    }

    fn connect(
        &self,
        _url: &str,
        _options: ConnectOptions,
        _seating: Seating,
    ) -> Result<Pending, ConnectRefusal> {
        Err(ConnectRefusal::NotAllowed("no session is served here".to_owned()))
    }
}
