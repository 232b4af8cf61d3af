//! The handshake that a peer sends.

use std::fmt;

use crate::testing::route;
use crate::{HandshakeRequest, ServerEndpoint};

/// A change to the request, made when it is complete.
type Change = Box<dyn Fn(&mut HandshakeRequest)>;

/// The handshake of a [`Peer`](super::Peer): a path, perhaps with a query, and what else the peer
/// sends.
///
/// ```
/// use sockhop_guest::testing::Handshake;
/// # use sockhop_guest::{Configurator, Decision, Endpoint, HandshakeRequest, Result, Session};
/// # struct Chat;
/// # #[sockhop_guest::endpoint("/chat/{room}", subprotocols = ["chat.v1"])]
/// # impl Endpoint for Chat {
/// #     fn on_open(_session: Session) -> Result<Self> { Ok(Self) }
/// #     fn on_message(&mut self, _message: String) -> Result { Ok(()) }
/// # }
/// # struct Gate;
/// # impl Configurator for Gate {
/// #     fn handshake(_path: &str, request: HandshakeRequest) -> Decision {
/// #         match request.query_parameter("token").as_deref() {
/// #             Some("open sesame") => Decision::accept(&request).property("role", "guest"),
/// #             _ => Decision::reject(403),
/// #         }
/// #     }
/// # }
/// // A configurator is tested by itself: it is a function, and decisions can be compared.
/// let handshake = Handshake::to("/chat/tea?token=wrong").offering("chat.v1");
/// let request = handshake.request::<Chat>().expect("a path of the endpoint");
/// assert_eq!(Gate::handshake("/chat/{room}", request), Decision::reject(403));
/// ```
pub struct Handshake {
    path: String,
    query: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    subprotocols: Vec<String>,
    changes: Vec<Change>,
}

impl Handshake {
    /// To this path, with the query behind a `?`; both percent-encoded.
    #[must_use]
    pub fn to(path_and_query: &str) -> Self {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path_and_query, None),
        };
        Self {
            path: path.to_owned(),
            query,
            headers: Vec::new(),
            subprotocols: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// With this header field beside those that there are.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// Offering this subprotocol, behind those that are offered already.
    #[must_use]
    pub fn offering(mut self, subprotocol: &str) -> Self {
        self.subprotocols.push(subprotocol.to_owned());
        self
    }

    /// With something else about the request, such as
    /// `|request| request.peer = Some("192.0.2.7:5000".to_owned())`.
    #[must_use]
    pub fn with(mut self, change: impl Fn(&mut HandshakeRequest) + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// The request as a configurator of `E`'s component is asked about it, or nothing where the
    /// path is none of the endpoint's.
    #[must_use]
    pub fn request<E: ServerEndpoint>(&self) -> Option<HandshakeRequest> {
        let path_parameters = route::parameters(E::PATH, &self.path)?;
        let spoken = E::config().subprotocols;
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let mut request = HandshakeRequest {
            uri: format!("ws://localhost{}{query}", self.path),
            query: self.query.clone(),
            path_parameters,
            headers: self.headers.clone(),
            subprotocols: self.subprotocols.clone(),
            default_subprotocol: self.subprotocols.iter().find(|s| spoken.contains(s)).cloned(),
            extensions: Vec::new(),
            default_extensions: Vec::new(),
            secure: false,
            peer: Some("127.0.0.1:50000".to_owned()),
            local: Some("127.0.0.1:8080".to_owned()),
            client_certificates: Vec::new(),
        };
        self.changes.iter().for_each(|change| change(&mut request));
        Some(request)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl From<&str> for Handshake {
    fn from(path_and_query: &str) -> Self {
        Self::to(path_and_query)
    }
}

impl From<String> for Handshake {
    fn from(path_and_query: String) -> Self {
        Self::to(&path_and_query)
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &self.headers)
            .field("subprotocols", &self.subprotocols)
            .finish_non_exhaustive()
    }
}
