//! What verbs print: results on standard output, errors on standard error.

use std::{
    error::Error,
    io::{self, Write as _},
    process::ExitCode,
};

use serde::Serialize;

use crate::telemetry::{chain, escaped, escaped_json};

use super::exit;

/// Prints a result, which ends with a newline, and gives the code to end with. Text that others
/// have chosen has to be [escaped](crate::telemetry::escaped) before.
pub(crate) fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::from(exit::DONE),
        // A reader that has seen enough, such as `head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(exit::DONE),
        Err(error) => fail(&Unprintable(error)),
    }
}

/// Prints a result as JSON for people and programs.
pub(crate) fn print_json(value: &impl Serialize) -> ExitCode {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&format!("{}\n", escaped_json(&text))),
        Err(error) => fail(&error),
    }
}

/// Prints an error with its causes, in one line, and gives the code to end with.
pub(crate) fn fail(error: &dyn Error) -> ExitCode {
    say(&chain(error));
    ExitCode::from(exit::FAILED)
}

/// Prints a line on standard error, under the program's name.
pub(crate) fn say(line: &str) {
    // Where standard error is closed there is nobody to tell.
    let _written = writeln!(io::stderr(), "sockhop: {}", escaped(line));
}

/// Standard output does not take the result.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct Unprintable(#[source] pub(super) io::Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = Unprintable(io::Error::other("no space"));
        assert_eq!(chain(&error), "cannot write to standard output: no space");
    }
}
