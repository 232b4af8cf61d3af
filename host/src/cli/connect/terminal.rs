//! The terminal of a person whose session has ended.

use std::io::{self, IsTerminal as _, Write as _};

use rustix::termios::{QueueSelector, tcflush};
use sockhop_session::Initiator;

/// Makes room for the last sentence where the end came while something was being typed.
pub(super) fn leave(initiator: Initiator, interrupted: bool) {
    let room: &[u8] = match initiator {
        // A terminal has shown `^C`.
        Initiator::Guest if interrupted => b"\n",
        // By a command, or by Ctrl-D, which is one at the beginning of a line only.
        Initiator::Guest => return,
        Initiator::Peer | Initiator::Host | Initiator::Transport => {
            // A shell would run what was meant for the server.
            let _discarded = tcflush(io::stdin(), QueueSelector::IFlush);
            // The sentence takes the place of what was discarded.
            b"\r\x1b[K"
        }
    };
    let mut err = io::stderr();
    if err.is_terminal() {
        // Where standard error is closed there is nobody to tell.
        let _written = err.write_all(room);
    }
}
