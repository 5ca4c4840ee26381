//! `passage-coordinator`: parse, carry out, map the failure to an exit code.

use std::process::ExitCode;

use clap::Parser;
use passage_coordinator::cli::{self, Cli};

fn main() -> ExitCode {
    let parsed = Cli::parse();
    let form = parsed.form();
    match cli::run(parsed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            cli::report(&failure, form);
            ExitCode::from(failure.exit())
        }
    }
}
