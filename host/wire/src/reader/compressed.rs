//! Payloads that are compressed (RFC 7692 §7.2.2).
//!
//! Everything is judged by what comes out, in the order in which it comes out: neither the pieces
//! in which a message arrives nor the steps in which it is inflated make a difference.

use bytes::BytesMut;

use super::Progress;
use super::assembly::Assembly;
use super::parts::Parts;
use super::payload::Payload;
use crate::deflate::{Corrupt, Inbound};
use crate::violation::Violation;

/// The most that is inflated before the limit is looked at again, in bytes: so much at most does
/// a bomb take beyond what a message may have.
const STEP_BYTES: usize = 16 << 10;

impl From<Corrupt> for Violation {
    fn from(_: Corrupt) -> Self {
        Self::NotDeflate
    }
}

/// Keeps what comes of a frame. What came before something went wrong is judged before it.
pub(super) fn keep(
    inbound: &mut Inbound,
    assembly: &mut Assembly,
    payload: &mut Payload,
    input: &mut BytesMut,
) -> Result<Progress, Violation> {
    let mut out = BytesMut::new();
    loop {
        let step = inbound.step(payload.there(input), &mut out, STEP_BYTES);
        assembly.keep(&out)?;
        out.clear();
        let step = step?;
        payload.skip(input, step.used);
        if step.produced < STEP_BYTES {
            break;
        }
    }
    let is_frame_done = payload.is_taken();
    let mut is_message_done = !(is_frame_done && payload.fin);
    while !is_message_done {
        let finish = inbound.finish(&mut out, STEP_BYTES);
        assembly.keep(&out)?;
        out.clear();
        is_message_done = finish?.done;
    }
    Ok(Progress { event: None, is_frame_done })
}

/// Hands on what comes of a frame, as far as one part reaches. There may be more to come when all
/// of the frame has been taken.
pub(super) fn part(
    inbound: &mut Inbound,
    parts: &mut Parts,
    payload: &mut Payload,
    input: &mut BytesMut,
) -> Result<Progress, Violation> {
    let mut out = BytesMut::new();
    let room = parts.room();
    match inflate(inbound, payload, input, &mut out, room) {
        Ok(is_frame_done) => {
            let event = parts.part(out, is_frame_done && payload.fin)?;
            Ok(Progress { event, is_frame_done })
        }
        Err(corrupt) => {
            parts.part(out, false)?;
            Err(corrupt.into())
        }
    }
}

/// Inflates at most `room` bytes; says whether that was the rest of the frame, and, where it is
/// the last, of the message.
fn inflate(
    inbound: &mut Inbound,
    payload: &mut Payload,
    input: &mut BytesMut,
    out: &mut BytesMut,
    room: usize,
) -> Result<bool, Corrupt> {
    let step = inbound.step(payload.there(input), out, room)?;
    payload.skip(input, step.used);
    if step.produced == room || !payload.is_taken() {
        return Ok(false);
    }
    if !payload.fin {
        return Ok(true);
    }
    Ok(inbound.finish(out, room - step.produced)?.done)
}
