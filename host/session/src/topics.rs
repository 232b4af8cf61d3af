//! What a session may be subscribed to, and why it may not.

use thiserror::Error;

/// What the topics of one endpoint may take. All three are at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicLimits {
    /// The longest name, in bytes of UTF-8.
    pub name_bytes: usize,
    /// The most topics that one session is subscribed to at once.
    pub of_session: usize,
    /// The most topics that have subscribers at once.
    pub of_endpoint: usize,
}

/// Why a session was not subscribed to a topic. Nothing has changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TopicError {
    /// The session is not open.
    #[error("the session is not open")]
    Closed,
    /// The topic's name is empty.
    #[error("the topic's name is empty")]
    EmptyName,
    /// The topic's name has more bytes than these.
    #[error("the topic's name is too long; it may have {0} bytes")]
    NameTooLong(usize),
    /// The session is subscribed to as many topics as it may be: these.
    #[error("the session is subscribed to {0} topics, and to no more at once")]
    SessionFull(usize),
    /// The endpoint has as many topics as it may have: these.
    #[error("the endpoint has {0} topics, and no more at once")]
    EndpointFull(usize),
}

impl TopicLimits {
    /// Whether a topic may have this name.
    ///
    /// # Errors
    /// [`TopicError::EmptyName`] or [`TopicError::NameTooLong`].
    pub fn check_name(&self, name: &str) -> Result<(), TopicError> {
        if name.is_empty() {
            return Err(TopicError::EmptyName);
        }
        if name.len() > self.name_bytes {
            return Err(TopicError::NameTooLong(self.name_bytes));
        }
        Ok(())
    }
}
