//! Standard input, read by a thread of its own.

use std::io::{self, BufRead as _, BufReader, Read};
use std::thread;

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::mpsc;

/// The longest line, in bytes: as much as a host takes of a message where nobody says otherwise.
pub(super) const LINE_BYTES_MAX: usize = 16 << 20;

/// How much of what is piped in becomes one binary message, in bytes.
const CHUNK_BYTES: usize = 64 << 10;

/// How many lines or pieces wait to be sent.
const WAITING_MAX: usize = 16;

/// How the input is cut into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// At line breaks, which belong to no message.
    Lines,
    /// As it comes.
    Pieces,
}

/// A line or a piece, or why nothing more comes.
pub(super) type Portion = Result<Bytes, InputError>;

/// Reads standard input to its end. The thread ends with the process: nobody can wake it.
pub(super) fn start(cut: Cut) -> io::Result<mpsc::Receiver<Portion>> {
    let (to, from) = mpsc::channel(WAITING_MAX);
    thread::Builder::new().name("input".to_owned()).spawn(move || read(io::stdin(), cut, &to))?;
    Ok(from)
}

fn read(input: impl Read, cut: Cut, to: &mpsc::Sender<Portion>) {
    let mut input = BufReader::with_capacity(CHUNK_BYTES, input);
    loop {
        let next = match cut {
            Cut::Lines => line(&mut input),
            Cut::Pieces => piece(&mut input),
        };
        let Some(next) = next.transpose() else { return };
        let is_over = next.is_err();
        // Nobody listens any more once the connection has ended.
        if to.blocking_send(next).is_err() || is_over {
            return;
        }
    }
}

/// The next line without its end; nothing at the end of the input.
fn line(input: &mut BufReader<impl Read>) -> Result<Option<Bytes>, InputError> {
    let mut line = Vec::new();
    let most = LINE_BYTES_MAX as u64 + 2;
    if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    }
    if line.len() > LINE_BYTES_MAX { Err(InputError::TooLong) } else { Ok(Some(line.into())) }
}

/// What is there; nothing at the end of the input.
fn piece(input: &mut BufReader<impl Read>) -> Result<Option<Bytes>, InputError> {
    let there = input.fill_buf()?;
    let piece = Bytes::copy_from_slice(there);
    input.consume(piece.len());
    Ok((!piece.is_empty()).then_some(piece))
}

/// Why nothing more is read. Whoever feeds the input is to act.
#[derive(Debug, Error)]
pub(super) enum InputError {
    #[error("standard input cannot be read")]
    Io(#[from] io::Error),
    #[error("standard input is not UTF-8; send it with --binary")]
    NotUtf8,
    #[error("standard input has a line of more than {LINE_BYTES_MAX} bytes")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(cut: Cut, input: &[u8]) -> Vec<Result<Bytes, String>> {
        let (to, mut from) = mpsc::channel(100);
        read(input, cut, &to);
        drop(to);
        let mut read = Vec::new();
        while let Some(next) = from.blocking_recv() {
            read.push(next.map_err(|error| error.to_string()));
        }
        read
    }

    #[test]
    fn lines_end_at_line_breaks_of_either_kind_and_at_the_end() {
        for (input, lines) in [
            (&b""[..], &[][..]),
            (b"a\nb\r\n\nc", &["a", "b", "", "c"]),
            (b"a\rb\n", &["a\rb"]),
            (b"\n", &[""]),
        ] {
            let expected: Vec<_> = lines.iter().map(|line| Ok(Bytes::from(*line))).collect();
            assert_eq!(all(Cut::Lines, input), expected, "{input:?}");
        }
    }

    #[test]
    fn a_line_is_bounded() {
        let longest = vec![b'x'; LINE_BYTES_MAX];
        let input = [&longest[..], b"\r\n", &longest, b"x\nmore"].concat();
        let read = all(Cut::Lines, &input);
        let refused = Err("standard input has a line of more than 16777216 bytes".to_owned());
        assert_eq!(read, [Ok(longest.into()), refused]);
    }

    #[test]
    fn pieces_are_all_of_the_input() {
        let input: Vec<u8> = (0..3 * CHUNK_BYTES + 1).map(|at| at.to_le_bytes()[0]).collect();
        let pieces = all(Cut::Pieces, &input);
        let pieces: Vec<Bytes> = pieces.into_iter().map(|piece| piece.expect("read")).collect();
        assert_eq!(pieces.concat(), input);
        assert!(pieces.iter().all(|piece| piece.len() <= CHUNK_BYTES));
    }
}
