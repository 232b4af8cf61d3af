//! From what wasmtime reports to what the core calls a fault: the one mapping.

use sockhop_session::port::{Trap, TrapKind};
use wasmtime::component::ResourceTableError;

use crate::limits::OutOfTime;

/// The most of a trap's report that is kept, in bytes.
const DETAIL_BYTES_MAX: usize = 1024;

/// How many frames of a guest's stack are kept: those that tell one trap from another.
const FRAMES_MAX: usize = 4;

/// How wasmtime begins a stack.
const BACKTRACE: &str = "wasm backtrace:";

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

/// What went wrong and where, in one line: the chain of causes, the innermost first, and the first
/// frames of the guest's stack, which wasmtime prints as a cause of its own.
fn detail(error: &wasmtime::Error) -> String {
    let mut causes = Vec::new();
    let mut frames = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        match cause.split_once(BACKTRACE) {
            None => causes.push(cause),
            Some((_, stack)) => {
                let stack = stack.lines().map(str::trim).filter(|line| !line.is_empty());
                frames.extend(stack.take(FRAMES_MAX).map(str::to_owned));
            }
        }
    }
    causes.reverse();
    let mut text = causes.join("; ");
    if !frames.is_empty() {
        text.push_str(&format!(" (at {})", frames.join(", ")));
    }
    text.truncate(text.floor_char_boundary(DETAIL_BYTES_MAX));
    text
}

/// A guest that holds too many handles has made the error itself: it traps.
pub(crate) fn handles(error: ResourceTableError) -> wasmtime::Error {
    wasmtime::Error::from(error)
}
