//! Who the peer of a session is, and what was agreed on with it.

use super::Session;
use crate::Extension;

pub use crate::bindings::sockhop::websocket::types::Principal;

impl Principal {
    /// Whether it has this role (Jakarta `isUserInRole`).
    #[must_use]
    pub fn is_in_role(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known == role)
    }
}

impl Session {
    /// Who the peer is (Jakarta `getUserPrincipal`), as the configurator said by
    /// [`Decision::principal`](crate::Decision::principal); nothing where it said nothing.
    #[must_use]
    pub fn principal(&self) -> Option<Principal> {
        self.0.principal()
    }

    /// Whether the peer is known and has this role (Jakarta `isUserInRole`).
    #[must_use]
    pub fn is_in_role(&self, role: &str) -> bool {
        self.principal().is_some_and(|principal| principal.is_in_role(role))
    }

    /// The extensions in use, with the parameters agreed on, in the order of the handshake's answer
    /// (Jakarta `getNegotiatedExtensions`).
    #[must_use]
    pub fn extensions(&self) -> Vec<Extension> {
        self.0.extensions()
    }
}
