//! The opening handshake as a guest sees it, and what a guest may decide about it.

use crate::Extension;
use thiserror::Error;

use crate::properties::Property;

/// What a principal may take, in bytes: its name, its roles, and [`ROLE_OVERHEAD_BYTES`] for each
/// role. It is held for as long as the session lives, and operators are shown it: enough for a
/// distinguished name and some dozens of roles.
pub const PRINCIPAL_BYTES_MAX: usize = 4096;

/// What a role counts beside its name, in bytes, so that empty ones are bounded as well.
pub const ROLE_OVERHEAD_BYTES: usize = 64;

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
    /// The extensions that the peer offers, in order.
    pub extensions: Vec<Extension>,
    /// Those that the host would agree on, as it would answer.
    pub default_extensions: Vec<Extension>,
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

/// How a handshake is accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// The subprotocol to speak.
    pub subprotocol: Option<String>,
    /// Fields to add to the response.
    pub headers: Vec<Header>,
    /// Properties for the session.
    pub properties: Vec<Property>,
    /// Which of the host's extensions to keep, by name; all, where absent.
    pub extensions: Option<Vec<String>>,
    /// Who the peer is.
    pub principal: Option<Principal>,
}

/// Who a peer is, by the word of a guest (Jakarta `Principal`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// The name.
    pub name: String,
    /// The roles.
    pub roles: Vec<String>,
}

/// A principal that is larger than [`PRINCIPAL_BYTES_MAX`]: the guest is to act.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "the principal takes {0} bytes, {ROLE_OVERHEAD_BYTES} for each role included; \
     {PRINCIPAL_BYTES_MAX} are allowed"
)]
pub struct PrincipalTooBig(pub usize);

impl Principal {
    /// Holds it against the limit.
    ///
    /// # Errors
    /// [`PrincipalTooBig`].
    pub fn check(&self) -> Result<(), PrincipalTooBig> {
        let roles = self.roles.iter().map(|role| role.len().saturating_add(ROLE_OVERHEAD_BYTES));
        let bytes = roles.fold(self.name.len(), usize::saturating_add);
        if bytes > PRINCIPAL_BYTES_MAX { Err(PrincipalTooBig(bytes)) } else { Ok(()) }
    }
}

/// What a handshake has agreed on beside the subprotocol; it stays the same for the session's life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The extensions in use, in the order of the answer.
    pub extensions: Vec<Extension>,
    /// Who the peer is, where the guest has said so.
    pub principal: Option<Principal>,
}

/// What a configurator decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeDecision {
    /// The connection becomes a session.
    Accept(Acceptance),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_bounded_with_all_its_roles() {
        let principal = |name: usize, roles: usize| Principal {
            name: "n".repeat(name),
            roles: vec![String::new(); roles],
        };
        assert_eq!(principal(PRINCIPAL_BYTES_MAX, 0).check(), Ok(()));
        assert_eq!(principal(4097, 0).check(), Err(PrincipalTooBig(4097)));
        assert_eq!(principal(0, 64).check(), Ok(()));
        assert_eq!(principal(1, 64).check(), Err(PrincipalTooBig(4097)));
    }
}
