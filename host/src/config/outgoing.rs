//! The table `deployment.NAME.connect`: the connections that its guests may open.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use super::{KeyProblem, ServerPattern, Setting, reader::Section};
use crate::connect::{CONNECT_TIMEOUT, CONNECT_TIMEOUT_MAX, Proxy, TlsIdentity, TlsProfile};

/// Connections that the guests of a deployment have open at once, or on their way; one more is
/// refused. Each is a session with all that belongs to one, and an endpoint that forgets to close
/// what it opened is found at the limit; the default is enough for a service behind each of a
/// hundred endpoints.
pub const CONNECT_SESSIONS: Setting<u32> = Setting { default: 100, min: 1, max: 1_000_000 };

/// Time until a connection is open, whatever a guest asks for.
pub const OPEN_TIMEOUT: Setting<Duration> =
    Setting { default: CONNECT_TIMEOUT, min: Duration::from_millis(10), max: CONNECT_TIMEOUT_MAX };

/// The longest name of a profile, in bytes.
const PROFILE_NAME_BYTES_MAX: usize = 64;

/// Which connections the guests of a deployment may open.
///
/// # Defaults
/// None, and no proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingSettings {
    /// The servers that they may connect to.
    pub allow: Vec<ServerPattern>,
    /// How many may be open at once: [`CONNECT_SESSIONS`].
    pub sessions: u32,
    /// Time until one is open: [`OPEN_TIMEOUT`].
    pub timeout: Duration,
    /// The proxy that they go through.
    pub proxy: Option<Proxy>,
    /// Whom to trust and what to show, by the name that a guest gives.
    pub tls: BTreeMap<ProfileName, TlsProfile>,
}

impl Default for OutgoingSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            sessions: CONNECT_SESSIONS.default,
            timeout: OPEN_TIMEOUT.default,
            proxy: None,
            tls: BTreeMap::new(),
        }
    }
}

impl OutgoingSettings {
    /// Reads the table.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        Self {
            allow: section.one_or_many("allow").unwrap_or_default(),
            sessions: section.setting("sessions", &CONNECT_SESSIONS),
            timeout: section.setting("timeout", &OPEN_TIMEOUT),
            proxy: section.parsed("proxy"),
            tls: section.named_tables("tls", read_profile),
        }
    }
}

fn read_profile(section: &mut Section<'_, '_>) -> TlsProfile {
    let certificate = section.path("certificate");
    let key = section.path("key");
    match ["certificate", "key"].map(|key| section.line(key).is_some()) {
        [true, false] => section.note("certificate", KeyProblem::Needs("key")),
        [false, true] => section.note("key", KeyProblem::Needs("certificate")),
        _ => {}
    }
    let identity = certificate.zip(key).map(|(certificate, key)| TlsIdentity { certificate, key });
    TlsProfile {
        authorities: section.path("authorities"),
        identity,
        server_name: section.parsed::<ServerName>("server_name").map(|name| name.0),
    }
}

/// The name of a TLS profile: what a guest says to mean it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileName(String);

impl std::borrow::Borrow<str> for ProfileName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ProfileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProfileName {
    type Err = ProfileNameError;

    fn from_str(text: &str) -> Result<Self, ProfileNameError> {
        let is_name = (1..=PROFILE_NAME_BYTES_MAX).contains(&text.len());
        is_name.then(|| Self(text.to_owned())).ok_or(ProfileNameError)
    }
}

/// A text is no name of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a profile's name has 1 to {PROFILE_NAME_BYTES_MAX} bytes")]
pub struct ProfileNameError;

/// The name that a certificate has to be for.
struct ServerName(String);

impl FromStr for ServerName {
    type Err = KeyProblem;

    fn from_str(text: &str) -> Result<Self, KeyProblem> {
        if text.is_empty() { Err(KeyProblem::Empty) } else { Ok(Self(text.to_owned())) }
    }
}
