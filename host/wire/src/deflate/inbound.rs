//! Decompression of what a peer sends (RFC 7692 §7.2.2).

use bytes::BytesMut;
use flate2::{FlushDecompress, Status};
use thiserror::Error;

use super::pool::{Decompressor, with_scratch};
use super::{Agreed, TAIL};
use crate::Role;

/// What stands behind a message where nothing of it is needed later: its tail, and an empty final
/// block (RFC 1951 §3.2.6). The end of the stream then proves that the message was complete.
const TAIL_AND_END: [u8; 6] = [TAIL[0], TAIL[1], TAIL[2], TAIL[3], 0x03, 0x00];

/// What one [`Inbound::step`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Bytes of the input that are done with.
    pub used: usize,
    /// Bytes that stand behind what was in the output before.
    pub produced: usize,
}

/// What one [`Inbound::finish`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    /// Bytes that stand behind what was in the output before.
    pub produced: usize,
    /// Whether that was the rest of the message. Otherwise `finish` is to be called again.
    pub done: bool,
}

/// What the peer sent is no compressed message (RFC 7692 §7.2.2).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Corrupt {
    /// It breaks the format of RFC 1951, or refers back to what was never sent.
    #[error("the peer sent a compressed message that is no valid DEFLATE data")]
    Invalid,
    /// It ends in the middle of a block.
    #[error("the peer sent a compressed message that ends in the middle of a DEFLATE block")]
    Unfinished,
}

/// The decompression of one direction of a connection.
///
/// Holds no memory to speak of until a compressed message arrives, and, without context takeover,
/// none between two messages. After a [`Corrupt`] the connection fails; nothing more may be asked
/// of it.
#[derive(Debug)]
pub struct Inbound {
    keeps_context: bool,
    machine: Option<Decompressor>,
    /// Whether the machine has been fed since it stood at the start of a message or, behind a final
    /// block, of a new stream.
    mid_stream: bool,
    /// Whether the room was filled, so that the machine may hold more.
    may_hold_more: bool,
}

impl Inbound {
    /// What `role` needs to read what its peer compresses.
    #[must_use]
    pub fn new(role: Role, agreed: &Agreed) -> Self {
        let forgets = match role {
            Role::Server => agreed.client_no_context_takeover,
            Role::Client => agreed.server_no_context_takeover,
        };
        Self { keeps_context: !forgets, machine: None, mid_stream: false, may_hold_more: false }
    }

    /// Inflates `input` behind what is in `out`, until `room` bytes have come (which is how a bomb
    /// is stopped) or all of `input` is used and nothing more comes of it.
    ///
    /// So: where `produced` is less than `room`, all was used. Otherwise it is to be called again,
    /// with the rest of the input, even where that is empty, or with the next. A `room` of 0 does
    /// nothing.
    ///
    /// # Errors
    /// [`Corrupt`]. What was inflated before stands in `out`.
    pub fn step(&mut self, input: &[u8], out: &mut BytesMut, room: usize) -> Result<Step, Corrupt> {
        if room == 0 || (input.is_empty() && !self.may_hold_more) {
            return Ok(Step { used: 0, produced: 0 });
        }
        let step = self.inflate(input, out, room);
        if step.is_err() {
            self.discard();
        }
        step
    }

    /// Ends the message: what `step` left in the machine, at most `room` bytes behind what is in
    /// `out`, and the tail that the sender took off (RFC 7692 §7.2.2).
    ///
    /// A message without any payload, or one that ends with a final block, is taken for complete:
    /// some senders leave the last byte away that RFC 7692 §7.2.3.5 and §7.2.3.6 ask for. A `room`
    /// of 0 does nothing.
    ///
    /// # Errors
    /// [`Corrupt`]. Where the context is kept, a message that breaks off is not always noticed
    /// here; then the next one is corrupt.
    pub fn finish(&mut self, out: &mut BytesMut, room: usize) -> Result<Finish, Corrupt> {
        if room == 0 {
            return Ok(Finish { produced: 0, done: false });
        }
        let produced = self.step(&[], out, room)?.produced;
        if self.may_hold_more {
            return Ok(Finish { produced, done: false });
        }
        if self.mid_stream && !self.ends_well() {
            self.discard();
            return Err(Corrupt::Unfinished);
        }
        self.mid_stream = false;
        if !self.keeps_context {
            self.machine = None;
        }
        Ok(Finish { produced, done: true })
    }

    fn inflate(&mut self, input: &[u8], out: &mut BytesMut, room: usize) -> Result<Step, Corrupt> {
        let machine = self.machine.get_or_insert_with(Decompressor::take).machine();
        with_scratch(|scratch| {
            let mut step = Step { used: 0, produced: 0 };
            loop {
                let rest = input.get(step.used..).unwrap_or_default();
                let most = (room - step.produced).min(scratch.len());
                let (used, made) = (machine.total_in(), machine.total_out());
                let status = machine.decompress(rest, &mut scratch[..most], FlushDecompress::None);
                let used = difference(machine.total_in(), used);
                let made = difference(machine.total_out(), made);
                out.extend_from_slice(&scratch[..made]);
                let status = status.map_err(|_| Corrupt::Invalid)?;
                step = Step { used: step.used + used, produced: step.produced + made };

                let is_stream_end = matches!(status, Status::StreamEnd);
                if is_stream_end {
                    // RFC 7692 §7.2.3.5: a final block ends a stream but not the message; another
                    // stream, without history, may follow.
                    machine.reset(false);
                    self.mid_stream = false;
                } else {
                    self.mid_stream |= used > 0;
                }
                self.may_hold_more = made == most && !is_stream_end;
                if step.produced == room || (step.used == input.len() && !self.may_hold_more) {
                    return Ok(step);
                }
                if used == 0 && made == 0 && !is_stream_end {
                    return Err(Corrupt::Invalid);
                }
            }
        })
    }

    /// Whether the message was complete: its tail is then an empty block, which makes nothing.
    fn ends_well(&mut self) -> bool {
        let Some(machine) = &mut self.machine else { return false };
        let machine = machine.machine();
        let ending: &[u8] = if self.keeps_context { &TAIL } else { &TAIL_AND_END };
        let (used, made) = (machine.total_in(), machine.total_out());
        let result =
            with_scratch(|scratch| machine.decompress(ending, scratch, FlushDecompress::None));
        let used = difference(machine.total_in(), used);
        if machine.total_out() != made {
            return false;
        }
        match result {
            // RFC 7692 §7.2.1 does not say that the last block, too, must not be a final one.
            Ok(Status::StreamEnd) => {
                machine.reset(false);
                used == TAIL.len() || used == TAIL_AND_END.len()
            }
            Ok(Status::Ok | Status::BufError) => self.keeps_context && used == TAIL.len(),
            Err(_) => false,
        }
    }

    fn discard(&mut self) {
        if let Some(machine) = self.machine.take() {
            machine.discard();
        }
    }
}

/// How far a machine's counter has come in one call, which no buffer's length can exceed.
fn difference(now: u64, before: u64) -> usize {
    usize::try_from(now.saturating_sub(before)).unwrap_or(usize::MAX)
}
