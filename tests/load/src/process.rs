//! Reads what a process, and the whole machine, has used from `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks a second in `/proc/PID/stat`.
///
/// The kernel reports them in `USER_HZ`, which is 100 on every architecture that Linux offers to
/// programs built for x86-64 and ARM, whatever its own tick is.
const TICKS_PER_SECOND: u64 = 100;

/// The CPU time of a process, user and system, of all its threads, those that have ended included.
///
/// # Errors
/// The process is gone, or its `stat` is not as proc(5) describes it.
pub fn cpu_time(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse_cpu_time(&stat).with_context(|| format!("{path} is not as proc(5) describes it"))
}

/// The resident memory of a process, in KiB.
///
/// # Errors
/// The process is gone, or its `status` has no `VmRSS`.
pub fn resident_kib(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse_resident_kib(&status).with_context(|| format!("{path} has no VmRSS"))
}

/// The time for which the machine's CPUs have done anything, added up over them.
///
/// # Errors
/// `/proc/stat` is not as proc(5) describes it.
pub fn machine_busy_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    parse_busy_time(&stat).context("/proc/stat is not as proc(5) describes it")
}

fn parse_busy_time(stat: &str) -> Option<Duration> {
    let times = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let times: Vec<u64> =
        times.split_ascii_whitespace().map(|time| time.parse().ok()).collect::<Option<_>>()?;
    // user nice system idle iowait irq softirq steal; guest times are part of user and nice.
    let [user, nice, system, _, _, irq, soft_irq, steal, ..] = times[..] else { return None };
    Some(ticks(user + nice + system + irq + soft_irq + steal))
}

fn parse_cpu_time(stat: &str) -> Option<Duration> {
    // The second field is the program's name in brackets, and may itself hold spaces and brackets:
    // fields are counted from behind the last one. `utime` is field 14, `stime` field 15.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(ticks(user + system))
}

fn ticks(count: u64) -> Duration {
    Duration::from_millis(count * (1000 / TICKS_PER_SECOND))
}

fn parse_resident_kib(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    value.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process;
    use std::time::Instant;

    use super::*;

    #[test]
    fn cpu_time_is_user_and_system() {
        let stat = "7 (echo) S 1 7 7 0 -1 4194560 9 8 7 6 250 50 3 4 20 0 3 0 100 1 2";
        assert_eq!(parse_cpu_time(stat), Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_name_with_brackets_and_spaces_moves_no_field() {
        let stat = "7 (a) S 9 (b) R 1 7 7 0 -1 4194560 9 8 7 6 1 2 3 4 20 0 3 0 100 1 2";
        assert_eq!(parse_cpu_time(stat), Some(Duration::from_millis(30)));
    }

    #[test]
    fn a_cut_stat_is_refused() {
        assert_eq!(parse_cpu_time("7 (echo) S 1 7 7"), None);
        assert_eq!(parse_cpu_time(""), None);
    }

    #[test]
    fn a_machine_is_busy_with_all_but_idling_and_waiting() {
        let stat = "cpu  100 20 3 9999 9999 4 5 6 7 7\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(parse_busy_time(stat), Some(Duration::from_millis(1380)));
        assert_eq!(parse_busy_time("cpu  1 2 3\n"), None);
    }

    #[test]
    fn resident_memory_is_in_kib() {
        let status = "Name:\techo\nVmHWM:\t  9000 kB\nVmRSS:\t    4096 kB\nThreads:\t1\n";
        assert_eq!(parse_resident_kib(status), Some(4096));
        assert_eq!(parse_resident_kib("Name:\techo\n"), None);
    }

    #[test]
    fn this_process_uses_time_and_memory() {
        let before = cpu_time(process::id()).expect("this process");
        let deadline = Instant::now() + Duration::from_secs(20);
        while cpu_time(process::id()).expect("this process") == before {
            assert!(Instant::now() < deadline, "20 s of work took no CPU time");
        }
        assert!(resident_kib(process::id()).expect("this process") > 100);
    }
}
