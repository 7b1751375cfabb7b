//! Running other programs: found on the search path, without input, their failure as one message.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::failure::Failure;

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs a command, its output going where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.stdin(Stdio::null()).status().map_err(|error| Failure::new(format!("{}: {error}", shown(command))))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{}` ended with {status}", shown(command)))) }
}

/// Runs a command and collects what it prints, whether it succeeds or not.
pub(crate) fn output(command: &mut Command) -> Result<Output, Failure> {
    command.stdin(Stdio::null()).output().map_err(|error| Failure::new(format!("{}: {error}", shown(command))))
}

/// Runs a command and returns its standard output; its messages are in the failure.
pub(crate) fn read(command: &mut Command) -> Result<String, Failure> {
    let output = output(command)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::new(format!("`{}` ended with {}\n{}{}", shown(command), output.status, text, messages.trim_end())))
}

/// Runs a command, printing its standard output line by line while handing each line on; whether it succeeded.
pub(crate) fn follow(command: &mut Command, mut line: impl FnMut(&str)) -> Result<bool, Failure> {
    let failure = |error: std::io::Error, command: &Command| Failure::new(format!("{}: {error}", shown(command)));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| failure(error, command))?;
    if let Some(stdout) = child.stdout.take() {
        for text in BufReader::new(stdout).lines() {
            let text = text.map_err(|error| failure(error, command))?;
            println!("{text}");
            line(&text);
        }
    }
    let status = child.wait().map_err(|error| failure(error, command))?;
    Ok(status.success())
}

/// The first of these programs that is on the search path.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|program| program.is_file())
}
