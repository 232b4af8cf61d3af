//! Counts an echo's replies by length, without parsing them.

use crate::frame::CLOSE_BYTE;

/// Why the bytes of a server are not the replies that were due.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReplyError {
    /// The server sent a Close frame where a reply was due; the code is known where it came along.
    #[error("the server closed instead of sending reply {reply}, close code {}", code_text(.code))]
    Closed {
        /// The reply's number, from 1.
        reply: u64,
        /// The close code (RFC 6455 section 7.4).
        code: Option<u16>,
    },
    /// The first reply is not the message that was sent.
    #[error("the first reply is wrong at byte {at}: {got:#04x} instead of {wanted:#04x}")]
    FirstReply {
        /// The offset in the frame, header included.
        at: usize,
        /// The byte that came.
        got: u8,
        /// The byte of the echo.
        wanted: u8,
    },
    /// A frame of another kind, or a fragment, came where a reply was due.
    #[error("reply {reply} starts with {got:#04x} instead of {wanted:#04x}")]
    Kind {
        /// The reply's number, from 1.
        reply: u64,
        /// The first byte of the frame that came.
        got: u8,
        /// The first byte of an echo.
        wanted: u8,
    },
}

pub(crate) fn code_text(code: &Option<u16>) -> String {
    code.map_or_else(|| "not read".to_owned(), |code| code.to_string())
}

/// Turns the bytes of one connection into a number of replies.
///
/// All replies of a connection are equal, so a reply is so many bytes. The first is compared byte
/// for byte; of the others only the first byte is looked at, which tells a Close, a ping or a
/// fragment from an echo, and the number of bytes has to come out even at the end.
#[derive(Debug)]
pub struct ReplyCounter {
    expected: Vec<u8>,
    received_bytes: u64,
}

impl ReplyCounter {
    /// Counts replies that are each `expected`, a whole frame: at least one byte.
    pub fn new(expected: Vec<u8>) -> Self {
        Self { expected, received_bytes: 0 }
    }

    /// Takes the next bytes and returns how many replies they complete.
    ///
    /// # Errors
    /// The bytes are not those of an echo; what comes after is not worth reading.
    pub fn push(&mut self, bytes: &[u8]) -> Result<u64, ReplyError> {
        let before = self.replies();
        self.check_first_reply(bytes)?;
        self.check_first_bytes(bytes)?;
        self.received_bytes += bytes.len() as u64;
        Ok(self.replies() - before)
    }

    /// Whole replies so far.
    pub fn replies(&self) -> u64 {
        self.received_bytes / self.reply_bytes()
    }

    /// Bytes of a reply that has begun and is not whole yet.
    pub fn partial_bytes(&self) -> u64 {
        self.received_bytes % self.reply_bytes()
    }

    fn reply_bytes(&self) -> u64 {
        self.expected.len() as u64
    }

    fn check_first_reply(&self, bytes: &[u8]) -> Result<(), ReplyError> {
        let Some(due) = usize::try_from(self.received_bytes)
            .ok()
            .and_then(|received| self.expected.get(received..))
        else {
            return Ok(());
        };
        let wrong = due.iter().zip(bytes).position(|(wanted, got)| wanted != got);
        match wrong {
            // A wrong first byte is a frame of another kind, which the next check names better.
            Some(at) if self.received_bytes > 0 || at > 0 => Err(ReplyError::FirstReply {
                at: self.expected.len() - due.len() + at,
                got: bytes[at],
                wanted: due[at],
            }),
            _ => Ok(()),
        }
    }

    fn check_first_bytes(&self, bytes: &[u8]) -> Result<(), ReplyError> {
        let partial = self.partial_bytes() as usize;
        let first = if partial == 0 { 0 } else { self.expected.len() - partial };
        for (nth, at) in (first..bytes.len()).step_by(self.expected.len()).enumerate() {
            if bytes[at] != self.expected[0] {
                let begun = u64::from(partial > 0);
                return Err(self.unexpected(self.replies() + begun + nth as u64 + 1, &bytes[at..]));
            }
        }
        Ok(())
    }

    fn unexpected(&self, reply: u64, frame: &[u8]) -> ReplyError {
        if frame[0] == CLOSE_BYTE {
            let code = frame.get(2..4).map(|code| u16::from_be_bytes([code[0], code[1]]));
            return ReplyError::Closed { reply, code };
        }
        ReplyError::Kind { reply, got: frame[0], wanted: self.expected[0] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Kind, server_frame};

    fn hello() -> Vec<u8> {
        server_frame(Kind::Text, b"hello")
    }

    /// A small generator, so that the splits are many and the same in each run.
    fn next(seed: &mut u64) -> usize {
        *seed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize
    }

    #[test]
    fn any_split_of_the_bytes_gives_the_same_count() {
        let mut seed = 1;
        for round in 0..2_000_u64 {
            let replies = round % 40;
            let stream = hello().repeat(replies as usize);
            let mut counter = ReplyCounter::new(hello());
            let (mut counted, mut rest) = (0, stream.as_slice());
            while !rest.is_empty() {
                let take = next(&mut seed) % rest.len().min(25) + 1;
                counted += counter.push(&rest[..take]).expect("an echo");
                rest = &rest[take..];
            }
            assert_eq!((counted, counter.replies()), (replies, replies));
            assert_eq!(counter.partial_bytes(), 0);
        }
    }

    #[test]
    fn any_split_finds_the_close_at_the_same_reply() {
        let mut seed = 2;
        for round in 0..500_u64 {
            let mut stream = hello().repeat(round as usize % 10);
            stream.extend_from_slice(&[0x88, 0x02, 0x03, 0xf3]);
            let mut counter = ReplyCounter::new(hello());
            let mut rest = stream.as_slice();
            let error = loop {
                let take = next(&mut seed) % rest.len().min(25) + 1;
                if let Err(error) = counter.push(&rest[..take]) {
                    break error;
                }
                rest = &rest[take..];
            };
            let ReplyError::Closed { reply, code } = error else { panic!("{error}") };
            assert_eq!(reply, round % 10 + 1);
            assert!(code.is_none_or(|code| code == 1011), "{code:?}");
        }
    }

    #[test]
    fn a_wrong_byte_in_the_first_reply_is_found_wherever_it_is_cut() {
        for cut in 1..7 {
            let mut wrong = hello();
            wrong[5] = b'L';
            let mut counter = ReplyCounter::new(hello());
            let pushed = counter.push(&wrong[..cut]).and_then(|_| counter.push(&wrong[cut..]));
            let error = ReplyError::FirstReply { at: 5, got: b'L', wanted: b'l' };
            assert_eq!(pushed, Err(error));
        }
    }

    #[test]
    fn a_ping_is_not_a_reply() {
        let mut counter = ReplyCounter::new(hello());
        assert_eq!(counter.push(&hello()), Ok(1));
        let error = ReplyError::Kind { reply: 2, got: 0x89, wanted: 0x81 };
        assert_eq!(counter.push(&[0x89, 0x00]), Err(error));
    }

    #[test]
    fn a_short_count_is_seen() {
        let mut counter = ReplyCounter::new(hello());
        counter.push(&hello().repeat(2)[..10]).expect("an echo so far");
        assert_eq!((counter.replies(), counter.partial_bytes()), (1, 3));
    }
}
