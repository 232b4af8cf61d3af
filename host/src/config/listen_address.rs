//! Where the host accepts WebSocket connections.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{
    AddressError, SocketPathError,
    address::host_and_port,
    socket_path::{self, UNIX_PREFIX},
};

/// What stands before `HOST:PORT` where connections are not encrypted; it may be left out.
const WS_PREFIX: &str = "ws://";

/// What stands before `HOST:PORT` where connections are encrypted.
const WSS_PREFIX: &str = "wss://";

/// An address to accept connections at.
///
/// HOST is an IP address (IPv6 in brackets) or a name, which is looked up when the host binds it,
/// not before. Port 0 lets the system pick one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// `HOST:PORT` or `ws://HOST:PORT`: connections that are not encrypted.
    Ws(String),
    /// `wss://HOST:PORT`: connections over TLS, with the certificate of the table `tls`.
    Wss(String),
    /// `unix:PATH`: a Unix socket at this absolute path, without TLS.
    Unix(PathBuf),
}

impl ListenAddress {
    /// The address as `HOST:PORT`, which is what `bind` takes; nothing for a Unix socket.
    pub fn host_and_port(&self) -> Option<&str> {
        match self {
            Self::Ws(address) | Self::Wss(address) => Some(address),
            Self::Unix(_) => None,
        }
    }

    /// The path of the Unix socket, where it is one.
    pub fn unix_path(&self) -> Option<&Path> {
        match self {
            Self::Ws(_) | Self::Wss(_) => None,
            Self::Unix(path) => Some(path),
        }
    }

    /// Whether connections to this address need a certificate.
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Wss(_))
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ws(address) => write!(f, "{WS_PREFIX}{address}"),
            Self::Wss(address) => write!(f, "{WSS_PREFIX}{address}"),
            Self::Unix(path) => write!(f, "{UNIX_PREFIX}{}", path.display()),
        }
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Ws(address.to_string())
    }
}

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix(UNIX_PREFIX) {
            return Ok(Self::Unix(socket_path::check(PathBuf::from(path))?));
        }
        if let Some(rest) = text.strip_prefix(WSS_PREFIX) {
            return Ok(Self::Wss(host_and_port(rest)?));
        }
        Ok(Self::Ws(host_and_port(text.strip_prefix(WS_PREFIX).unwrap_or(text))?))
    }
}

/// Why a text is no address to listen at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenAddressError {
    /// What should be `HOST:PORT` is not.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// What should be a socket's path is not.
    #[error(transparent)]
    Socket(#[from] SocketPathError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_addresses_are_taken() {
        for (text, shown) in [
            ("127.0.0.1:8080", "ws://127.0.0.1:8080"),
            ("0.0.0.0:0", "ws://0.0.0.0:0"),
            ("[::1]:65535", "ws://[::1]:65535"),
            ("[0:0::1]:80", "ws://[::1]:80"),
            ("localhost:8080", "ws://localhost:8080"),
            ("my-host_1.example.org:1", "ws://my-host_1.example.org:1"),
            ("ws://localhost:80", "ws://localhost:80"),
            ("wss://[::]:443", "wss://[::]:443"),
            ("wss://a.example:443", "wss://a.example:443"),
            ("unix:/run/a b.sock", "unix:/run/a b.sock"),
        ] {
            let address: ListenAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(shown.parse(), Ok(address), "what is shown can be written");
        }
    }

    #[test]
    fn listen_addresses_are_refused() {
        let host = "is not a host; write a name, an IPv4 address, or an IPv6 address in brackets";
        let no_host = r#"":8080" has no host; write 0.0.0.0:8080 for every IPv4 interface"#;
        for (text, error) in [
            ("", r#""" has no port; write HOST:PORT"#.to_owned()),
            ("localhost", r#""localhost" has no port; write HOST:PORT"#.to_owned()),
            ("[::1]", r#""[::1]" has no port; write HOST:PORT"#.to_owned()),
            ("wss://localhost", r#""localhost" has no port; write HOST:PORT"#.to_owned()),
            (":8080", no_host.to_owned()),
            ("wss://:8080", no_host.to_owned()),
            ("*:8080", format!(r#""*" {host}"#)),
            ("::1:8080", format!(r#""::1" {host}"#)),
            ("256.0.0.1:80", format!(r#""256.0.0.1" {host}"#)),
            ("127.0.0:80", format!(r#""127.0.0" {host}"#)),
            ("a..b:80", format!(r#""a..b" {host}"#)),
            ("http://a:80", format!(r#""http://a" {host}"#)),
            ("ws://wss://a:80", format!(r#""wss://a" {host}"#)),
            ("localhost:", r#""" is not a port; use 0 to 65535"#.to_owned()),
            ("localhost:+80", r#""+80" is not a port; use 0 to 65535"#.to_owned()),
            ("localhost:65536", r#""65536" is not a port; use 0 to 65535"#.to_owned()),
            ("wss://localhost:80/", r#""80/" is not a port; use 0 to 65535"#.to_owned()),
            ("unix:a.sock", r#"the socket's path "a.sock" is not absolute"#.to_owned()),
        ] {
            assert_eq!(text.parse::<ListenAddress>().unwrap_err().to_string(), error, "{text}");
        }
    }

    #[test]
    fn a_host_name_has_a_longest_length() {
        let long = format!("{}:80", "a.".repeat(126) + "aa");
        assert!(long.parse::<ListenAddress>().is_err());
        assert!(long[1..].replacen('.', "a", 1).parse::<ListenAddress>().is_ok());
    }
}
