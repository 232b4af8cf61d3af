//! Where the host listens, for WebSocket connections and for the admin API.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
};

/// The longest path of a Unix socket, in bytes: `sockaddr_un` holds 108 with the final NUL.
pub const SOCKET_PATH_MAX_BYTES: usize = 107;

/// The longest host name, in bytes (RFC 1035 §2.3.4, without the root's dot).
const HOST_NAME_MAX_BYTES: usize = 253;

/// What stands before the path of a Unix socket.
const UNIX_PREFIX: &str = "unix:";

/// An address to accept connections at: `HOST:PORT`, where HOST is an IP address (IPv6 in
/// brackets) or a name. A name is looked up when the host binds it, not before. Port 0 lets the
/// system pick one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress(String);

impl ListenAddress {
    /// The address as `HOST:PORT`, which is what `bind` takes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address.to_string())
    }
}

impl FromStr for ListenAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match parse(text)? {
            HostPort::Ip(address) => Self(address.to_string()),
            HostPort::Name(name, port) => Self(format!("{name}:{port}")),
        })
    }
}

/// Where the admin API is served and found.
///
/// Whoever reaches it with the token may deploy code, and the API is not encrypted. So it
/// does not leave the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    /// An address of the loopback interface. Port 0 lets the system pick one.
    Tcp(SocketAddr),
    /// A Unix socket at this absolute path, of at most [`SOCKET_PATH_MAX_BYTES`].
    Unix(PathBuf),
}

impl AdminAddress {
    /// A Unix socket.
    ///
    /// # Errors
    ///
    /// Refuses a path that no socket can have, or that is relative: host and command line
    /// have to mean the same one, whatever folder each was started in.
    pub fn unix(path: impl Into<PathBuf>) -> Result<Self, AdminAddressError> {
        let path = path.into();
        let bytes = path.as_os_str().len();
        if !path.is_absolute() {
            return Err(AdminAddressError::RelativePath(path));
        }
        if bytes > SOCKET_PATH_MAX_BYTES {
            return Err(AdminAddressError::PathTooLong { path, bytes });
        }
        if path.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(AdminAddressError::NulInPath(path));
        }
        Ok(Self::Unix(path))
    }

    /// The path of the Unix socket, where it is one.
    pub fn unix_path(&self) -> Option<&Path> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(path) => Some(path),
        }
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX_PREFIX}{}", path.display()),
        }
    }
}

impl FromStr for AdminAddress {
    type Err = AdminAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix(UNIX_PREFIX) {
            return Self::unix(path);
        }
        match parse(text)? {
            HostPort::Ip(address) if address.ip().is_loopback() => Ok(Self::Tcp(address)),
            HostPort::Ip(address) => Err(AdminAddressError::NotLoopback(address)),
            // The one name that is not looked up: RFC 6761 §6.3 ties it to the loopback
            // interface, while any other could point elsewhere tomorrow.
            HostPort::Name(name, port) if name.eq_ignore_ascii_case("localhost") => {
                Ok(Self::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)))
            }
            HostPort::Name(name, _) => Err(AdminAddressError::Name(name)),
        }
    }
}

/// Why a text is no `HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The host is neither an IP address nor a name.
    #[error("{0:?} is not a host; write a name, an IPv4 address, or an IPv6 address in brackets")]
    Host(String),
    /// There is nothing before the port.
    #[error("{0:?} has no host; write 0.0.0.0{0} for every IPv4 interface")]
    NoHost(String),
    /// There is no port.
    #[error("{0:?} has no port; write HOST:PORT")]
    NoPort(String),
    /// The port is no number of 16 bits.
    #[error("{0:?} is not a port; use 0 to 65535")]
    Port(String),
}

/// Why a text is no address for the admin API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminAddressError {
    /// It is neither `unix:PATH` nor `HOST:PORT`.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Names are not looked up, `localhost` apart.
    #[error(
        "the admin API is not served at a name, such as {0:?}; use 127.0.0.1, [::1], \
         localhost or unix:PATH"
    )]
    Name(String),
    /// The address can be reached from elsewhere.
    #[error("{0} is not a loopback address; use 127.0.0.1, [::1] or unix:PATH")]
    NotLoopback(SocketAddr),
    /// No file has such a name.
    #[error("the socket's path {0:?} contains a NUL")]
    NulInPath(PathBuf),
    /// The system has no room for the path.
    #[error("the socket's path {path:?} has {bytes} bytes; at most {SOCKET_PATH_MAX_BYTES} fit")]
    PathTooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// The path depends on the folder that a process runs in.
    #[error("the socket's path {0:?} is not absolute")]
    RelativePath(PathBuf),
}

/// What a `HOST:PORT` can be.
enum HostPort {
    Ip(SocketAddr),
    Name(String, u16),
}

fn parse(text: &str) -> Result<HostPort, AddressError> {
    if let Ok(address) = text.parse() {
        return Ok(HostPort::Ip(address));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some(parts) if !text.ends_with(']') => parts,
        _ => return Err(AddressError::NoPort(text.to_owned())),
    };
    if host.is_empty() {
        return Err(AddressError::NoHost(text.to_owned()));
    }
    if !is_name(host) {
        return Err(AddressError::Host(host.to_owned()));
    }
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::Port(port.to_owned()));
    }
    match port.parse() {
        Ok(port) => Ok(HostPort::Name(host.to_owned(), port)),
        Err(_) => Err(AddressError::Port(port.to_owned())),
    }
}

/// Whether the text can be a host name. One whose last label is a number would be a mistyped
/// IPv4 address (RFC 3696 §2), so it is none.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= HOST_NAME_MAX_BYTES
        && text.split('.').all(label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
