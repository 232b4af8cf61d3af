//! Which servers guests may connect to, as patterns of their origins.

use std::{fmt, str::FromStr};

use crate::connect::{Reach, UrlError, WebSocketUrl};

/// What stands for any name, or for any port.
const ANY: &str = "*";

/// Which servers one entry of `allow` means: `wss://api.example.com`, `wss://*.example.com:8443`,
/// `ws://127.0.0.1:*`, `wss://*`.
///
/// A host that is named in full may stand for any address. One with `*` stands for names that the
/// operator does not know, and whoever owns them decides what they lead to: then it has to be an
/// address of the public Internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPattern {
    secure: bool,
    host: Host,
    /// Any, where it is absent.
    port: Option<u16>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// Names that end so, with the dot.
    Below(String),
    Exactly(String),
}

impl ServerPattern {
    /// How far a connection to this URL may lead; nothing where the pattern does not mean it.
    #[must_use]
    pub fn reach(&self, url: &WebSocketUrl) -> Option<Reach> {
        let port = self.port.is_none_or(|port| port == url.port());
        if self.secure != url.is_secure() || !port {
            return None;
        }
        let host = url.host();
        match &self.host {
            Host::Any => Some(Reach::Public),
            Host::Below(suffix) => {
                let is_below = host.len() > suffix.len() && host.ends_with(suffix.as_str());
                is_below.then_some(Reach::Public)
            }
            Host::Exactly(name) => (host == name).then_some(Reach::Anywhere),
        }
    }
}

impl FromStr for ServerPattern {
    type Err = ServerPatternError;

    fn from_str(text: &str) -> Result<Self, ServerPatternError> {
        let fault = || ServerPatternError::Form(text.to_owned());
        let (scheme, authority) = text.split_once("://").ok_or_else(fault)?;
        let secure = match scheme {
            "ws" => false,
            "wss" => true,
            _ => return Err(fault()),
        };
        let (host, any_port) = match authority.strip_suffix(":*") {
            Some(host) => (host, true),
            None => (authority, false),
        };
        if host.is_empty() || host.contains(['/', '?', '#', '@']) {
            return Err(fault());
        }
        // What stands for names is read as a name itself, so that both are spelt alike.
        let (below, name) = match host.split_once('*') {
            None => (None, host.to_owned()),
            Some(("", "")) => (Some(Host::Any), "any".to_owned()),
            Some(("", rest)) if rest.starts_with(':') => (Some(Host::Any), format!("any{rest}")),
            Some(("", rest)) if rest.len() > 1 && rest.starts_with('.') && !rest.contains(ANY) => {
                (Some(Host::Below(String::new())), format!("any{rest}"))
            }
            Some(_) => return Err(fault()),
        };
        let url: WebSocketUrl = format!("{scheme}://{name}")
            .parse()
            .map_err(|source| ServerPatternError::Host { text: text.to_owned(), source })?;
        let host = match below {
            None => Host::Exactly(url.host().to_owned()),
            Some(Host::Below(_)) => {
                let suffix = url.host().strip_prefix("any").ok_or_else(fault)?;
                Host::Below(suffix.to_owned())
            }
            Some(any) => any,
        };
        let port = (!any_port).then(|| url.port());
        Ok(Self { secure, host, port, text: text.to_owned() })
    }
}

/// As it was written.
impl fmt::Display for ServerPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A text is no pattern. The operator is to act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerPatternError {
    /// It has not the form of one.
    #[error(
        "{0:?} means no servers; write a scheme, a host and perhaps a port, such as \
         \"wss://api.example.com\", \"wss://*.example.com:8443\" or \"ws://127.0.0.1:*\""
    )]
    Form(String),
    /// Its host or port is none.
    #[error("{text:?} means no servers")]
    Host {
        /// The text.
        text: String,
        /// What is wrong with it.
        #[source]
        source: UrlError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(pattern: &str, url: &str) -> Option<Reach> {
        let pattern: ServerPattern = pattern.parse().expect("a pattern");
        assert_eq!(pattern.to_string(), pattern.text);
        pattern.reach(&url.parse().expect("a URL"))
    }

    #[test]
    fn a_host_in_full_may_be_anywhere() {
        for (pattern, url) in [
            ("wss://api.example.com", "wss://API.example.com/feed?x"),
            ("wss://api.example.com", "wss://api.example.com:443/"),
            ("wss://API.example.com", "wss://api.example.com/"),
            ("ws://127.0.0.1:9000", "ws://127.0.0.1:9000/"),
            ("ws://127.0.0.1:*", "ws://127.0.0.1:1/"),
            ("ws://[::1]:9000", "ws://[::1]:9000/"),
            ("ws://[::1]:*", "ws://[::1]:3/"),
            ("wss://b\u{fc}cher.example", "wss://xn--bcher-kva.example/"),
        ] {
            assert_eq!(reach(pattern, url), Some(Reach::Anywhere), "{pattern} {url}");
        }
    }

    #[test]
    fn names_that_the_operator_does_not_know_are_public() {
        for (pattern, url) in [
            ("wss://*.example.com", "wss://a.example.com/"),
            ("wss://*.example.com", "wss://a.b.example.com/"),
            ("wss://*.example.com:*", "wss://a.example.com:7/"),
            ("wss://*", "wss://anything.example/"),
            ("ws://*:8080", "ws://10.0.0.1:8080/"),
            ("ws://*:*", "ws://a:1/"),
        ] {
            assert_eq!(reach(pattern, url), Some(Reach::Public), "{pattern} {url}");
        }
    }

    #[test]
    fn everything_else_is_not_meant() {
        for (pattern, url) in [
            ("wss://api.example.com", "ws://api.example.com:443/"),
            ("wss://api.example.com", "wss://api.example.com:8443/"),
            ("wss://api.example.com", "wss://api.example.com.evil.example/"),
            ("wss://api.example.com", "wss://xapi.example.com/"),
            ("wss://*.example.com", "wss://example.com/"),
            ("wss://*.example.com", "wss://badexample.com/"),
            ("wss://*", "wss://a:8443/"),
        ] {
            assert_eq!(reach(pattern, url), None, "{pattern} {url}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for text in [
            "",
            "api.example.com",
            "https://a",
            "wss://",
            "wss://a/path",
            "wss://a?x",
            "wss://u@a",
            "wss://a*.b",
            "wss://*.*.a",
            "wss://*.",
            "wss://*a",
            "wss://a:99999",
            "wss://a b",
            "wss://:443",
            "wss://a:x",
        ] {
            let error = text.parse::<ServerPattern>().expect_err(text);
            assert!(error.to_string().contains("means no servers"), "{text}: {error}");
        }
    }
}
