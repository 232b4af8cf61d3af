//! The named values that travel with a session (Jakarta user properties).

use std::collections::BTreeMap;

use bytes::Bytes;
use thiserror::Error;

/// A named value.
pub type Property = (String, Bytes);

/// Why a property was not set.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PropertyError {
    /// The properties would outgrow their limit.
    #[error(
        "the session's properties would take {needed_bytes} bytes; at most \
         {limit_bytes} are allowed"
    )]
    TooBig {
        /// What they would take.
        needed_bytes: usize,
        /// What they may take.
        limit_bytes: usize,
    },
    /// The session is closed and `on-close` has returned.
    #[error("the session is closed")]
    Closed,
}

/// What one property counts beside its name and value, in bytes, so that empty ones are bounded as
/// well.
pub const PROPERTY_OVERHEAD_BYTES: usize = 64;

/// The properties of one session, bounded in bytes.
#[derive(Debug)]
pub struct Properties {
    values: BTreeMap<String, Bytes>,
    used_bytes: usize,
    limit_bytes: usize,
    closed: bool,
}

impl Properties {
    /// No properties yet, and room for `limit_bytes` of names and values.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self { values: BTreeMap::new(), used_bytes: 0, limit_bytes, closed: false }
    }

    /// One property's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Bytes> {
        self.values.get(name).cloned()
    }

    /// All of them, in the order of their names.
    #[must_use]
    pub fn all(&self) -> Vec<Property> {
        self.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Sets a property, or removes it where `value` is absent.
    ///
    /// # Errors
    /// [`PropertyError`]; the properties are then as they were.
    pub fn set(&mut self, name: String, value: Option<Bytes>) -> Result<(), PropertyError> {
        if self.closed {
            return Err(PropertyError::Closed);
        }
        let old = self.values.get(&name).map_or(0, |old| cost(&name, old));
        let new = value.as_ref().map_or(0, |value| cost(&name, value));
        let needed_bytes = (self.used_bytes - old).saturating_add(new);
        if needed_bytes > self.limit_bytes {
            return Err(PropertyError::TooBig { needed_bytes, limit_bytes: self.limit_bytes });
        }
        match value {
            Some(value) => self.values.insert(name, value),
            None => self.values.remove(&name),
        };
        self.used_bytes = needed_bytes;
        Ok(())
    }

    /// Forgets them all and takes no more.
    pub fn close(&mut self) {
        self.values.clear();
        self.used_bytes = 0;
        self.closed = true;
    }
}

fn cost(name: &str, value: &Bytes) -> usize {
    name.len().saturating_add(value.len()).saturating_add(PROPERTY_OVERHEAD_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(bytes: usize) -> Option<Bytes> {
        Some(vec![0; bytes].into())
    }

    #[test]
    fn the_limit_holds_at_it_and_one_past_it() {
        let mut properties = Properties::new(2 * (PROPERTY_OVERHEAD_BYTES + 10));
        properties.set("a".into(), value(9)).expect("room");
        properties.set("b".into(), value(9)).expect("exactly at the limit");
        let refused = properties.set("b".into(), value(10));
        assert!(matches!(
            refused,
            Err(PropertyError::TooBig { needed_bytes: 149, limit_bytes: 148 })
        ));
        assert_eq!(properties.get("b").map(|b| b.len()), Some(9), "as it was");
        properties.set("a".into(), None).expect("less");
        properties.set("b".into(), value(83)).expect("a's room is free");
    }

    #[test]
    fn closed_properties_are_gone() {
        let mut properties = Properties::new(1000);
        properties.set("a".into(), value(1)).expect("room");
        properties.close();
        assert_eq!(properties.all(), []);
        assert_eq!(properties.set("a".into(), None), Err(PropertyError::Closed));
    }
}
