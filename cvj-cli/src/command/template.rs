//! `cvj template`: the empty worksheet.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::arguments::TemplateArguments;
use crate::command::Done;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Writes the empty worksheet, unless another file is there.
pub(crate) fn run(arguments: &TemplateArguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let path = &arguments.out;
    let template = cvj_report::empty_worksheet()?;
    let there = match std::fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(Failure::File { doing: "read", path: path.clone(), error }),
    };
    match there {
        Some(bytes) if bytes == template => terminal.note("the empty worksheet is there already"),
        Some(_) if !arguments.force => return Err(Failure::TemplateDiffers(path.clone())),
        _ => write_whole(path, &template).map_err(|error| Failure::File { doing: "written", path: path.clone(), error })?,
    }
    terminal.data(&path.display().to_string())?;
    Ok(Done::Clean)
}

/// Writes aside and moves into place, so that the file is never half written.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it is no file name"))?;
    let mut aside_name = std::ffi::OsString::from(".");
    aside_name.push(name);
    aside_name.push(".cvj-new");
    let aside: PathBuf = path.with_file_name(aside_name);
    let outcome = std::fs::write(&aside, bytes).and_then(|()| std::fs::rename(&aside, path));
    if outcome.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&aside);
    }
    outcome
}
