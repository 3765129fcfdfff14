//! The command `sekisho`; see `sekisho --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sekisho::cli::main()
}
