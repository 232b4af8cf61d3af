//! Plain tables: columns of text, aligned, two spaces apart.

use std::time::Duration;

use crate::telemetry::escaped;

/// The characters of a digest that tables and sentences show.
pub(crate) const SHORT_DIGEST_CHARS: usize = 12;

/// A table with a line of headings.
pub(crate) struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(headings: [&str; COLUMNS]) -> Self {
        Self { rows: vec![headings.map(str::to_owned)] }
    }

    /// Adds a row. What is unsafe for a terminal is escaped; nothing becomes `-`, so that a
    /// program that splits at spaces counts the same columns.
    pub(crate) fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells.map(|cell| match cell.as_str() {
            "" => "-".to_owned(),
            cell => escaped(cell).into_owned(),
        }));
    }

    /// The table, each line with a newline at its end and no spaces before it.
    pub(crate) fn render(&self) -> String {
        let mut widths = [0; COLUMNS];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

/// A length of time in its largest unit, cut: `59s`, `3m`, `23h`, `12d`.
pub(crate) fn age(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ ..3_600 => format!("{}m", seconds / 60),
        seconds @ ..86_400 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_cells_escaped() {
        let mut table = Table::new(["NAME", "N", "LAST"]);
        table.row(["é".into(), "1000".into(), "\u{1b}[0m".into()]);
        table.row(["longer".into(), String::new(), String::new()]);
        let text = "NAME    N     LAST\né       1000  \\u{1b}[0m\nlonger  -     -\n";
        assert_eq!(table.render(), text);
    }

    #[test]
    fn ages_are_cut_to_the_largest_unit() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3_599, "59m"),
            (3_600, "1h"),
            (86_399, "23h"),
            (86_400, "1d"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }
}
