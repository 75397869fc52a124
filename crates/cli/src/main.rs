//! The program `ringfence`.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A message is some dozen small allocations that live for a moment, or for a call: glibc's allocator took an eighth of
/// the time of a call for them and kept what calls had left in pieces.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    ringfence_cli::run(std::env::args_os())
}
