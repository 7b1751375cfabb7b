//! The `cvj` command: exports in, per-product Customer Value Journey report out.
//!
//! [`arguments`] says what can be asked, [`command`] does it, [`terminal`] is the only place that prints, and
//! [`output_folder`] the only one that changes a reports folder.
//!
//! **Invariant:** this is the only crate of the workspace that prints, prompts or exits.

mod activities;
mod arguments;
mod brand;
mod command;
mod data_quality;
mod earlier_report;
mod failure;
mod format;
mod grid;
mod interrupt;
mod output_folder;
mod progress;
mod terminal;
mod vault;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Stack of a thread that works: planning a query in an unoptimised build recurses far deeper than 2 MB (Windows: 1 MB) allow.
const STACK_BYTES: usize = 16 << 20;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => {
            // Help and version go to stdout, everything else to stderr; a closed pipe is nobody's error.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(Failure::EXIT_USAGE));
        }
    };
    let terminal = Arc::new(Terminal::new(&arguments.output));
    let worker = {
        let terminal = Arc::clone(&terminal);
        std::thread::Builder::new()
            .name("cvj".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || command::run(arguments, &terminal))
    };
    let outcome = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Failure::Fault("the command stopped half-way (the lines above say where)".to_owned())),
        Err(error) => Err(Failure::Fault(format!("no thread could be started: {error}"))),
    };
    match outcome {
        Ok(done) => done.exit_code(),
        Err(failure) => {
            terminal.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
