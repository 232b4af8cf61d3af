//! The binary `sockhop`.

use std::process::ExitCode;

/// Gives memory back after a storm of connections, which the system's allocator keeps, and is as
/// fast at least.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sockhop::cli::main()
}
