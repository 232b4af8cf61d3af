//! `HOST:PORT`, and where the admin API is.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{
    SocketPathError,
    socket_path::{self, UNIX_PREFIX},
};

/// The longest host name, in bytes (RFC 1035 §2.3.4, without the root's dot).
const HOST_NAME_MAX_BYTES: usize = 253;

/// Where the admin API is served and found.
///
/// Whoever reaches it with the token may deploy code, and the API is not encrypted. So it
/// does not leave the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    /// An address of the loopback interface. Port 0 lets the system pick one.
    Tcp(SocketAddr),
    /// A Unix socket at this absolute path, of at most
    /// [`SOCKET_PATH_MAX_BYTES`](super::SOCKET_PATH_MAX_BYTES).
    Unix(PathBuf),
}

impl AdminAddress {
    /// A Unix socket.
    ///
    /// # Errors
    ///
    /// Refuses a path that no socket can have, or that is relative.
    pub fn unix(path: impl Into<PathBuf>) -> Result<Self, AdminAddressError> {
        Ok(Self::Unix(socket_path::check(path.into())?))
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
    /// It is not the path of a Unix socket.
    #[error(transparent)]
    Socket(#[from] SocketPathError),
}

/// What a `HOST:PORT` can be.
enum HostPort {
    Ip(SocketAddr),
    Name(String, u16),
}

/// Reads `HOST:PORT` and gives it as `bind` takes it.
pub(super) fn host_and_port(text: &str) -> Result<String, AddressError> {
    Ok(match parse(text)? {
        HostPort::Ip(address) => address.to_string(),
        HostPort::Name(name, port) => format!("{name}:{port}"),
    })
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
