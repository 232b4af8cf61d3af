//! From what wasmtime reports to what the core calls a fault: the one mapping.

use sockhop_session::port::{Trap, TrapKind};
use wasmtime::component::ResourceTableError;

use crate::limits::OutOfTime;

/// The most of a trap's report that is kept, in bytes: a backtrace can be long.
const DETAIL_BYTES_MAX: usize = 4096;

/// Reads the error with which a call into a guest ended.
pub(crate) fn trap(call: &'static str, error: &wasmtime::Error, memory_was_refused: bool) -> Trap {
    let kind = if error.is::<OutOfTime>() || error.root_cause().is::<OutOfTime>() {
        TrapKind::OutOfTime
    } else if memory_was_refused {
        // A guest whose allocation fails traps as it likes, mostly by `unreachable`.
        TrapKind::OutOfMemory
    } else {
        TrapKind::Trapped
    };
    Trap { kind, call, detail: detail(error) }
}

/// The whole chain of an error, the innermost first, since the outermost is a backtrace.
fn detail(error: &wasmtime::Error) -> String {
    let mut causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.reverse();
    let mut text = causes.join("; ");
    text.truncate(text.floor_char_boundary(DETAIL_BYTES_MAX));
    text
}

/// A guest that holds too many handles has made the error itself: it traps.
pub(crate) fn handles(error: ResourceTableError) -> wasmtime::Error {
    wasmtime::Error::from(error)
}
