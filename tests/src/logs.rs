//! The log of a deployment, as `sockhop logs NAME -f` prints it.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::within;

/// A follower of a log: reads it line by line.
#[derive(Debug)]
pub struct LogFollower {
    lines: Lines<BufReader<ChildStdout>>,
    /// What was read, for the message of a panic.
    read: Vec<String>,
    /// Killed when it is dropped.
    _child: Child,
}

impl LogFollower {
    pub(crate) fn spawn(mut command: Command, deployment: &str) -> Self {
        command.args(["logs", deployment, "-f"]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { lines, read: Vec::new(), _child: child }
    }

    /// Waits for the next line that is wanted, and passes over all before it.
    ///
    /// # Panics
    ///
    /// Where the log ends, or no such line comes in time.
    pub async fn line(&mut self, mut wanted: impl FnMut(&str) -> bool) -> String {
        let found = within("a line in the log", async {
            while let Some(line) = self.lines.next_line().await.expect("the log is UTF-8") {
                self.read.push(line.clone());
                if wanted(&line) {
                    return Some(line);
                }
            }
            None
        });
        found.await.unwrap_or_else(|| panic!("the log has ended: {:#?}", self.read))
    }

    /// Waits for the next line that holds this text.
    pub async fn containing(&mut self, text: &str) -> String {
        self.line(|line| line.contains(text)).await
    }

    /// All lines that have been read, those that were not wanted among them.
    #[must_use]
    pub fn read(&self) -> &[String] {
        &self.read
    }
}
