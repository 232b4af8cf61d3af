//! Payloads that are what they are.

use bytes::BytesMut;

use super::Progress;
use super::assembly::Assembly;
use super::parts::Parts;
use super::payload::Payload;
use crate::violation::Violation;

/// Keeps what is there of a frame.
pub(super) fn keep(
    assembly: &mut Assembly,
    payload: &mut Payload,
    input: &mut BytesMut,
) -> Result<Progress, Violation> {
    let there = payload.there(input);
    assembly.keep(there)?;
    let length = there.len();
    payload.skip(input, length);
    Ok(Progress { event: None, is_frame_done: payload.is_taken() })
}

/// Hands on what is there of a frame, as far as one part reaches.
pub(super) fn part(
    parts: &mut Parts,
    payload: &mut Payload,
    input: &mut BytesMut,
) -> Result<Progress, Violation> {
    let length = payload.there(input).len().min(parts.room());
    let piece = payload.take(input, length);
    let is_frame_done = payload.is_taken();
    let event = parts.part(piece, is_frame_done && payload.fin)?;
    Ok(Progress { event, is_frame_done })
}
