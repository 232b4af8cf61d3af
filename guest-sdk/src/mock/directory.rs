//! The sessions of one endpoint, and whose turn it is.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use crate::mock::Wire;

thread_local! {
    /// The endpoints whose events run in this thread, the innermost last.
    static RUNNING: RefCell<Vec<Arc<Directory>>> = const { RefCell::new(Vec::new()) };
}

/// The sessions of one endpoint, oldest first, those that have ended among them.
#[derive(Debug, Default)]
pub(crate) struct Directory(Mutex<Vec<Arc<Wire>>>);

impl Directory {
    /// Adds a session, made with its number: 1 for the first.
    pub(crate) fn add(&self, make: impl FnOnce(u64) -> Wire) -> Arc<Wire> {
        let mut wires = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wire = Arc::new(make(wires.len() as u64 + 1));
        wires.push(Arc::clone(&wire));
        wire
    }

    pub(crate) fn all(&self) -> Vec<Arc<Wire>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
