//! Prints Markdown tables whose columns line up, and figures with the digits that they deserve.

use std::fmt;

/// A Markdown table: the first `labels` columns are text, the others figures.
#[derive(Debug)]
pub struct Table {
    labels: usize,
    rows: Vec<Vec<String>>,
    header: Vec<String>,
}

impl Table {
    /// An empty table with these column heads.
    pub fn new(labels: usize, header: &[&str]) -> Self {
        let header = header.iter().map(|&head| head.to_owned()).collect();
        Self { labels, rows: Vec::new(), header }
    }

    /// Adds a row; a missing cell is empty, one too many is left out.
    pub fn row(&mut self, mut cells: Vec<String>) {
        cells.resize(self.header.len(), String::new());
        // A bar would end the cell, a line break the row.
        self.rows.push(
            cells.into_iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect(),
        );
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = || self.rows.iter().chain([&self.header]);
        let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
        // Three dashes make a rule that every Markdown reader takes.
        let widths: Vec<usize> =
            (0..self.header.len()).map(|column| width(column).max(3)).collect();
        let line = |f: &mut fmt::Formatter<'_>, row: &[String]| {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if column < self.labels {
                    write!(f, "| {cell:<width$} ")?;
                } else {
                    write!(f, "| {cell:>width$} ")?;
                }
            }
            writeln!(f, "|")
        };
        line(f, &self.header)?;
        for (column, width) in widths.iter().enumerate() {
            let colon = if column < self.labels { '-' } else { ':' };
            write!(f, "|{:-<1$}{colon}", "", width + 1)?;
        }
        writeln!(f, "|")?;
        self.rows.iter().try_for_each(|row| line(f, row))
    }
}

/// A figure with about three digits.
pub fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        large if large >= 100.0 => 0,
        medium if medium >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// A rate with about three digits, thousands as `k`.
pub fn rate(value: f64) -> String {
    if value >= 10_000.0 { format!("{}k", figure(value / 1000.0)) } else { format!("{value:.0}") }
}

/// The middle of some figures, the lower one of two; 0 of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_figures_are_on_the_right() {
        let mut table = Table::new(1, &["server", "µs"]);
        table.row(vec!["plain".into(), "9.5".into()]);
        table.row(vec!["with a guest".into(), "120".into()]);
        let expected = "\
| server       |  µs |
|--------------|----:|
| plain        | 9.5 |
| with a guest | 120 |
";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn a_cell_cannot_break_the_table() {
        let mut table = Table::new(1, &["what"]);
        table.row(vec!["a|b\nc".into(), "too many".into()]);
        table.row(Vec::new());
        let text = table.to_string();
        assert_eq!(text.lines().collect::<Vec<_>>()[2..], ["| a\\|b c |", "|        |"]);
    }

    #[test]
    fn figures_have_about_three_digits() {
        let figures = [0.987, 9.994, 42.75, 123.4].map(figure);
        assert_eq!(figures, ["0.99", "9.99", "42.8", "123"]);
        assert_eq!([8821.4, 52_900.0, 980_000.0].map(rate), ["8821", "52.9k", "980k"]);
    }

    #[test]
    fn the_median_is_one_of_the_figures() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.0);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
