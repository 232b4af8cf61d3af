//! What a run of the binary printed, and how it ended.

use std::process::Output;

use serde_json::Value;

/// A run of the binary that is over.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The exit code; absent where a signal ended it.
    pub code: Option<i32>,
    /// What it printed to standard output.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
}

impl Outcome {
    /// Asserts exit code 0, and gives standard output.
    ///
    /// # Panics
    ///
    /// On another exit code.
    pub fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "the command failed: {self:#?}");
        self.stdout
    }

    /// Asserts this exit code, nothing on standard output and something on standard error, and
    /// gives the latter.
    ///
    /// # Panics
    ///
    /// Where it is otherwise.
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "not the exit code: {self:#?}");
        assert_eq!(self.stdout, "", "a failure is told on standard error: {self:#?}");
        assert_ne!(self.stderr, "", "a failure says why: {self:#?}");
        self.stderr
    }

    /// As [`failed`](Self::failed), but it has said other things before; gives the last line.
    ///
    /// # Panics
    ///
    /// Where it is otherwise.
    pub fn failed_at_last(self, code: i32) -> String {
        let told = self.failed(code);
        told.lines().last().expect("something was told").to_owned()
    }

    /// As [`failed`](Self::failed), of a failure that is told in one line; without its end.
    ///
    /// # Panics
    ///
    /// Where it is otherwise.
    pub fn failed_in_one_line(self, code: i32) -> String {
        let told = self.failed(code);
        assert_eq!(told.lines().count(), 1, "one line is enough: {told}");
        told.trim_end().to_owned()
    }

    /// Asserts exit code 0, and gives standard output as JSON.
    ///
    /// # Panics
    ///
    /// Where it is not.
    pub fn json(self) -> Value {
        let printed = self.succeeded();
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error} in {printed}"))
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the binary prints UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}
