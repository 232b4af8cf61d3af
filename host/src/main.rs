//! The binary `sockhop`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sockhop::cli::main()
}
