//! The two ends of the connection under a handshake.

use std::net::{IpAddr, SocketAddr};

use super::HandshakeRequest;

impl HandshakeRequest {
    /// The peer's address (Jakarta `getRemoteAddress`): nothing where it is not known, or is no
    /// address of IP.
    #[must_use]
    pub fn peer_address(&self) -> Option<IpAddr> {
        split(self.peer.as_deref()?).0
    }

    /// The peer's port (Jakarta `getRemotePort`), where it is known.
    #[must_use]
    pub fn peer_port(&self) -> Option<u16> {
        split(self.peer.as_deref()?).1
    }

    /// The address that the peer connected to (Jakarta `getLocalAddress`): nothing at a Unix
    /// socket, whose path is in [`local`](Self::local).
    #[must_use]
    pub fn local_address(&self) -> Option<IpAddr> {
        split(self.local.as_deref()?).0
    }

    /// The port that the peer connected to (Jakarta `getLocalPort`); nothing at a Unix socket.
    #[must_use]
    pub fn local_port(&self) -> Option<u16> {
        split(self.local.as_deref()?).1
    }
}

/// An address of IP and perhaps a port, as a host writes them.
fn split(end: &str) -> (Option<IpAddr>, Option<u16>) {
    match end.parse::<SocketAddr>() {
        Ok(both) => (Some(both.ip()), Some(both.port())),
        Err(_) => {
            let bare = end.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            (bare.unwrap_or(end).parse().ok(), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ports_come_apart() {
        let ip = |text: &str| text.parse::<IpAddr>().ok();
        assert_eq!(split("192.0.2.7:5000"), (ip("192.0.2.7"), Some(5000)));
        assert_eq!(split("[2001:db8::1]:443"), (ip("2001:db8::1"), Some(443)));
        for (bare, of) in [("192.0.2.7", "192.0.2.7"), ("::1", "::1"), ("[::1]", "::1")] {
            assert_eq!(split(bare), (ip(of), None), "{bare}");
        }
        assert_eq!(split("unix:/run/sockhop.sock"), (None, None));
    }
}
