//! Logging: the `log` facade, written to standard error, which the host puts in the deployment's
//! log.

use std::io::Write;

use log::{LevelFilter, Log, Metadata, Record};

/// What is logged unless the guest says otherwise: `log::set_max_level` in `on_open` changes it.
pub const DEFAULT_LEVEL: LevelFilter = LevelFilter::Info;

struct Stderr;

/// Makes standard error the place where `log`'s records go. Called at each door through which an
/// instance may be entered first; only the first call has an effect.
pub(crate) fn install() {
    // A logger that is set already is this one, or one that the guest prefers.
    if log::set_logger(&Stderr).is_ok() {
        log::set_max_level(DEFAULT_LEVEL);
    }
}

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            // One write for a record: each is a call to the host. Where it fails there is no
            // other place to say so.
            let _ = std::io::stderr().write_all(line(record).as_bytes());
        }
    }

    fn flush(&self) {}
}

/// A record as one line, `LEVEL message`. Line ends in it are escaped, so that a message that
/// quotes a peer cannot forge a record.
fn line(record: &Record<'_>) -> String {
    let text = record.args().to_string().replace('\n', "\\n").replace('\r', "\\r");
    format!("{} {text}\n", record.level())
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    #[test]
    fn a_record_is_its_level_and_its_message() {
        let record = Record::builder().level(Level::Warn).args(format_args!("slow peer")).build();
        assert_eq!(line(&record), "WARN slow peer\n");
    }

    #[test]
    fn a_record_stays_on_one_line() {
        let record =
            Record::builder().level(Level::Info).args(format_args!("a\r\nERROR b")).build();
        assert_eq!(line(&record), "INFO a\\r\\nERROR b\n");
    }

    #[test]
    fn installing_twice_keeps_the_level_that_the_guest_chose() {
        install();
        assert_eq!(log::max_level(), DEFAULT_LEVEL);
        log::set_max_level(LevelFilter::Debug);
        install();
        assert_eq!(log::max_level(), LevelFilter::Debug);
    }
}
