//! The host's own ways to choose, to delegate to (Jakarta `getContainerDefaultConfigurator`).

use super::HandshakeRequest;

impl HandshakeRequest {
    /// The subprotocol that a host would choose where an endpoint speaks these: the first of the
    /// peer's that is among them (Jakarta `getNegotiatedSubprotocol`). Nothing where none is.
    ///
    /// ```
    /// # use sockhop_guest::{Decision, HandshakeRequest};
    /// # fn handshake(request: HandshakeRequest) -> Decision {
    /// // Version 2 is for peers in the know.
    /// let speaks = ["chat.v2", "chat.v1"];
    /// let speaks = if request.header("x-beta").is_some() { &speaks[..] } else { &speaks[1..] };
    /// let chosen = request.select_subprotocol(speaks);
    /// Decision::accept(&request).subprotocol(chosen)
    /// # }
    /// ```
    #[must_use]
    pub fn select_subprotocol<S: AsRef<str>>(&self, spoken: &[S]) -> Option<&str> {
        let mut offered = self.subprotocols.iter();
        let is_spoken = |name: &&String| spoken.iter().any(|known| known.as_ref() == name.as_str());
        offered.find(is_spoken).map(String::as_str)
    }

    /// Those of the host's `default_extensions` that are among these names, in the host's order
    /// (Jakarta `getNegotiatedExtensions`), for
    /// [`Decision::extensions`](crate::Decision::extensions).
    #[must_use]
    pub fn select_extensions<S: AsRef<str>>(&self, wanted: &[S]) -> Vec<&str> {
        let agreed = self.default_extensions.iter().map(|extension| extension.name.as_str());
        agreed.filter(|name| wanted.iter().any(|known| known.as_ref() == *name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::Extension;
    use crate::handshake::tests::request_with;

    #[test]
    fn the_peers_order_decides_about_subprotocols() {
        let mut request = request_with(Vec::new());
        request.subprotocols = ["a", "c", "e"].map(str::to_owned).to_vec();
        assert_eq!(request.select_subprotocol(&["b", "e", "c"]), Some("c"));
        assert_eq!(request.select_subprotocol(&["b"]), None);
        assert_eq!(request.select_subprotocol::<&str>(&[]), None);
    }

    #[test]
    fn extensions_are_chosen_by_name_in_the_hosts_order() {
        let mut request = request_with(Vec::new());
        let extension = |name: &str| Extension { name: name.to_owned(), parameters: Vec::new() };
        request.default_extensions = ["x", "y", "z"].map(extension).to_vec();
        assert_eq!(request.select_extensions(&["z", "w", "x"]), ["x", "z"]);
    }
}
