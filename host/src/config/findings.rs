//! What is found wrong with a document while it is read, and how it is told in the end.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{ConfigError, KeyProblem, suggest};

/// What was found in the whole document.
#[derive(Default)]
pub(super) struct Findings<'d> {
    text: &'d str,
    base: PathBuf,
    problems: Vec<Problem>,
    unknown: Vec<UnknownKey>,
    /// The dotted paths of all keys that were asked for.
    known: BTreeSet<String>,
}

struct Problem {
    offset: usize,
    path: String,
    problem: KeyProblem,
}

/// A key that nobody asked for.
pub(super) struct UnknownKey {
    /// Where the key is, in bytes from the start of the document.
    pub(super) offset: usize,
    /// The key with the tables that it is in.
    pub(super) path: String,
    /// The key alone.
    pub(super) key: String,
    /// The keys that its table does have.
    pub(super) siblings: Vec<&'static str>,
}

impl<'d> Findings<'d> {
    /// Nothing yet, about a text in whose folder relative paths begin.
    pub(super) fn new(text: &'d str, base: PathBuf) -> Self {
        Self { text, base, ..Self::default() }
    }

    /// The folder in which relative paths begin.
    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// Notes what is wrong with the key of this path, at this byte.
    pub(super) fn note(&mut self, offset: usize, path: String, problem: KeyProblem) {
        self.problems.push(Problem { offset, path, problem });
    }

    /// Notes that there is a key of this path.
    pub(super) fn note_known(&mut self, path: String) {
        self.known.insert(path);
    }

    /// Notes a key that there is not.
    pub(super) fn note_unknown(&mut self, key: UnknownKey) {
        self.unknown.push(key);
    }

    /// Whether nothing is wrong so far with the key of this path, or a table on the way to it.
    pub(super) fn is_sound(&self, path: &str) -> bool {
        let concerns = |problem: &Problem| {
            path.strip_prefix(problem.path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        !self.problems.iter().any(concerns)
    }

    /// The paths of all keys that there are.
    #[cfg(test)]
    pub(super) fn into_known(self) -> Vec<String> {
        self.known.into_iter().collect()
    }

    /// The line of this byte, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        position(self.text, offset).0
    }

    /// All that was noted, in the order of the document. Only now are all keys known that
    /// another one may have been meant for.
    pub(super) fn into_errors(mut self, file: &Path) -> Vec<ConfigError> {
        for unknown in std::mem::take(&mut self.unknown) {
            let suggestion = self.suggestion(&unknown);
            self.note(unknown.offset, unknown.path, KeyProblem::Unknown { suggestion });
        }
        self.problems.sort_by_key(|problem| problem.offset);
        let error = |problem: Problem| ConfigError::Key {
            file: file.to_owned(),
            line: position(self.text, problem.offset).0,
            key: problem.path,
            problem: Box::new(problem.problem),
        };
        self.problems.into_iter().map(error).collect()
    }

    /// A key of the same table that is spelled nearly so, or one of another that is spelled so.
    fn suggestion(&self, unknown: &UnknownKey) -> Option<String> {
        let sibling = suggest::nearest(&unknown.key, unknown.siblings.iter().copied());
        let elsewhere = || {
            let known = self.known.iter().map(String::as_str);
            known.into_iter().find(|path| path.rsplit('.').next() == Some(&unknown.key))
        };
        sibling.or_else(elsewhere).map(str::to_owned)
    }
}

/// A key behind those that it is in, in quotes where TOML would want them.
pub(super) fn dotted(path: &str, key: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let dot = if path.is_empty() { "" } else { "." };
    if !key.is_empty() && key.bytes().all(bare) {
        format!("{path}{dot}{key}")
    } else {
        format!("{path}{dot}{key:?}")
    }
}

/// What the parser says, with its place.
pub(super) fn syntax(file: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let (line, column) = position(text, error.span().map_or(text.len(), |span| span.start));
    ConfigError::Syntax { file: file.to_owned(), line, column, message: error.message().to_owned() }
}

/// Line and column of a byte, both from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
