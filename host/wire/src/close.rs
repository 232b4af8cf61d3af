//! The payload of Close frames (RFC 6455 §5.5.1, §7.4).

use crate::frame::CONTROL_BYTES_MAX;
use crate::violation::Violation;

/// The peer broke the protocol (RFC 6455 §7.4.1).
pub(crate) const PROTOCOL_ERROR: u16 = 1002;
/// A payload is not what its frame says that it is (RFC 6455 §7.4.1).
pub(crate) const INVALID_PAYLOAD: u16 = 1007;
/// A message is too big to be processed (RFC 6455 §7.4.1).
pub(crate) const MESSAGE_TOO_BIG: u16 = 1009;

/// The most that a close phrase may have, in bytes: what a control frame has room for behind
/// the code (RFC 6455 §5.5).
pub const PHRASE_BYTES_MAX: usize = CONTROL_BYTES_MAX - size_of::<u16>();

/// Whether a Close frame may carry this code: 1000–1003 and 1007–1011 (RFC 6455 §7.4.1),
/// 1012–1014 (IANA's registry of close codes), and what libraries and applications choose,
/// 3000–4999 (RFC 6455 §7.4.2). The others either stand for what happens without a Close frame or
/// belong to nobody.
pub(crate) fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Takes the payload of a Close frame apart.
pub(crate) fn parse(payload: &[u8]) -> Result<(Option<u16>, String), Violation> {
    let Some((code, phrase)) = payload.split_first_chunk() else {
        return if payload.is_empty() {
            Ok((None, String::new()))
        } else {
            Err(Violation::HalfCloseCode)
        };
    };
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        return Err(Violation::CloseCode(code));
    }
    let phrase = str::from_utf8(phrase).map_err(|_| Violation::PhraseNotUtf8)?;
    Ok((Some(code), phrase.to_owned()))
}

/// As much of a phrase as a Close frame has room for, cut between two code points.
pub(crate) fn cut(phrase: &str) -> &str {
    &phrase[..phrase.floor_char_boundary(PHRASE_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_judged_as_the_registry_says() {
        let refused: Vec<u16> = (0..=u16::MAX).filter(|code| !may_be_sent(*code)).collect();
        let expected: Vec<u16> =
            (0..1000).chain(1004..=1006).chain(1015..3000).chain(5000..=u16::MAX).collect();
        assert_eq!(refused, expected);
    }

    #[test]
    fn a_code_and_its_phrase_are_taken_apart() {
        assert_eq!(parse(b""), Ok((None, String::new())));
        assert_eq!(parse(b"\x03\xe8"), Ok((Some(1000), String::new())));
        assert_eq!(parse("\u{3}\u{68}".as_bytes()), Err(Violation::CloseCode(0x0368)));
        assert_eq!(parse(b"\x03\xe9caf\xc3\xa9"), Ok((Some(1001), "caf\u{e9}".to_owned())));
        assert_eq!(parse(b"\x03"), Err(Violation::HalfCloseCode));
        assert_eq!(parse(b"\x03\xe8caf\xc3"), Err(Violation::PhraseNotUtf8));
    }

    #[test]
    fn a_long_phrase_is_cut_between_code_points() {
        assert_eq!(cut("bye"), "bye");
        assert_eq!(cut(&"x".repeat(200)).len(), PHRASE_BYTES_MAX);
        assert_eq!(cut(&"\u{20ac}".repeat(50)), "\u{20ac}".repeat(41));
        assert_eq!(cut(&format!("x{}", "\u{20ac}".repeat(50))).len(), 121);
    }
}
