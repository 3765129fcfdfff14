//! The command `sekisho`; see `sekisho --help`.

use std::process::ExitCode;

/// Requests are many small allocations, made and freed on different threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sekisho::cli::main()
}
