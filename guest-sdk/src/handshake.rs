//! The opening handshake that a peer sent, with ways to ask for its parts.

mod address;
mod locale;
mod select;

use std::error::Error as StdError;
use std::str::FromStr;

pub use crate::bindings::sockhop::websocket::types::{Extension, HandshakeRequest};
use crate::parameter::{self, PathParameterError};

impl HandshakeRequest {
    /// The value of the first header field with this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.header_values(name).next()
    }

    /// The value of the first header field with this name, as text; nothing where it is absent
    /// or not UTF-8.
    #[must_use]
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The values of all header fields with this name, in any case, in the order of the request.
    pub fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let same = move |(known, _): &&(String, Vec<u8>)| known.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, value)| value.as_slice())
    }

    /// What one variable of the endpoint's path stands for, percent-decoded.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        let found = self.path_parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What one variable of the endpoint's path stands for, as a `T`, or nothing where the path has
    /// no such variable.
    ///
    /// # Errors
    ///
    /// [`PathParameterError`], where the variable stands for something that is no `T`.
    pub fn path_parameter_as<T>(&self, name: &str) -> Result<Option<T>, PathParameterError>
    where
        T: FromStr<Err: Into<Box<dyn StdError>>>,
    {
        parameter::parsed(&self.path_parameters, name)
    }

    /// The first value of this name in the query, decoded as a form
    /// (Jakarta `getRequestParameterMap`): `+` is a space, what is no UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn query_parameter(&self, name: &str) -> Option<String> {
        self.query_parameter_values(name).next()
    }

    /// All values of this name in the query, in its order, decoded as a form
    /// (Jakarta `getRequestParameterMap`).
    pub fn query_parameter_values(&self, name: &str) -> impl Iterator<Item = String> {
        self.query_parameters().filter(move |(known, _)| known == name).map(|(_, value)| value)
    }

    /// All names and values in the query, in its order, decoded as a form.
    pub fn query_parameters(&self) -> impl Iterator<Item = (String, String)> {
        form_urlencoded::parse(self.query.as_deref().unwrap_or_default().as_bytes()).into_owned()
    }

    /// The version of the protocol (Jakarta `Session.getProtocolVersion`): that of RFC 6455, the
    /// only one that there is.
    #[must_use]
    pub fn protocol_version(&self) -> &'static str {
        "13"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: Option<&str>) -> HandshakeRequest {
        HandshakeRequest {
            uri: "ws://host/chat/tea".to_owned(),
            query: query.map(str::to_owned),
            path_parameters: vec![("room".to_owned(), "tea".to_owned())],
            headers: vec![
                ("accept".to_owned(), b"a".to_vec()),
                ("cookie".to_owned(), b"\xff".to_vec()),
                ("accept".to_owned(), b"b".to_vec()),
            ],
            subprotocols: Vec::new(),
            default_subprotocol: None,
            extensions: Vec::new(),
            default_extensions: Vec::new(),
            secure: false,
            peer: None,
            local: None,
            client_certificates: Vec::new(),
        }
    }

    /// A request with these header fields.
    pub(super) fn request_with(headers: Vec<(&str, &str)>) -> HandshakeRequest {
        let field = |(name, value): (&str, &str)| (name.to_owned(), value.as_bytes().to_vec());
        HandshakeRequest { headers: headers.into_iter().map(field).collect(), ..request(None) }
    }

    #[test]
    fn headers_are_found_in_any_case_and_in_order() {
        let request = request(None);
        assert_eq!(request.header_text("Accept"), Some("a"));
        assert_eq!(request.header_values("ACCEPT").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(request.header("host"), None);
    }

    #[test]
    fn a_header_that_is_not_utf8_has_bytes_and_no_text() {
        let request = request(None);
        assert_eq!(request.header("cookie"), Some(b"\xff".as_slice()));
        assert_eq!(request.header_text("cookie"), None);
    }

    #[test]
    fn the_query_is_decoded_and_the_first_of_a_name_counts() {
        let request = request(Some("a=1&name=Ada+L%C3%B6v&name=Bob"));
        assert_eq!(request.query_parameter("name").as_deref(), Some("Ada Löv"));
        assert_eq!(request.query_parameter("b"), None);
        let names: Vec<_> = request.query_parameter_values("name").collect();
        assert_eq!(names, ["Ada Löv", "Bob"]);
        assert_eq!(request.query_parameters().count(), 3);
        assert_eq!(request.protocol_version(), "13");
    }

    #[test]
    fn without_a_query_there_is_no_parameter() {
        assert_eq!(request(None).query_parameter("name"), None);
        assert_eq!(request(None).path_parameter("room"), Some("tea"));
        assert_eq!(request(None).path_parameter("name"), None);
        assert_eq!(request(None).path_parameter_as::<u8>("name").unwrap(), None);
        assert!(request(None).path_parameter_as::<u8>("room").is_err());
    }
}
