//! `sockhop logs`: what a deployment's guests have written.

use crate::telemetry::escaped;
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use super::{
    args::LogsArgs,
    exit,
    output::{Unprintable, fail},
    remote::with_host,
};
use crate::admin::{ClientError, LogLines, model::LogEntry};

/// Prints the lines that are kept and, for a follower, those that come, until it is interrupted.
pub(super) fn logs(args: &LogsArgs) -> ExitCode {
    with_host(&args.admin, async |client| {
        let mut lines = client.log(&args.name, args.follow).await?;
        let interrupted = tokio::signal::ctrl_c();
        tokio::select! {
            printed = print_all(&mut lines) => printed,
            // Following ends in no other way, so this is no failure.
            _ = interrupted => Ok(ExitCode::from(exit::DONE)),
        }
    })
}

async fn print_all(lines: &mut LogLines) -> Result<ExitCode, ClientError> {
    while let Some(entry) = lines.next().await? {
        let mut out = io::stdout().lock();
        match out.write_all(text_of(&entry).as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => (),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Ok(fail(&Unprintable(error))),
        }
    }
    Ok(ExitCode::from(exit::DONE))
}

fn text_of(entry: &LogEntry) -> String {
    match entry {
        LogEntry::Line { at, source, text } => {
            format!("{at} {:<6} {}\n", source.as_str(), escaped(text))
        }
        LogEntry::Missed { missed } => {
            format!("({missed} lines are missing here: they came faster than they were printed)\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::admin::model::LogSource;

    #[test]
    fn a_line_has_its_time_and_source() {
        let entry = LogEntry::Line {
            at: UNIX_EPOCH.into(),
            source: LogSource::Host,
            text: "a\u{1b}[1mb".into(),
        };
        assert_eq!(text_of(&entry), "1970-01-01T00:00:00.000Z host   a\\u{1b}[1mb\n");
    }
}
