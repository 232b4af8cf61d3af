//! The opening handshake as a guest sees it, and what a guest may decide about it.

use crate::properties::Property;

/// A header field: its name in lower case, and its value as it came.
pub type Header = (String, Vec<u8>);

/// The handshake that a peer sent (Jakarta `HandshakeRequest`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandshakeRequest {
    /// The URI in full, with scheme and query.
    pub uri: String,
    /// The query, as it came.
    pub query: Option<String>,
    /// The path's variables and what they stand for, in the path's order.
    pub path_parameters: Vec<(String, String)>,
    /// The header fields in order.
    pub headers: Vec<Header>,
    /// The subprotocols that the peer offers, in order.
    pub subprotocols: Vec<String>,
    /// The one that the host would choose.
    pub default_subprotocol: Option<String>,
    /// Whether the peer's connection is encrypted, as far as the host knows: it may end at a proxy
    /// that the host trusts.
    pub secure: bool,
    /// The peer's address, with its port where that is known. Nothing where it has none, at a Unix
    /// socket.
    pub peer: Option<String>,
    /// What the peer connected to: an address and a port, or `unix:` and a path.
    pub local: Option<String>,
    /// The certificates by which the peer has proved who it is (TLS client authentication), its own
    /// first, in DER. Empty where it was not asked, or had none.
    pub client_certificates: Vec<Vec<u8>>,
}

/// What a configurator decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeDecision {
    /// The connection becomes a session.
    Accept {
        /// The subprotocol to speak.
        subprotocol: Option<String>,
        /// Fields to add to the response.
        headers: Vec<Header>,
        /// Properties for the session.
        properties: Vec<Property>,
    },
    /// It does not.
    Reject {
        /// The HTTP status.
        status: u16,
        /// Fields of the response.
        headers: Vec<Header>,
        /// Its body.
        body: Vec<u8>,
    },
}

/// One endpoint that a component describes (Jakarta `ServerEndpointConfig`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointConfig {
    /// The URI template, as the component gave it.
    pub path: String,
    /// The subprotocols that it speaks.
    pub subprotocols: Vec<String>,
    /// The largest message that it takes, in bytes, if it says.
    pub max_message_bytes: Option<u64>,
    /// The properties that each of its sessions starts with.
    pub properties: Vec<Property>,
}
