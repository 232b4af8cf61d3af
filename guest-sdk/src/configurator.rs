//! Deciding about handshakes: the trait that user code implements where it wants to.

use crate::bindings::sockhop::websocket::types::{Header, Principal, Property};
use crate::{HandshakeRequest, logging};

/// Decides about the handshakes to a component's endpoints (Jakarta
/// `ServerEndpointConfig.Configurator`).
///
/// Without one every valid handshake is accepted with its `default_subprotocol` and
/// `default_extensions`. It is made the component's by `export!(Chat; configurator = Gate)`.
///
/// ```
/// use sockhop_guest::{Configurator, Decision, HandshakeRequest};
///
/// struct Gate;
///
/// impl Configurator for Gate {
///     fn handshake(_endpoint_path: &str, request: HandshakeRequest) -> Decision {
///         match request.query_parameter("token").as_deref() {
///             Some("open sesame") => Decision::accept(&request).property("role", "guest"),
///             Some(_) => Decision::reject(403),
///             None => Decision::reject(401).header("www-authenticate", "Bearer"),
///         }
///     }
/// }
/// ```
pub trait Configurator {
    /// Decides about one handshake to the endpoint with this path.
    ///
    /// It is called in the instance that will serve the session, after the host has found the
    /// handshake valid and its origin allowed. A panic is answered with status 500.
    fn handshake(endpoint_path: &str, request: HandshakeRequest) -> Decision;
}

/// The word on a handshake: accept it or reject it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decision {
    verdict: Verdict,
    headers: Vec<Header>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Accept(Accepted),
    Reject { status: u16, body: Vec<u8> },
}

/// What an acceptance says of the session.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    pub subprotocol: Option<String>,
    pub properties: Vec<Property>,
    pub extensions: Option<Vec<String>>,
    pub principal: Option<Principal>,
}

impl Decision {
    /// The connection becomes a session, with the subprotocol and the extensions that the host
    /// would choose.
    pub fn accept(request: &HandshakeRequest) -> Self {
        let subprotocol = request.default_subprotocol.clone();
        Self::new(Verdict::Accept(Accepted { subprotocol, ..Accepted::default() }))
    }

    /// The handshake is answered with this HTTP status, 300 to 599, and an empty body. The host
    /// answers 500 for any other.
    pub fn reject(status: u16) -> Self {
        Self::new(Verdict::Reject { status, body: Vec::new() })
    }

    fn new(verdict: Verdict) -> Self {
        Self { verdict, headers: Vec::new() }
    }

    /// Adds a header field to the response. The host answers 500 where it is not a valid field
    /// or belongs to the handshake itself, such as `upgrade` or `sec-websocket-accept`.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Speaks this subprotocol instead, or none. It must be among those that the peer offered,
    /// else the host answers 500. A rejection has no subprotocol, and stays as it is.
    pub fn subprotocol(mut self, chosen: Option<&str>) -> Self {
        if let Verdict::Accept(accepted) = &mut self.verdict {
            accepted.subprotocol = chosen.map(str::to_owned);
        }
        self
    }

    /// Gives the session a property; one that the endpoint has already is replaced. A rejection
    /// has no session, and stays as it is.
    pub fn property(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        if let Verdict::Accept(accepted) = &mut self.verdict {
            accepted.properties.push((name.to_owned(), value.as_ref().to_vec()));
        }
        self
    }

    /// Keeps only those of the request's `default_extensions` that have these names; none of them
    /// for messages that are never compressed, say. The host answers 500 for any other name, and
    /// where one that its operator requires is left out. A rejection stays as it is.
    pub fn extensions<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        if let Verdict::Accept(accepted) = &mut self.verdict {
            accepted.extensions = Some(names.into_iter().map(Into::into).collect());
        }
        self
    }

    /// Says who the peer is, for the session's whole life (Jakarta `getUserPrincipal`): a name, and
    /// roles that mean what the component wants. The host answers 500 where they take more than
    /// 4096 bytes, 64 for each role included. A rejection stays as it is.
    ///
    /// ```
    /// # use sockhop_guest::{Decision, HandshakeRequest};
    /// # fn handshake(request: HandshakeRequest) -> Decision {
    /// Decision::accept(&request).principal("ada", ["admin", "speaker"])
    /// # }
    /// ```
    pub fn principal<R: Into<String>>(
        mut self,
        name: impl Into<String>,
        roles: impl IntoIterator<Item = R>,
    ) -> Self {
        if let Verdict::Accept(accepted) = &mut self.verdict {
            let roles = roles.into_iter().map(Into::into).collect();
            accepted.principal = Some(Principal { name: name.into(), roles });
        }
        self
    }

    /// Gives a rejection this body. The response to an accepted handshake has none, and stays
    /// as it is.
    pub fn body(mut self, content: impl Into<Vec<u8>>) -> Self {
        if let Verdict::Reject { body, .. } = &mut self.verdict {
            *body = content.into();
        }
        self
    }
}

/// A decision taken apart, for the code that `export!` writes.
#[doc(hidden)]
#[derive(Debug, PartialEq, Eq)]
pub enum Parts {
    Accept { accepted: Accepted, headers: Vec<Header> },
    Reject { status: u16, headers: Vec<Header>, body: Vec<u8> },
}

/// Asks a configurator, for the code that `export!` writes.
#[doc(hidden)]
#[must_use]
pub fn decide<C: Configurator>(endpoint_path: &str, request: HandshakeRequest) -> Parts {
    logging::install();
    let Decision { verdict, headers } = C::handshake(endpoint_path, request);
    match verdict {
        Verdict::Accept(accepted) => Parts::Accept { accepted, headers },
        Verdict::Reject { status, body } => Parts::Reject { status, headers, body },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(token: &str) -> HandshakeRequest {
        HandshakeRequest {
            uri: format!("ws://host/echo?token={token}"),
            query: Some(format!("token={token}")),
            path_parameters: Vec::new(),
            headers: Vec::new(),
            subprotocols: vec!["b".to_owned(), "a".to_owned()],
            default_subprotocol: Some("b".to_owned()),
            extensions: Vec::new(),
            default_extensions: Vec::new(),
            secure: false,
            peer: None,
            local: None,
            client_certificates: Vec::new(),
        }
    }

    struct Gate;

    impl Configurator for Gate {
        fn handshake(endpoint_path: &str, request: HandshakeRequest) -> Decision {
            assert_eq!(endpoint_path, "/echo");
            match request.query_parameter("token").as_deref() {
                Some("good") => Decision::accept(&request).header("x-a", "1").property("who", "p"),
                _ => Decision::reject(403).header("x-b", "2").body("no\n"),
            }
        }
    }

    #[test]
    fn an_acceptance_takes_the_default_subprotocol() {
        let expected = Parts::Accept {
            accepted: Accepted {
                subprotocol: Some("b".to_owned()),
                properties: vec![("who".to_owned(), b"p".to_vec())],
                extensions: None,
                principal: None,
            },
            headers: vec![("x-a".to_owned(), b"1".to_vec())],
        };
        assert_eq!(decide::<Gate>("/echo", request("good")), expected);
    }

    #[test]
    fn a_rejection_has_a_status_headers_and_a_body() {
        let expected = Parts::Reject {
            status: 403,
            headers: vec![("x-b".to_owned(), b"2".to_vec())],
            body: b"no\n".to_vec(),
        };
        assert_eq!(decide::<Gate>("/echo", request("bad")), expected);
    }

    #[test]
    fn the_subprotocol_can_be_another_or_none() {
        let other = Decision::accept(&request("")).subprotocol(Some("a"));
        let of = |decision: Decision| match decision.verdict {
            Verdict::Accept(accepted) => accepted.subprotocol,
            Verdict::Reject { .. } => panic!("it accepts"),
        };
        assert_eq!(of(other).as_deref(), Some("a"));
        let none = Decision::accept(&request("")).subprotocol(None);
        assert_eq!(of(none), None);
    }

    #[test]
    fn extensions_and_a_principal_are_named_and_a_rejection_has_none() {
        let decision = Decision::accept(&request("")).extensions(["x"]).principal("ada", ["admin"]);
        let principal = Principal { name: "ada".to_owned(), roles: vec!["admin".to_owned()] };
        let expected = Accepted {
            subprotocol: Some("b".to_owned()),
            properties: Vec::new(),
            extensions: Some(vec!["x".to_owned()]),
            principal: Some(principal),
        };
        assert_eq!(decision.verdict, Verdict::Accept(expected));
        let none = [""; 0];
        let rejection = Decision::reject(403).extensions(none).principal("ada", none);
        assert_eq!(rejection, Decision::reject(403));
    }
}
