//! The properties of one session.

use std::collections::BTreeMap;

use crate::bindings::sockhop::websocket::session::PropertyError;
use crate::bindings::sockhop::websocket::types::Property;

/// What a property takes beside its name and its value, in bytes.
const PROPERTY_OVERHEAD_BYTES: usize = 64;

/// The properties, bounded in bytes.
#[derive(Debug)]
pub(crate) struct Properties {
    values: BTreeMap<String, Vec<u8>>,
    limit_bytes: u64,
    closed: bool,
}

impl Properties {
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self { values: BTreeMap::new(), limit_bytes, closed: false }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.values.get(name).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Property> {
        self.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    pub(crate) fn set(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), PropertyError> {
        if self.closed {
            return Err(PropertyError::Closed);
        }
        let Some(value) = value else {
            self.values.remove(name);
            return Ok(());
        };
        let others = self.values.iter().filter(|(known, _)| *known != name);
        let bytes = others.map(|(name, value)| cost(name, value)).sum::<u64>() + cost(name, value);
        if bytes > self.limit_bytes {
            return Err(PropertyError::TooBig((bytes, self.limit_bytes)));
        }
        self.values.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// `on-close` has returned.
    pub(crate) fn forget(&mut self) {
        self.values.clear();
        self.closed = true;
    }
}

fn cost(name: &str, value: &[u8]) -> u64 {
    (name.len() + value.len() + PROPERTY_OVERHEAD_BYTES) as u64
}
