//! Walks a TOML document table by table, and notes all that is wrong with it instead of stopping
//! at the first thing. A key that nobody asked for is wrong.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    ConfigError, KeyProblem, Setting,
    findings::{Findings, UnknownKey, dotted, syntax},
    settings::{Quantity, wrong_type},
};

/// Reads a document: `read` gets its top table and asks for every key that there is. What is
/// wrong goes to `errors` in the order of the file.
///
/// Where the text is not TOML, that alone is reported and nothing is read: what was meant by the
/// rest would be a guess.
pub(super) fn read_document<T>(
    file: &Path,
    text: &str,
    errors: &mut Vec<ConfigError>,
    read: impl FnOnce(&mut Section<'_, '_>) -> T,
) -> Option<T> {
    let (document, faults) = DeTable::parse_recoverable(text);
    if !faults.is_empty() {
        errors.extend(faults.iter().map(|fault| syntax(file, text, fault)));
        return None;
    }
    let base = file.parent().unwrap_or(Path::new("")).to_owned();
    let mut findings = Findings::new(text, base);
    let value = Section::visit(&mut findings, String::new(), document.get_ref(), read);
    errors.extend(findings.into_errors(file));
    Some(value)
}

/// The dotted paths of all keys that `read` asks for, where it reads this text.
#[cfg(test)]
pub(super) fn known_keys<T>(
    text: &str,
    read: impl FnOnce(&mut Section<'_, '_>) -> T,
) -> Vec<String> {
    let document = DeTable::parse(text).unwrap();
    let mut findings = Findings::default();
    Section::visit(&mut findings, String::new(), document.get_ref(), read);
    findings.into_known()
}

/// One table of the document. Remembers what it was asked for.
pub(super) struct Section<'s, 'd> {
    findings: &'s mut Findings<'d>,
    /// The table's own key, with those that it is in; empty for the top.
    path: String,
    table: &'s DeTable<'d>,
    known: Vec<&'static str>,
}

impl<'d> Section<'_, 'd> {
    fn visit<T>(
        findings: &mut Findings<'d>,
        path: String,
        table: &DeTable<'d>,
        read: impl FnOnce(&mut Section<'_, 'd>) -> T,
    ) -> T {
        let mut section = Section { findings, path, table, known: Vec::new() };
        let value = read(&mut section);
        section.note_unknown();
        value
    }

    /// A value; `None` where the key is absent or, which is noted, its value wrong.
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&DeValue<'d>) -> Result<T, KeyProblem>,
    ) -> Option<T> {
        let (path, value) = self.ask(key);
        let value = value?;
        let offset = value.span().start;
        match parse(value.get_ref()) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.findings.note(offset, path, problem);
                None
            }
        }
    }

    /// A count, size or time within its bounds, or its default.
    pub(super) fn setting<T: Quantity>(&mut self, key: &'static str, setting: &Setting<T>) -> T {
        self.bounded(key, setting).unwrap_or(setting.default)
    }

    /// A count, size or time within its bounds.
    pub(super) fn bounded<T: Quantity>(
        &mut self,
        key: &'static str,
        setting: &Setting<T>,
    ) -> Option<T> {
        self.value(key, |value| setting.read(value))
    }

    /// A time within its bounds, or `"off"`: the inner nothing.
    pub(super) fn bounded_or_off(
        &mut self,
        key: &'static str,
        setting: &Setting<Duration>,
    ) -> Option<Option<Duration>> {
        self.value(key, |value| setting.read_or_off(value))
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.value(key, |value| value.as_bool().ok_or_else(|| wrong_type("true or false", value)))
    }

    /// What a string says.
    pub(super) fn parsed<T: FromStr<Err: Into<KeyProblem>>>(
        &mut self,
        key: &'static str,
    ) -> Option<T> {
        self.value(key, parse_string)
    }

    /// A path. One that is relative begins at the folder of the configuration file.
    pub(super) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        let base = self.findings.base().to_owned();
        self.value(key, |value| match string(value)? {
            "" => Err(KeyProblem::Empty),
            path if path.contains('\0') => Err(KeyProblem::Nul),
            path => Ok(base.join(path)),
        })
    }

    /// What each of several strings says; one may stand alone.
    pub(super) fn one_or_many<T: FromStr<Err: Into<KeyProblem>>>(
        &mut self,
        key: &'static str,
    ) -> Option<Vec<T>> {
        let (path, value) = self.ask(key);
        let Some(DeValue::Array(array)) = value.map(Spanned::get_ref) else {
            return self.value(key, |value| match value {
                DeValue::String(_) => Ok(vec![parse_string(value)?]),
                _ => Err(wrong_type("a string or an array of strings", value)),
            });
        };
        let mut entries = Vec::new();
        for (index, entry) in array.iter().enumerate() {
            match parse_string(entry.get_ref()) {
                Ok(entry) => entries.push(entry),
                Err(problem) => {
                    self.findings.note(entry.span().start, format!("{path}[{index}]"), problem);
                }
            }
        }
        (entries.len() == array.len()).then_some(entries)
    }

    /// A table of environment variables.
    pub(super) fn variables(&mut self, key: &'static str) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::new();
        let (path, table) = self.ask_table(key);
        for (name, value) in table.into_iter().flat_map(DeTable::iter) {
            let path = dotted(&path, name.get_ref());
            let name_offset = name.span().start;
            let name = name.get_ref();
            if name.is_empty() || name.contains(['=', '\0']) {
                self.findings.note(name_offset, path, KeyProblem::VariableName);
                continue;
            }
            match string(value.get_ref()) {
                Ok(text) if text.contains('\0') => {
                    self.findings.note(value.span().start, path, KeyProblem::Nul);
                }
                Ok(text) => drop(variables.insert(name.to_string(), text.to_owned())),
                Err(problem) => self.findings.note(value.span().start, path, problem),
            }
        }
        variables
    }

    /// A table with keys of its own. `read` is called where the table is absent too, so that its
    /// keys are known.
    pub(super) fn table<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'_, 'd>) -> T,
    ) -> T {
        let (path, table) = self.ask_table(key);
        let absent = DeTable::new();
        Section::visit(self.findings, path, table.unwrap_or(&absent), read)
    }

    /// A table of tables that the operator names.
    pub(super) fn named_tables<N: FromStr<Err: Into<KeyProblem>> + Ord, T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Section<'_, 'd>) -> T,
    ) -> BTreeMap<N, T> {
        let mut tables = BTreeMap::new();
        let (path, named) = self.ask_table(key);
        for (name, value) in named.into_iter().flat_map(DeTable::iter) {
            let path = dotted(&path, name.get_ref());
            let parsed = name.get_ref().parse::<N>();
            if let Some(table) = value.get_ref().as_table() {
                let value = Section::visit(self.findings, path.clone(), table, &mut read);
                match parsed {
                    Ok(name) => drop(tables.insert(name, value)),
                    Err(problem) => self.findings.note(name.span().start, path, problem.into()),
                }
            } else {
                let problem = wrong_type("a table", value.get_ref());
                self.findings.note(value.span().start, path, problem);
            }
        }
        tables
    }

    /// Notes a problem of a value that was read from here.
    pub(super) fn note(&mut self, key: &'static str, problem: KeyProblem) {
        let (path, value) = self.ask(key);
        let offset = value.map_or(0, |value| value.span().start);
        self.findings.note(offset, path, problem);
    }

    /// The line of a value, from 1.
    pub(super) fn line(&mut self, key: &'static str) -> Option<usize> {
        let (_, value) = self.ask(key);
        value.map(|value| self.findings.line(value.span().start))
    }

    /// Whether nothing is wrong so far with the key of this path below the table, or with a
    /// table on the way to it.
    pub(super) fn is_sound(&self, path: &str) -> bool {
        let path = if self.path.is_empty() { path } else { &format!("{}.{path}", self.path) };
        self.findings.is_sound(path)
    }
}

impl<'s, 'd> Section<'s, 'd> {
    /// Takes note that there is such a key, and gives its dotted path and its value.
    fn ask(&mut self, key: &'static str) -> (String, Option<&'s Spanned<DeValue<'d>>>) {
        let path = dotted(&self.path, key);
        if !self.known.contains(&key) {
            self.known.push(key);
            self.findings.note_known(path.clone());
        }
        let table: &'s DeTable<'d> = self.table;
        (path, table.get(key))
    }

    fn ask_table(&mut self, key: &'static str) -> (String, Option<&'s DeTable<'d>>) {
        let (path, value) = self.ask(key);
        let table = value.and_then(|value| value.get_ref().as_table());
        if let (Some(value), None) = (value, table) {
            let problem = wrong_type("a table", value.get_ref());
            self.findings.note(value.span().start, path.clone(), problem);
        }
        (path, table)
    }

    fn note_unknown(self) {
        for key in self.table.keys() {
            if !self.known.contains(&key.get_ref().as_ref()) {
                self.findings.note_unknown(UnknownKey {
                    offset: key.span().start,
                    path: dotted(&self.path, key.get_ref()),
                    key: key.get_ref().to_string(),
                    siblings: self.known.clone(),
                });
            }
        }
    }
}

fn parse_string<T: FromStr<Err: Into<KeyProblem>>>(value: &DeValue<'_>) -> Result<T, KeyProblem> {
    string(value)?.parse().map_err(Into::into)
}

fn string<'v>(value: &'v DeValue<'_>) -> Result<&'v str, KeyProblem> {
    value.as_str().ok_or_else(|| wrong_type("a string", value))
}
