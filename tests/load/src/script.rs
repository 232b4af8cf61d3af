//! The messages of a fan-out: each names its publisher and its number, so that one that is lost,
//! repeated, changed or out of order is seen, whoever it came to.

use std::ops::Range;

use crate::frame::{self, CLOSE_BYTE, Kind};
use crate::reply::code_text;

/// What every message begins with; the digits are written over.
const HEAD: &[u8] = b"publisher 00, message 0000000000: ";

/// Where in a payload the publisher stands.
const PUBLISHER: Range<usize> = 10..12;

/// Where in a payload the message's number stands.
const NUMBER: Range<usize> = 22..32;

/// The most publishers, and the least payload in bytes, that the messages have room for.
pub(crate) const PUBLISHERS_MAX: usize = 100;

/// See [`PUBLISHERS_MAX`].
pub(crate) const PAYLOAD_BYTES_MIN: usize = HEAD.len();

/// Why the bytes of a server are not the messages that were due.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum DeliveryError {
    /// The server closed.
    #[error("the server closed, close code {}", code_text(.code))]
    Closed {
        /// The close code (RFC 6455 section 7.4), where it was read.
        code: Option<u16>,
    },
    /// A frame of another kind or length, or a fragment.
    #[error("a frame starts with {got:#04x?} instead of {wanted:#04x?}")]
    Frame {
        /// The first two bytes of what came.
        got: [u8; 2],
        /// Those of a message.
        wanted: [u8; 2],
    },
    /// A payload that nobody has sent.
    #[error("a message is none of those that were published")]
    Payload,
    /// A message was left out, or came twice.
    #[error("message {got} of publisher {publisher} came where message {wanted} was due")]
    Order {
        /// The publisher, from 0.
        publisher: usize,
        /// The number that came, from 0.
        got: u64,
        /// The number that was due.
        wanted: u64,
    },
}

/// All messages that may come.
pub(crate) struct Script {
    /// A server's frame with message 0 of each publisher.
    frames: Vec<Vec<u8>>,
    header_bytes: usize,
}

impl Script {
    /// Messages of so many publishers with so much payload; see [`PUBLISHERS_MAX`] and
    /// [`PAYLOAD_BYTES_MIN`].
    pub(crate) fn new(publishers: usize, payload_bytes: usize) -> Self {
        let tail = b"abcdefghijklmnopqrstuvwxyz".iter().cycle();
        let payload = |publisher: usize| {
            let bytes = HEAD.iter().chain(tail.clone()).copied();
            let mut payload: Vec<u8> = bytes.take(payload_bytes).collect();
            write_digits(&mut payload[PUBLISHER], publisher as u64);
            payload
        };
        let frames: Vec<_> = (0..publishers)
            .map(|publisher| frame::server_frame(Kind::Text, &payload(publisher)))
            .collect();
        let header_bytes = frames.first().map_or(0, |frame| frame.len() - payload_bytes);
        Self { frames, header_bytes }
    }

    /// The bytes of a delivered message, its header included.
    pub(crate) fn frame_bytes(&self) -> usize {
        self.frames.first().map_or(1, Vec::len)
    }

    /// A message as its publisher sends it.
    pub(crate) fn client_frame(&self, publisher: usize, number: u64) -> Vec<u8> {
        let mut payload = self.frames[publisher][self.header_bytes..].to_vec();
        write_digits(&mut payload[NUMBER], number);
        frame::client_frame(Kind::Text, &payload)
    }

    /// Takes a whole delivered frame: whose message it is. `due` has the number of the next message
    /// of each publisher, and is moved on.
    pub(crate) fn take(&self, got: &[u8], due: &mut [u64]) -> Result<usize, DeliveryError> {
        self.check_start(got)?;
        let payload = &got[self.header_bytes..];
        let publisher = read_digits(&payload[PUBLISHER]).ok_or(DeliveryError::Payload)? as usize;
        let wanted = self.frames.get(publisher).ok_or(DeliveryError::Payload)?;
        let wanted = &wanted[self.header_bytes..];
        let number = read_digits(&payload[NUMBER]).ok_or(DeliveryError::Payload)?;
        let is_sent = payload[..NUMBER.start] == wanted[..NUMBER.start]
            && payload[NUMBER.end..] == wanted[NUMBER.end..];
        if !is_sent {
            return Err(DeliveryError::Payload);
        }
        if number != due[publisher] {
            let wanted = due[publisher];
            return Err(DeliveryError::Order { publisher, got: number, wanted });
        }
        due[publisher] += 1;
        Ok(publisher)
    }

    /// Looks at the start of a frame, which may be cut short anywhere.
    pub(crate) fn check_start(&self, got: &[u8]) -> Result<(), DeliveryError> {
        let &[first, second, ..] = got else { return Ok(()) };
        let wanted = [self.frames[0][0], self.frames[0][1]];
        if [first, second] == wanted {
            return Ok(());
        }
        if first == CLOSE_BYTE {
            let code = got.get(2..4).map(|code| u16::from_be_bytes([code[0], code[1]]));
            return Err(DeliveryError::Closed { code });
        }
        Err(DeliveryError::Frame { got: [first, second], wanted })
    }
}

/// Writes a number over all these digits, with zeros in front.
fn write_digits(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn read_digits(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number: u64, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(script: &Script, publisher: usize, number: u64) -> Vec<u8> {
        let mut frame = script.frames[publisher].clone();
        write_digits(&mut frame[script.header_bytes..][NUMBER], number);
        frame
    }

    #[test]
    fn messages_are_taken_in_the_order_of_each_publisher() {
        let script = Script::new(4, 64);
        assert_eq!(script.frame_bytes(), 66);
        let mut due = vec![0; 4];
        for (publisher, number) in [(2, 0), (0, 0), (2, 1), (3, 0), (2, 2)] {
            let frame = delivered(&script, publisher, number);
            assert_eq!(script.take(&frame, &mut due), Ok(publisher));
        }
        assert_eq!(due, [1, 0, 3, 1]);
    }

    #[test]
    fn a_message_left_out_or_repeated_is_named() {
        let script = Script::new(2, 64);
        let mut due = vec![0, 7];
        for number in [6, 8] {
            let error = DeliveryError::Order { publisher: 1, got: number, wanted: 7 };
            assert_eq!(script.take(&delivered(&script, 1, number), &mut due), Err(error));
        }
    }

    #[test]
    fn a_changed_byte_anywhere_is_seen() {
        let script = Script::new(2, 64);
        for at in 0..script.frame_bytes() {
            let mut frame = delivered(&script, 1, 0);
            frame[at] ^= 0x40;
            assert!(script.take(&frame, &mut [0, 0]).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_close_is_named_with_its_code() {
        let script = Script::new(1, 64);
        let error = DeliveryError::Closed { code: Some(1013) };
        assert_eq!(script.check_start(&[0x88, 2, 0x03, 0xf5]), Err(error));
        assert_eq!(error.to_string(), "the server closed, close code 1013");
        assert_eq!(script.check_start(&[0x88]), Ok(()));
    }

    #[test]
    fn what_a_publisher_sends_is_what_is_delivered() {
        let script = Script::new(3, 200);
        let sent = script.client_frame(2, 12_345);
        let payload = &delivered(&script, 2, 12_345)[script.header_bytes..];
        assert!(payload.starts_with(b"publisher 02, message 0000012345: abc"));
        assert_eq!(sent, frame::client_frame(Kind::Text, payload));
    }
}
