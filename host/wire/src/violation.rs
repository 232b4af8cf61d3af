//! What a peer can do wrong, and the one mapping from it to close codes.

use thiserror::Error;

use crate::close;

/// A rule that the peer broke. Nothing that it sends afterwards can be understood: the connection
/// is to be failed (RFC 6455 §7.1.7) with [`close_code`](Self::close_code).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Violation {
    /// RSV1, RSV2 or RSV3 in a frame where no agreed extension gives it a meaning (RFC 6455 §5.2,
    /// RFC 7692 §6).
    #[error("the peer set a reserved bit that means nothing here")]
    ReservedBit,
    /// One of the opcodes 3–7 and 11–15 (RFC 6455 §5.2).
    #[error("the peer sent a frame with the reserved opcode {0}")]
    ReservedOpcode(u8),
    /// A control frame that is not final (RFC 6455 §5.5).
    #[error("the peer sent a control frame in fragments")]
    FragmentedControl,
    /// A control frame with more than 125 bytes of payload (RFC 6455 §5.5).
    #[error("the peer sent a control frame with more than 125 bytes")]
    LongControl,
    /// A frame from a client without a masking key (RFC 6455 §5.1).
    #[error("the peer, a client, sent a frame that is not masked")]
    Unmasked,
    /// A frame from a server with a masking key (RFC 6455 §5.1).
    #[error("the peer, a server, sent a frame that is masked")]
    Masked,
    /// A payload length in more bytes than it needs (RFC 6455 §5.2).
    #[error("the peer sent a payload length in more bytes than it needs")]
    LengthNotMinimal,
    /// A payload length with its most significant bit set (RFC 6455 §5.2).
    #[error("the peer sent a payload length of 2^63 bytes or more")]
    LengthOutOfRange,
    /// A continuation frame without a message to continue (RFC 6455 §5.4).
    #[error("the peer continued a message that it had not begun")]
    NothingToContinue,
    /// A new message inside an unfinished one (RFC 6455 §5.4).
    #[error("the peer began a message before it had finished the last one")]
    UnfinishedMessage,
    /// A Close frame with one byte, which is half a code (RFC 6455 §5.5.1).
    #[error("the peer sent a Close frame with half a code")]
    HalfCloseCode,
    /// A Close frame with a code that may not be sent (RFC 6455 §7.4).
    #[error("the peer sent a Close frame with the code {0}, which may not be sent")]
    CloseCode(u16),
    /// A Close frame with a phrase that is not UTF-8 (RFC 6455 §5.5.1).
    #[error("the peer sent a Close frame with a phrase that is not UTF-8")]
    PhraseNotUtf8,
    /// A text message that is not UTF-8 (RFC 6455 §8.1).
    #[error("the peer sent a text message that is not UTF-8")]
    TextNotUtf8,
    /// A compressed message that cannot be decompressed (RFC 7692 §7.2.2).
    #[error("the peer sent a compressed message that cannot be decompressed")]
    NotDeflate,
    /// A message over the limit, or one that announced that it would be (RFC 6455 §7.4.1).
    #[error("the peer sent a message of more than {limit_bytes} bytes")]
    TooBig {
        /// The most that a message may have, in bytes of its payload, decompressed.
        limit_bytes: usize,
    },
}

impl Violation {
    /// The close code that tells the peer (RFC 6455 §7.4.1): 1002 for the protocol, 1007 for
    /// a payload that is not what its frame says, 1009 for a message that is too big.
    #[must_use]
    pub fn close_code(&self) -> u16 {
        match self {
            Self::ReservedBit
            | Self::ReservedOpcode(_)
            | Self::FragmentedControl
            | Self::LongControl
            | Self::Unmasked
            | Self::Masked
            | Self::LengthNotMinimal
            | Self::LengthOutOfRange
            | Self::NothingToContinue
            | Self::UnfinishedMessage
            | Self::HalfCloseCode
            | Self::CloseCode(_) => close::PROTOCOL_ERROR,
            Self::PhraseNotUtf8 | Self::TextNotUtf8 | Self::NotDeflate => close::INVALID_PAYLOAD,
            Self::TooBig { .. } => close::MESSAGE_TOO_BIG,
        }
    }
}
