//! Keeps the server and the generator on CPUs of their own.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Which CPU the server gets and which the generator.
///
/// Without pinning the two take turns on the same CPU at the scheduler's whim, and the CPU time of
/// a message depends on it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Pins {
    /// The server's CPU and the generator's; `None` leaves both to the scheduler.
    pair: Option<(usize, usize)>,
}

impl Pins {
    /// The first two CPUs that this process may use; no pinning where there is only one.
    ///
    /// # Errors
    /// The kernel does not say which CPUs there are.
    pub fn split() -> io::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cpus = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu));
        Ok(Self { pair: cpus.next().zip(cpus.next()) })
    }

    /// Leaves both to the scheduler.
    pub fn none() -> Self {
        Self::default()
    }

    /// Moves the calling thread, and those that it starts from now on, to the generator's CPU.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn enter_generator(self) -> io::Result<()> {
        self.pair.map_or(Ok(()), |(_, generator)| pin_this_thread(generator))
    }

    /// Runs `start` on the server's CPU, so that a process which it spawns inherits that CPU.
    ///
    /// # Errors
    /// The kernel refuses to move the thread there or back.
    pub fn on_server<T>(self, start: impl FnOnce() -> T) -> io::Result<T> {
        let Some((server, _)) = self.pair else { return Ok(start()) };
        let before = sched_getaffinity(None)?;
        pin_this_thread(server)?;
        let started = start();
        sched_setaffinity(None, &before)?;
        Ok(started)
    }

    /// How the two are placed, for a report's header.
    pub fn describe(self) -> String {
        match self.pair {
            Some((server, generator)) => {
                format!("server pinned to CPU {server}, generator to CPU {generator}")
            }
            None => "server and generator not pinned".to_owned(),
        }
    }
}

fn pin_this_thread(cpu: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    Ok(sched_setaffinity(None, &set)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;

    fn allowed_now() -> String {
        let status = fs::read_to_string("/proc/thread-self/status").expect("status");
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        line.expect("a list of CPUs").trim().to_owned()
    }

    #[test]
    fn the_server_starts_on_its_cpu_and_the_caller_comes_back() {
        thread::spawn(|| {
            let before = allowed_now();
            let pins = Pins::split().expect("CPUs");
            let inside = pins.on_server(allowed_now).expect("moved");
            assert_eq!(allowed_now(), before);
            let expected = pins.pair.map_or(before, |(server, _)| server.to_string());
            assert_eq!(inside, expected);
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn without_pinning_nothing_moves() {
        let before = allowed_now();
        assert_eq!(Pins::none().on_server(allowed_now).expect("run"), before);
    }
}
