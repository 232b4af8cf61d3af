//! What neighbours did to an echo, as a Markdown table and as JSON.

use std::fmt;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::hostile::Tally;
use crate::load::Outcome;
use crate::machine::Machine;
use crate::ratio::{Ratio, TURNS_TO_BE_SURE};
use crate::table::{Table, figure, median};

/// The most by which a neighbour may lengthen the echo's 99th percentile.
const P99_FACTOR_LIMIT: f64 = 3.0;

/// The findings of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where and when.
    pub machine: Machine,
    /// The host's version.
    pub version: String,
    /// How it was measured.
    pub method: String,
    /// A row for each specimen.
    pub rows: Vec<Row>,
}

/// An echo with and without one neighbour.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The neighbour.
    pub guest: String,
    /// The echo alone.
    pub alone: Side,
    /// The echo beside it.
    pub beside: Side,
    /// Its 99th percentile beside the neighbour to that alone, turn by turn.
    pub p99_factor: Ratio,
    /// The same, of each turn.
    pub turns_p99_factor: Vec<f64>,
    /// Messages that its clients sent to it meanwhile.
    pub provocations: u64,
    /// Their connections.
    pub visits: u64,
    /// Their connections that were refused.
    pub refused: u64,
}

/// The echo in one of the two.
#[derive(Debug, Serialize)]
pub struct Side {
    /// Messages answered in the measured time of all windows.
    pub messages: u64,
    /// Messages lost in the whole run.
    pub lost: u64,
    /// Latency that half of the messages stayed below, in milliseconds; of the median window.
    pub p50_ms: f64,
    /// Latency that 99 of 100 messages stayed below, in milliseconds; of the median window.
    pub p99_ms: f64,
    /// The longest latency in any window, in milliseconds.
    pub max_ms: f64,
    /// Resident memory of the host at the end of the last window, in KiB.
    pub resident_kib: u64,
    /// The 99th percentile of each window, in the order of time, in milliseconds.
    pub windows_p99_ms: Vec<f64>,
    /// What went wrong.
    pub failures: Vec<String>,
}

impl Side {
    fn of(windows: &[Outcome]) -> Result<Self> {
        let last = windows.last().context("no window")?;
        let latencies = |share| windows.iter().map(|window| window.latency_ms(share)).collect();
        let windows_p99_ms: Vec<f64> = latencies(0.99);
        let longest = windows.iter().map(|window| window.latency.max()).max().unwrap_or_default();
        Ok(Self {
            messages: windows.iter().map(|window| window.messages).sum(),
            lost: windows.iter().map(|window| window.lost).sum(),
            p50_ms: median(latencies(0.5)),
            p99_ms: median(windows_p99_ms.clone()),
            max_ms: longest as f64 / 1e6,
            resident_kib: last.server_resident_kib.context("no resident memory")?,
            windows_p99_ms,
            failures: windows.iter().flat_map(|window| window.failures.clone()).collect(),
        })
    }

    /// How much its 99th percentile is to that alone, in each turn.
    fn p99_factors(&self, alone: &Self) -> Vec<f64> {
        let turns = self.windows_p99_ms.iter().zip(&alone.windows_p99_ms);
        turns.map(|(beside, alone)| beside / alone).collect()
    }
}

/// Whether a ratio is within the limit: neither where the turns do not say.
fn within_limit(factor: &Ratio, turns: usize) -> &'static str {
    if turns < TURNS_TO_BE_SURE {
        "unclear"
    } else if factor.high <= P99_FACTOR_LIMIT {
        "yes"
    } else if factor.low > P99_FACTOR_LIMIT {
        "no"
    } else {
        "unclear"
    }
}

impl Row {
    /// The figures of windows alone and beside, in which the server's process was watched.
    ///
    /// # Errors
    /// It was not, or there were none.
    pub fn of(guest: &str, alone: &[Outcome], beside: &[Outcome], tally: Tally) -> Result<Self> {
        Ok(Self::compare(guest, Side::of(alone)?, Side::of(beside)?, tally))
    }

    fn compare(guest: &str, alone: Side, beside: Side, tally: Tally) -> Self {
        let turns_p99_factor = beside.p99_factors(&alone);
        Self {
            guest: guest.to_owned(),
            p99_factor: Ratio::of_turns(turns_p99_factor.iter().copied()),
            turns_p99_factor,
            alone,
            beside,
            provocations: tally.provocations,
            visits: tally.visits,
            refused: tally.refused,
        }
    }

    /// The row in one line.
    pub fn describe(&self) -> String {
        let Self { guest, alone, beside, p99_factor, provocations, visits, refused, .. } = self;
        format!(
            "{guest}: p99 {} ms alone, {} ms beside, {} times as much, max {} ms, {} lost; \
             {provocations} provocations on {visits} connections, {refused} refused",
            figure(alone.p99_ms),
            figure(beside.p99_ms),
            figure(p99_factor.median),
            figure(beside.max_ms),
            self.lost(),
        )
    }

    /// Messages lost alone and beside.
    pub fn lost(&self) -> u64 {
        self.alone.lost + self.beside.lost
    }

    /// What went wrong with connections of the echo, alone and beside.
    pub fn failures(&self) -> impl Iterator<Item = &String> {
        self.alone.failures.iter().chain(&self.beside.failures)
    }

    fn cells(&self) -> Vec<String> {
        let factor = &self.p99_factor;
        let mib = |side: &Side| figure(side.resident_kib as f64 / 1024.0);
        vec![
            self.guest.clone(),
            figure(self.alone.p50_ms),
            figure(self.beside.p50_ms),
            figure(self.alone.p99_ms),
            figure(self.beside.p99_ms),
            format!(
                "{} ({} to {})",
                figure(factor.median),
                figure(factor.low),
                figure(factor.high)
            ),
            within_limit(factor, self.turns_p99_factor.len()).to_owned(),
            figure(self.turns_p99_factor.iter().copied().fold(0.0, f64::max)),
            figure(self.beside.max_ms),
            self.lost().to_string(),
            self.provocations.to_string(),
            self.refused.to_string(),
            format!("{} -> {}", mib(&self.alone), mib(&self.beside)),
        ]
    }
}

impl Report {
    /// Whether the echo was unharmed. The time that its replies took is left to the reader: it
    /// depends on what else the machine does.
    ///
    /// # Errors
    /// It lost a message, or a connection of it failed otherwise.
    pub fn check(&self) -> Result<()> {
        let lost: u64 = self.rows.iter().map(Row::lost).sum();
        let failures: usize = self.rows.iter().map(|row| row.failures().count()).sum();
        ensure!(
            lost == 0 && failures == 0,
            "the healthy echo lost {lost} messages, {failures} of its connections failed"
        );
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine.describe())?;
        writeln!(f, "Version: {}\n{}", self.version, self.method)?;
        let header = [
            "guest",
            "p50 ms alone",
            "beside",
            "p99 ms alone",
            "beside",
            "factor",
            "within 3x",
            "worst turn",
            "max ms",
            "lost",
            "provoked",
            "refused",
            "RSS MiB",
        ];
        let mut table = Table::new(1, &header);
        self.rows.iter().for_each(|row| table.row(row.cells()));
        writeln!(f, "\n{table}")?;
        for row in &self.rows {
            for failure in row.failures() {
                writeln!(f, "{}: {failure}", row.guest)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(p99_ms: f64, lost: u64, failures: &[&str]) -> Side {
        let failures = failures.iter().map(|&failure| failure.to_owned()).collect();
        let (p50_ms, max_ms) = (0.5, 20.0);
        let windows_p99_ms = vec![p99_ms; 9];
        let (messages, resident_kib) = (1000, 2048);
        Side { messages, lost, p50_ms, p99_ms, max_ms, resident_kib, windows_p99_ms, failures }
    }

    fn report(alone: Side, beside: Side) -> Report {
        let machine = Machine {
            cpu: "a CPU".to_owned(),
            cpus: 2,
            kernel: "6.1".to_owned(),
            load: 0.0,
            date: "2026-01-01".to_owned(),
        };
        let row = Row::compare("floods", alone, beside, Tally::default());
        Report { machine, version: String::new(), method: String::new(), rows: vec![row] }
    }

    #[test]
    fn a_lost_message_or_a_failure_is_an_error_and_a_slow_reply_is_not() {
        assert!(report(side(1.0, 0, &[]), side(90.0, 0, &[])).check().is_ok());
        assert!(report(side(1.0, 1, &[]), side(1.0, 0, &[])).check().is_err());
        assert!(report(side(1.0, 0, &[]), side(1.0, 1, &[])).check().is_err());
        assert!(report(side(1.0, 0, &[]), side(1.0, 0, &["a byte too many"])).check().is_err());
    }

    #[test]
    fn the_99th_percentiles_of_a_turn_are_compared() {
        // A machine that becomes slower changes both sides of a turn.
        let verdict = |factors: &[f64]| {
            let (mut alone, mut beside) = (side(0.0, 0, &[]), side(0.0, 0, &[]));
            alone.windows_p99_ms = (0..factors.len()).map(|turn| (turn + 1) as f64).collect();
            let turns = alone.windows_p99_ms.iter().zip(factors);
            beside.windows_p99_ms = turns.map(|(alone, factor)| alone * factor).collect();
            let text = report(alone, beside).to_string();
            let row = text.lines().find(|line| line.starts_with("| floods")).expect("a row");
            row.split('|').map(str::trim).skip(6).take(3).collect::<Vec<_>>().join(" | ")
        };
        assert_eq!(verdict(&[3.0; 9]), "3.00 (3.00 to 3.00) | yes | 3.00");
        assert_eq!(verdict(&[4.0; 9]), "4.00 (4.00 to 4.00) | no | 4.00");
        let odd = [90.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.5, 0.1];
        assert_eq!(verdict(&odd), "2.00 (2.00 to 2.50) | yes | 90.0", "one odd turn says nothing");
        let split = [2.0, 2.0, 2.0, 2.0, 2.9, 4.0, 4.0, 4.0, 4.0];
        assert_eq!(verdict(&split), "2.90 (2.00 to 4.00) | unclear | 4.00");
        assert_eq!(verdict(&[2.0; 5]), "2.00 (2.00 to 2.00) | unclear | 2.00", "too few turns");
    }

    #[test]
    fn failures_stand_below_the_table() {
        let text = report(side(1.0, 0, &[]), side(1.0, 1, &["connection 3: closed"])).to_string();
        assert!(text.ends_with("\nfloods: connection 3: closed\n"), "{text}");
    }
}
