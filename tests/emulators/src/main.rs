//! Runs one emulator by hand: `cvj-emulator hubspot --contacts 1000`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use cvj_emulators::Server;
use cvj_emulators::hubspot::{Limits, Portal, Size, TOKEN};

const USAGE: &str = "\
Usage: cvj-emulator hubspot [--contacts N] [--deals N] [--companies N] [--seed N] [--port N] [--limit N]

Prints its address and token, and answers until it is stopped. --limit is how many requests it allows in ten seconds, searches
included; without it, those of a professional portal.";

fn run(arguments: &[String]) -> Result<(), String> {
    let (vendor, options) = arguments.split_first().ok_or("which emulator?")?;
    if vendor != "hubspot" {
        return Err(format!("there is no emulator of {vendor}"));
    }
    let mut size = Size::of(1000);
    let (mut seed, mut port, mut limits) = (1, 0, Limits::default());
    for option in options.chunks(2) {
        let [name, value] = option else { return Err(format!("{} needs a number", option[0])) };
        let value: u64 = value.parse().map_err(|_| format!("{name} needs a number, not {value}"))?;
        match name.as_str() {
            "--contacts" => size = Size::of(value),
            "--deals" => size.deals = value,
            "--companies" => size.companies = value,
            "--seed" => seed = value,
            "--port" => port = u16::try_from(value).map_err(|_| "no port is as large as that")?,
            "--limit" => limits = Limits::per_ten_seconds(u32::try_from(value).unwrap_or(u32::MAX)),
            _ => return Err(format!("there is no option {name}")),
        }
    }
    let portal = Portal::generate(seed, size).with_limits(limits);
    let server = Server::start_on(portal, port).map_err(|error| format!("port {port}: {error}"))?;
    writeln!(io::stdout(), "{} {TOKEN}", server.url()).map_err(|error| error.to_string())?;
    loop {
        std::thread::park();
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Err(message) = run(&arguments) else { return ExitCode::SUCCESS };
    // There is nobody left to tell if this cannot be written.
    let _ = writeln!(io::stderr(), "error: {message}\n\n{USAGE}");
    ExitCode::from(2)
}
