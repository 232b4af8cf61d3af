//! How many instances this machine can hold at a time.
//!
//! Mappings are what runs out first: each live instance with a copy-on-write memory image takes
//! four of the process's memory mappings, and each stack slot two more when the pool is made. An
//! instance keeps its stack.

use std::fs;

use thiserror::Error;

/// Mappings that one instance takes, its stack included.
const MAPPINGS_PER_INSTANCE: u64 = 6;

/// Mappings that are kept for the rest of the process: threads, libraries, the allocator, compiled
/// code.
const MAPPINGS_RESERVED: u64 = 8_000;

/// Where Linux says how many mappings a process may have, and how many these are by default.
const MAX_MAP_COUNT: &str = "/proc/sys/vm/max_map_count";
const MAPPINGS_DEFAULT: u64 = 65_530;

/// The most instances that are pooled whatever the kernel allows: address space, of which each slot
/// reserves somewhat over 4 GiB, ends at 128 TiB.
const INSTANCES_MAX: u64 = 20_000;

/// How many instances may live at a time, and what sets that bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The bound.
    pub instances: u32,
    /// The bound that the machine sets.
    pub machine: u32,
    /// The kernel's `vm.max_map_count`.
    pub max_map_count: u64,
}

/// Why the wanted capacity cannot be had. The operator is to act.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CapacityError {
    /// More instances were asked for than the machine can hold.
    #[error(
        "{wanted} instances are asked for (sandbox.instances), but vm.max_map_count = \
         {max_map_count} allows {allowed}; raise it (sysctl -w \
         vm.max_map_count={needed_map_count}) or ask for fewer"
    )]
    TooMany {
        /// What was asked for.
        wanted: u32,
        /// What the machine allows.
        allowed: u32,
        /// The kernel's setting.
        max_map_count: u64,
        /// The setting that would allow it.
        needed_map_count: u64,
    },
    /// More were asked for than there is address space for.
    #[error(
        "{wanted} instances are asked for (sandbox.instances); at most {allowed} fit \
         the address space"
    )]
    AddressSpace {
        /// What was asked for.
        wanted: u32,
        /// What fits.
        allowed: u64,
    },
    /// The kernel does not say what it allows.
    #[error("{MAX_MAP_COUNT} cannot be read; the host needs Linux with /proc")]
    Unknown,
    /// Not even one instance fits.
    #[error(
        "vm.max_map_count = {0} leaves no room for an instance; raise it to \
         {MAPPINGS_DEFAULT} or more"
    )]
    None(u64),
}

impl Capacity {
    /// What this machine holds, or `wanted` where that is less. 0 wants as many as the machine
    /// holds.
    ///
    /// # Errors
    /// [`CapacityError`] where the machine does not hold `wanted`.
    pub fn of_machine(wanted: u32) -> Result<Self, CapacityError> {
        let text = fs::read_to_string(MAX_MAP_COUNT).map_err(|_| CapacityError::Unknown)?;
        let max_map_count = text.trim().parse().map_err(|_| CapacityError::Unknown)?;
        Self::compute(max_map_count, wanted)
    }

    fn compute(max_map_count: u64, wanted: u32) -> Result<Self, CapacityError> {
        let free = max_map_count.saturating_sub(MAPPINGS_RESERVED);
        let allowed = (free / MAPPINGS_PER_INSTANCE).min(INSTANCES_MAX);
        let machine = u32::try_from(allowed).unwrap_or(u32::MAX);
        if machine == 0 {
            return Err(CapacityError::None(max_map_count));
        }
        if u64::from(wanted) > INSTANCES_MAX {
            return Err(CapacityError::AddressSpace { wanted, allowed: INSTANCES_MAX });
        }
        if wanted > machine {
            let needed_map_count = u64::from(wanted) * MAPPINGS_PER_INSTANCE + MAPPINGS_RESERVED;
            return Err(CapacityError::TooMany {
                wanted,
                allowed: machine,
                max_map_count,
                needed_map_count,
            });
        }
        let instances = if wanted == 0 { machine } else { wanted };
        Ok(Self { instances, machine, max_map_count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_kernel_holds_about_ten_thousand() {
        let capacity = Capacity::compute(65_530, 0).expect("room");
        assert_eq!(capacity.instances, 9_588);
        assert_eq!(Capacity::compute(65_530, 100).expect("room").instances, 100);
    }

    #[test]
    fn too_many_are_refused_with_the_setting_that_would_do() {
        let error = Capacity::compute(65_530, 10_000).expect_err("too many");
        assert!(error.to_string().contains("vm.max_map_count=68000"), "{error}");
        assert_eq!(Capacity::compute(68_000, 10_000).expect("room").instances, 10_000);
        assert_eq!(Capacity::compute(5_000, 0), Err(CapacityError::None(5_000)));
    }
}
