//! Runs one emulator by hand: `cvj-emulator hubspot --contacts 1000`, `cvj-emulator odoo --version 17`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use cvj_emulators::hubspot::{Limits, Portal, Size, TOKEN};
use cvj_emulators::odoo::{Odoo, Sample};
use cvj_emulators::{Emulator, Server};

const USAGE: &str = "\
Usage: cvj-emulator hubspot [--contacts N] [--deals N] [--companies N] [--seed N] [--port N] [--limit N]
       cvj-emulator odoo [--version 17|19] [--leads N] [--mailings N] [--port N]

Prints its address and token or key, and answers until it is stopped. --limit is how many requests it allows in ten seconds,
searches included; without it, those of a professional portal.";

fn run(arguments: &[String]) -> Result<(), String> {
    let (vendor, options) = arguments.split_first().ok_or("which emulator?")?;
    match vendor.as_str() {
        "hubspot" => hubspot(options),
        "odoo" => odoo(options),
        _ => Err(format!("there is no emulator of {vendor}")),
    }
}

fn hubspot(options: &[String]) -> Result<(), String> {
    let (mut size, mut seed, mut port, mut limits) = (Size::of(1000), 1, 0, Limits::default());
    for (name, value) in numbers(options)? {
        match name {
            "--contacts" => size = Size::of(value),
            "--deals" => size.deals = value,
            "--companies" => size.companies = value,
            "--seed" => seed = value,
            "--port" => port = value,
            "--limit" => limits = Limits::per_ten_seconds(u32::try_from(value).unwrap_or(u32::MAX)),
            _ => return Err(format!("there is no option {name}")),
        }
    }
    serve(Portal::generate(seed, size).with_limits(limits), port, TOKEN)
}

fn odoo(options: &[String]) -> Result<(), String> {
    let (mut sample, mut version, mut port) = (Sample::default(), 19, 0);
    for (name, value) in numbers(options)? {
        match name {
            "--version" => version = value as i64,
            "--leads" => sample.leads = value as i64,
            "--mailings" => sample.mailings = value as i64,
            "--port" => port = value,
            _ => return Err(format!("there is no option {name}")),
        }
    }
    let odoo = Odoo::new(version, &sample);
    let key = odoo.users[0].key.clone();
    serve(odoo, port, &key)
}

/// Options with the number that follows each.
fn numbers(options: &[String]) -> Result<Vec<(&str, u64)>, String> {
    let mut numbers = Vec::new();
    for option in options.chunks(2) {
        let [name, value] = option else { return Err(format!("{} needs a number", option[0])) };
        numbers.push((name.as_str(), value.parse().map_err(|_| format!("{name} needs a number, not {value}"))?));
    }
    Ok(numbers)
}

fn serve<E: Emulator>(emulator: E, port: u64, secret: &str) -> Result<(), String> {
    let port = u16::try_from(port).map_err(|_| "no port is as large as that")?;
    let server = Server::start_on(emulator, port).map_err(|error| format!("port {port}: {error}"))?;
    writeln!(io::stdout(), "{} {secret}", server.url()).map_err(|error| error.to_string())?;
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
