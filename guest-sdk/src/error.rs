//! What an endpoint's functions fail with.

use std::error::Error as StdError;
use std::fmt;

/// A failure in guest code, of whatever kind.
///
/// Every [`std::error::Error`] becomes one by `?`, and so do `&str` and `String`. Its text is the
/// message, followed by the messages of its sources, joined by `": "`; the text is all that
/// crosses to the host, which hands it to `on_error` and to the deployment's log.
///
/// ```
/// use sockhop_guest::Error;
///
/// fn port(text: &str) -> Result<u16, Error> {
///     let port: u16 = text.parse()?;
///     if port == 0 {
///         return Err("port 0 is not a port".into());
///     }
///     Ok(port)
/// }
/// assert_eq!(port("0").unwrap_err().to_string(), "port 0 is not a port");
/// assert_eq!(port("x").unwrap_err().to_string(), "invalid digit found in string");
/// ```
///
/// It is no `std::error::Error` itself: were it one, the conversion from all of them would
/// collide with the conversion of a type into itself.
pub struct Error(Box<dyn StdError>);

/// A result that holds nothing unless told otherwise, and whose error is the SDK's [`Error`].
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

impl Error {
    /// The error that this one was made of, to look for a kind of it.
    #[must_use]
    pub fn as_std(&self) -> &(dyn StdError + 'static) {
        self.0.as_ref()
    }

    /// The first error of this kind among the one that this was made of and its sources.
    #[must_use]
    pub fn find<T: StdError + 'static>(&self) -> Option<&T> {
        find_in(self.as_std())
    }
}

/// The first error of this kind in a chain.
pub(crate) fn find_in<'a, T>(top: &'a (dyn StdError + 'static)) -> Option<&'a T>
where
    T: StdError + 'static,
{
    let mut next = Some(top);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

impl<E: Into<Box<dyn StdError>>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the middle failed")]
    struct Middle(#[source] std::num::ParseIntError);

    #[derive(Debug, thiserror::Error)]
    #[error("the top failed")]
    struct Top(#[source] Middle);

    #[test]
    fn the_text_is_the_whole_chain() {
        let bottom = "x".parse::<u8>().unwrap_err();
        let error = Error::from(Top(Middle(bottom)));
        let chain = "the top failed: the middle failed: invalid digit found in string";
        assert_eq!(error.to_string(), chain);
        assert!(error.as_std().is::<Top>());
    }

    #[test]
    fn an_error_is_found_wherever_it_is_in_the_chain() {
        let error = Error::from(Top(Middle("x".parse::<u8>().unwrap_err())));
        assert!(error.find::<Top>().is_some());
        assert!(error.find::<std::num::ParseIntError>().is_some());
        assert!(error.find::<fmt::Error>().is_none());
    }

    #[test]
    fn a_plain_text_is_an_error() {
        assert_eq!(Error::from("no room").to_string(), "no room");
        assert_eq!(Error::from(String::from("no room")).to_string(), "no room");
    }
}
