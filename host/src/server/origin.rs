//! Which origins a browser may open sessions from (RFC 6454; RFC 6455 §10.2).
//!
//! A browser names the page's origin in every handshake and sends the user's cookies with it, so
//! that without this check any page on the web could speak to an endpoint in the user's name.

use std::net::Ipv6Addr;
use std::str::FromStr;

/// The entry that allows every origin.
const ANY: &str = "*";

/// Which origins are let in beside the host's own.
///
/// # Defaults
/// None: only pages that this host itself serves, and clients that are no browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginPolicy {
    /// The origins that are let in.
    pub allowed: Vec<Origin>,
    /// Whether every origin is, the opaque `null` included.
    pub any: bool,
    /// Whether a request that names none is refused: then no client passes that is no browser,
    /// unless it names an origin as one does.
    pub required: bool,
}

/// One entry of a list of origins: an origin such as `https://example.org`, or `*` for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginEntry {
    /// `*`.
    Any,
    /// This one.
    One(Origin),
}

impl FromStr for OriginEntry {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text == ANY { Ok(Self::Any) } else { text.parse().map(Self::One) }
    }
}

impl FromIterator<OriginEntry> for OriginPolicy {
    fn from_iter<T: IntoIterator<Item = OriginEntry>>(entries: T) -> Self {
        let mut policy = Self::default();
        for entry in entries {
            match entry {
                OriginEntry::Any => policy.any = true,
                OriginEntry::One(origin) => policy.allowed.push(origin),
            }
        }
        policy
    }
}

impl OriginPolicy {
    /// Whether a handshake may go on that has this `Origin` and was sent to this host (the `Host`
    /// field), over TLS or not.
    ///
    /// A request without an origin comes from no browser, and passes unless one is required. A page
    /// of this very host passes: its scheme is `https` where the session is `wss` and `http` where
    /// it is `ws`, and host and port are equal. So do the listed origins. What is no single origin,
    /// `null` among them, passes under `*` only.
    #[must_use]
    pub fn permits(&self, origin: Option<&str>, host: &str, secure: bool) -> bool {
        let Some(text) = origin else {
            return !self.required;
        };
        if self.any {
            return true;
        }
        let Ok(origin) = text.parse::<Origin>() else {
            return false;
        };
        let is_own = || {
            let scheme = if secure { "https" } else { "http" };
            HostPort::parse(host).is_some_and(|address| origin == Origin::new(scheme, address))
        };
        self.allowed.contains(&origin) || is_own()
    }
}

/// One origin: scheme, host and port (RFC 6454 §4), without regard to case, with the default port
/// of `http` and `https` filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    address: HostPort,
}

impl Origin {
    fn new(scheme: &str, mut address: HostPort) -> Self {
        let scheme = scheme.to_ascii_lowercase();
        address.port = address.port.or(match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        });
        Self { scheme, address }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let entry = || text.to_owned();
        if text == "null" {
            return Err(OriginError::Null);
        }
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| OriginError::NoScheme { entry: entry() })?;
        let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            || !scheme.bytes().all(is_scheme_byte)
        {
            return Err(OriginError::NoScheme { entry: entry() });
        }
        if rest.contains(['/', '?', '#']) {
            return Err(OriginError::Path { entry: entry() });
        }
        let address =
            HostPort::parse(rest).ok_or_else(|| OriginError::BadHost { entry: entry() })?;
        Ok(Self::new(scheme, address))
    }
}

/// Why an entry of a list of origins is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// The host or the port.
    #[error(
        "the origin `{entry}` has no valid host and port; write a name without wildcards (an \
         international one in its `xn--` form), an IPv4 address, or an IPv6 address in brackets"
    )]
    BadHost {
        /// The entry as written.
        entry: String,
    },
    /// No scheme.
    #[error("the origin `{entry}` has no scheme; write it as in `https://example.org`, or `*`")]
    NoScheme {
        /// The entry as written.
        entry: String,
    },
    /// `null`, which sandboxed frames and local files have in common with anybody's.
    #[error("the origin `null` is no origin of its own; only `*` lets it in")]
    Null,
    /// Something behind host and port.
    #[error("the origin `{entry}` goes on after host and port; leave the rest out, `/` included")]
    Path {
        /// The entry as written.
        entry: String,
    },
}

/// A host and perhaps a port, as in a `Host` field (RFC 9110 §7.2), in a form that compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPort {
    /// In lower case; an IPv6 address in brackets, in its canonical form.
    host: String,
    port: Option<u16>,
}

impl HostPort {
    /// Reads `host`, `host:port` or `host:`; an IPv6 address stands in brackets.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, rest) = if let Some(bracketed) = text.strip_prefix('[') {
            let (address, rest) = bracketed.split_once(']')?;
            (format!("[{}]", address.parse::<Ipv6Addr>().ok()?), rest)
        } else {
            let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
            let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_name_byte) {
                return None;
            }
            (name.to_ascii_lowercase(), rest)
        };
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            Some("") => None,
            // `u16::from_str` alone would take a sign.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            _ => return None,
        };
        Some(Self { host, port })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(entries: &[&str]) -> OriginPolicy {
        entries.iter().map(|entry| entry.parse::<OriginEntry>().expect("an origin")).collect()
    }

    #[test]
    fn without_a_list_only_the_host_itself_and_no_browser_pass() {
        let cases = [
            (None, "example.org", false, true),
            (None, "", true, true),
            (Some("http://example.org"), "example.org", false, true),
            (Some("http://example.org"), "example.org", true, false),
            (Some("https://example.org"), "example.org", true, true),
            (Some("https://example.org"), "example.org", false, false),
            (Some("HTTP://Example.ORG"), "eXample.org", false, true),
            (Some("http://example.org:80"), "example.org", false, true),
            (Some("http://example.org"), "example.org:80", false, true),
            (Some("http://example.org"), "example.org:", false, true),
            (Some("https://example.org"), "example.org:443", true, true),
            (Some("https://example.org:80"), "example.org", true, false),
            (Some("http://example.org"), "example.org:443", false, false),
            (Some("http://localhost:8080"), "localhost:8080", false, true),
            (Some("http://localhost:8080"), "localhost:8081", false, false),
            (Some("http://localhost:8080"), "127.0.0.1:8080", false, false),
            (Some("http://[::1]:8080"), "[0:0:0:0:0:0:0:1]:8080", false, true),
            (Some("http://[::1]:8080"), "[::2]:8080", false, false),
            (Some("http://example.org.evil"), "example.org", false, false),
            (Some("http://example.org@evil"), "example.org", false, false),
            (Some("http://a.example.org"), "example.org", false, false),
            (Some("null"), "example.org", false, false),
            (Some("null"), "null", false, false),
            (Some(""), "", false, false),
            (Some("http://"), "", false, false),
            (Some("http://example.org/"), "example.org", false, false),
            (Some("http://example.org, http://evil"), "example.org", false, false),
            (Some("http://example.org http://evil"), "example.org", false, false),
            (Some("ws://example.org"), "example.org", false, false),
        ];
        for (origin, host, secure, expected) in cases {
            let permitted = OriginPolicy::default().permits(origin, host, secure);
            assert_eq!(permitted, expected, "{origin:?} {host} {secure}");
        }
    }

    #[test]
    fn listed_origins_pass_whatever_the_host() {
        let policy = policy(&["https://App.example", "http://dev:3000", "tauri://localhost"]);
        let cases = [
            ("https://app.example", true),
            ("https://app.example:443", true),
            ("http://app.example", false),
            ("http://dev:3000", true),
            ("http://dev", false),
            ("tauri://localhost", true),
            ("tauri://localhost:80", false),
            ("https://own.example", true),
            ("null", false),
        ];
        for (origin, expected) in cases {
            assert_eq!(policy.permits(Some(origin), "own.example", true), expected, "{origin}");
        }
        assert!(!policy.permits(Some("https://own.example"), "no host", true));
    }

    #[test]
    fn a_star_lets_every_origin_in() {
        let policy = policy(&["*"]);
        for origin in ["null", "http://evil.example", ""] {
            assert!(policy.permits(Some(origin), "own.example", true), "{origin}");
        }
    }

    #[test]
    fn a_request_without_an_origin_passes_unless_one_is_required() {
        for entries in [&[][..], &["https://a.example"], &["*"]] {
            let mut policy = policy(entries);
            assert!(policy.permits(None, "own.example", true), "{entries:?}");
            policy.required = true;
            assert!(!policy.permits(None, "own.example", true), "{entries:?}");
            assert!(policy.permits(Some("https://own.example"), "own.example", true));
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        use OriginError as E;
        let cases = [
            ("", E::NoScheme { entry: String::new() }),
            ("example.org", E::NoScheme { entry: "example.org".into() }),
            ("://a", E::NoScheme { entry: "://a".into() }),
            ("1http://a", E::NoScheme { entry: "1http://a".into() }),
            ("null", E::Null),
            ("https://a.example/", E::Path { entry: "https://a.example/".into() }),
            ("https://a?x", E::Path { entry: "https://a?x".into() }),
            ("https://", E::BadHost { entry: "https://".into() }),
            ("https://*.example", E::BadHost { entry: "https://*.example".into() }),
            ("https://a:b", E::BadHost { entry: "https://a:b".into() }),
            ("https://a:+1", E::BadHost { entry: "https://a:+1".into() }),
            ("https://a:65536", E::BadHost { entry: "https://a:65536".into() }),
            ("https://u@a", E::BadHost { entry: "https://u@a".into() }),
            ("https://\u{e9}.fr", E::BadHost { entry: "https://\u{e9}.fr".into() }),
            ("https://[::1", E::BadHost { entry: "https://[::1".into() }),
            ("https://[::1]x", E::BadHost { entry: "https://[::1]x".into() }),
            ("https://::1", E::BadHost { entry: "https://::1".into() }),
        ];
        for (entry, error) in cases {
            assert_eq!(entry.parse::<OriginEntry>(), Err(error), "{entry}");
        }
    }

    proptest! {
        /// Whatever the texts are, only what is one whole origin can pass.
        #[test]
        fn no_text_panics(
            origin in "\\PC{0,30}|[a-z]{0,3}(://)?[\\[\\]:a-f0-9.]{0,20}",
            host in "\\PC{0,20}|[\\[\\]:a-f0-9.]{0,20}",
            secure: bool,
        ) {
            if policy(&["https://a.example"]).permits(Some(&origin), &host, secure) {
                prop_assert!(origin.parse::<Origin>().is_ok());
            }
        }

        /// A page that the host serves may always come back to it, and to no other port.
        #[test]
        fn a_page_of_the_host_passes(name in "[a-z0-9.-]{1,20}", port in 1_u16.., secure: bool) {
            let scheme = if secure { "https" } else { "http" };
            let origin = format!("{scheme}://{name}:{port}");
            let own = format!("{name}:{port}");
            let other = format!("{name}:{}", port.wrapping_add(1));
            let policy = OriginPolicy::default();
            prop_assert!(policy.permits(Some(&origin), &own, secure));
            prop_assert!(!policy.permits(Some(&origin), &other, secure));
        }
    }
}
