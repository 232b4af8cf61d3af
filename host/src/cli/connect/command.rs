//! What a person types: messages, and commands that begin with a slash.

use bytes::Bytes;
use sockhop_session::outbound::CONTROL_BYTES_MAX;
use sockhop_session::{CloseError, CloseReason, ControlError, Message};
use thiserror::Error;

/// What `/help` prints.
pub(super) const HELP: &str = "\
a line is sent as a message; commands begin with a slash:
  /binary HEX            send bytes, such as /binary 00ff
  /ping [DATA]           ask whether the server is there; its answer is shown
  /close [CODE [PHRASE]] close, with 1000 where no code is named
  /help                  print this
  //TEXT                 send /TEXT
the end of the input (Ctrl-D) closes too";

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Send(Message),
    Ping(Bytes),
    Close(CloseReason),
    Help,
}

/// Reads a line; one that is a message is binary or text.
pub(super) fn read(line: String, binary: bool) -> Result<Typed, CommandError> {
    let Some(command) = line.strip_prefix('/') else {
        return Ok(Typed::Send(message(line, binary)));
    };
    if command.starts_with('/') {
        return Ok(Typed::Send(message(command.to_owned(), binary)));
    }
    let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
    match verb {
        "binary" => hex(rest).map(|bytes| Typed::Send(Message::Binary(bytes))),
        "ping" if rest.len() > CONTROL_BYTES_MAX => Err(ControlError::TooLong(rest.len()).into()),
        "ping" => Ok(Typed::Ping(rest.to_owned().into())),
        "close" => close(rest).map(Typed::Close),
        "help" => Ok(Typed::Help),
        _ => Err(CommandError::Unknown(verb.to_owned())),
    }
}

/// A line as a message.
pub(super) fn message(line: String, binary: bool) -> Message {
    if binary { Message::Binary(line.into()) } else { Message::Text(line.into()) }
}

fn close(rest: &str) -> Result<CloseReason, CommandError> {
    let (code, phrase) = rest.split_once(' ').unwrap_or((rest, ""));
    if code.is_empty() {
        return Ok(CloseReason::normal());
    }
    let code = code.parse().map_err(|_| CommandError::NoCode(code.to_owned()))?;
    Ok(CloseReason::new(code, phrase)?)
}

/// Digits in pairs, with or without spaces.
fn hex(text: &str) -> Result<Bytes, CommandError> {
    let digits: Option<Vec<u32>> =
        text.chars().filter(|digit| *digit != ' ').map(|digit| digit.to_digit(16)).collect();
    let digits = digits.ok_or(CommandError::NoHex)?;
    let (pairs, []) = digits.as_chunks::<2>() else { return Err(CommandError::NoHex) };
    let byte = |[high, low]: &[u32; 2]| u8::try_from(high << 4 | low).ok();
    pairs.iter().map(byte).collect::<Option<Bytes>>().ok_or(CommandError::NoHex)
}

/// Why a command is not done. Whoever typed it is to act.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum CommandError {
    #[error(transparent)]
    Close(#[from] CloseError),
    #[error(transparent)]
    Ping(#[from] ControlError),
    #[error("{0:?} is no close code; use a number, such as 1000")]
    NoCode(String),
    #[error("bytes are written with two hexadecimal digits each, such as 00ff")]
    NoHex,
    #[error("there is no command /{0}; /help lists them, and //{0} sends /{0}")]
    Unknown(String),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Typed {
        Typed::Send(Message::Text(text.into()))
    }

    fn bytes(bytes: &'static [u8]) -> Typed {
        Typed::Send(Message::Binary(Bytes::from_static(bytes)))
    }

    #[test]
    fn a_line_is_a_message_or_a_command() {
        let reason = |code, phrase| Typed::Close(CloseReason::new(code, phrase).expect("allowed"));
        for (line, typed) in [
            ("", text("")),
            ("hello /close", text("hello /close")),
            ("//close", text("/close")),
            ("///", text("//")),
            ("/help", Typed::Help),
            ("/binary 00fF", bytes(b"\x00\xff")),
            ("/binary 68 65 6c", bytes(b"hel")),
            ("/binary", bytes(b"")),
            ("/ping", Typed::Ping(Bytes::new())),
            ("/ping are you there", Typed::Ping(Bytes::from_static(b"are you there"))),
            ("/close", reason(1000, "")),
            ("/close 4001", reason(4001, "")),
            ("/close 4001 so long", reason(4001, "so long")),
        ] {
            assert_eq!(read(line.to_owned(), false), Ok(typed), "{line}");
        }
        assert_eq!(read("a".to_owned(), true), Ok(bytes(b"a")));
        assert_eq!(read("//a".to_owned(), true), Ok(bytes(b"/a")));
    }

    #[test]
    fn a_wrong_command_sends_nothing() {
        for (line, error) in [
            ("/quit", CommandError::Unknown("quit".to_owned())),
            ("/", CommandError::Unknown(String::new())),
            ("/close now", CommandError::NoCode("now".to_owned())),
            ("/close 1006", CommandError::Close(CloseError::InvalidCode(1006))),
            ("/binary 0", CommandError::NoHex),
            ("/binary xy", CommandError::NoHex),
        ] {
            assert_eq!(read(line.to_owned(), false), Err(error), "{line}");
        }
        let long = format!("/ping {}", "x".repeat(CONTROL_BYTES_MAX + 1));
        assert_eq!(read(long, false), Err(ControlError::TooLong(CONTROL_BYTES_MAX + 1).into()));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_can_be_sent(line in "[^\n]{0,20}") {
            let escaped = if line.starts_with('/') { format!("/{line}") } else { line.clone() };
            prop_assert_eq!(read(escaped, false), Ok(text(&line)));
        }

        #[test]
        fn bytes_are_what_their_digits_say(bytes: Vec<u8>) {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let typed = read(format!("/binary {digits}"), false);
            prop_assert_eq!(typed, Ok(Typed::Send(Message::Binary(bytes.into()))));
        }
    }
}
