//! The sessions of one endpoint, and whose turn it is.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use crate::mock::{Dialled, Wire};

thread_local! {
    /// The endpoints whose events run in this thread, the innermost last.
    static RUNNING: RefCell<Vec<Arc<Directory>>> = const { RefCell::new(Vec::new()) };
}

/// The sessions of one endpoint, oldest first, those that have ended among them; and the
/// connections that it has opened, to servers that a test has put up.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    wires: Mutex<Vec<Arc<Wire>>>,
    servers: Mutex<Vec<String>>,
    dialled: Mutex<Vec<Dialled>>,
}

impl Directory {
    /// Adds a session, made with its number: 1 for the first.
    pub(crate) fn add(&self, make: impl FnOnce(u64) -> Wire) -> Arc<Wire> {
        let mut wires = self.wires.lock().unwrap_or_else(PoisonError::into_inner);
        let wire = Arc::new(make(wires.len() as u64 + 1));
        wires.push(Arc::clone(&wire));
        wire
    }

    pub(crate) fn all(&self) -> Vec<Arc<Wire>> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on there is a server at this URL.
    pub(crate) fn put_up(&self, url: &str) {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).push(url.to_owned());
    }

    pub(crate) fn has_server(&self, url: &str) -> bool {
        let servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.iter().any(|known| known == url)
    }

    /// Adds a connection, made with its number, which no session of the endpoint has.
    pub(crate) fn dial(&self, make: impl FnOnce(u64) -> Dialled) -> Arc<Wire> {
        let mut dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        let made = make(u64::MAX - dialled.len() as u64);
        let wire = Arc::clone(&made.wire);
        dialled.push(made);
        wire
    }

    /// The connections, oldest first.
    pub(crate) fn dialled(&self) -> Vec<Dialled> {
        self.dialled.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs `event` as code of this endpoint.
    pub(crate) fn during<R>(self: &Arc<Self>, event: impl FnOnce() -> R) -> R {
        /// Ends the turn where `event` panics as well.
        struct Turn;
        impl Drop for Turn {
            fn drop(&mut self) {
                RUNNING.with_borrow_mut(|running| running.pop());
            }
        }
        RUNNING.with_borrow_mut(|running| running.push(Arc::clone(self)));
        let _turn = Turn;
        event()
    }

    /// The endpoint whose event runs, if one does.
    pub(crate) fn current() -> Option<Arc<Self>> {
        RUNNING.with_borrow(|running| running.last().cloned())
    }
}
