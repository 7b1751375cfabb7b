//! Paths and globs of the configuration to files: sorted, without copies, and with errors that name what is there instead.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cvj_core::nearest::nearest;
use cvj_core::{SourceError, Status};
use serde::{Deserialize, Serialize};

use crate::settings::Paths;

/// A file as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileStamp {
    /// Its path, relative to the client's folder where it lies below it; parts are separated by `/`.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified: u64,
}

impl FileStamp {
    /// Looks at a file.
    pub fn of(folder: &Path, path: &str) -> Result<Self, SourceError> {
        let metadata = fs::metadata(folder.join(path)).map_err(|error| cannot("read", path, &error))?;
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map_or(0, |since| since.as_nanos() as u64);
        Ok(Self { path: path.to_owned(), size: metadata.len(), modified })
    }

    /// The file's name, without folders.
    pub fn name(&self) -> &str {
        file_name(&self.path)
    }

    /// Opens the file, if it still is what it was.
    pub fn open(&self, folder: &Path) -> Result<File, SourceError> {
        if Self::of(folder, &self.path)? != *self {
            return Err(SourceError::new(Status::InvalidData, format!("`{}` was changed while it was read", self.path))
                .with_hint("run the command again when nothing writes to the file"));
        }
        File::open(folder.join(&self.path)).map_err(|error| cannot("open", &self.path, &error))
    }
}

/// An error of reading a file, with its path.
pub fn cannot(what: &str, path: &str, error: &std::io::Error) -> SourceError {
    let status = if error.kind() == std::io::ErrorKind::NotFound { Status::NotFound } else { Status::Io };
    SourceError::new(status, format!("cannot {what} `{path}`: {error}"))
}

/// A path's last part.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The files that the paths name, in order of their paths. Paths are relative to `folder`.
pub fn find(folder: &Path, paths: &Paths) -> Result<Vec<FileStamp>, SourceError> {
    let mut found = Vec::new();
    for written in paths.as_slice() {
        let before = found.len();
        if folder.join(written).is_file() {
            found.push(written.clone());
        } else {
            found.extend(matches(folder, written)?);
        }
        if found.len() == before {
            return Err(nothing(folder, written));
        }
    }
    if found.is_empty() {
        return Err(SourceError::new(Status::InvalidArgument, "`path` names no file").with_hint("set `path = \"exports/*.csv\"`"));
    }
    found.sort();
    found.dedup();
    found.iter().map(|path| FileStamp::of(folder, path)).collect()
}

/// The files that a glob matches, hidden ones and the lock files of office programs left out.
fn matches(folder: &Path, written: &str) -> Result<Vec<String>, SourceError> {
    let absolute = Path::new(written).is_absolute();
    let pattern =
        if absolute { written.to_owned() } else { format!("{}/{written}", glob::Pattern::escape(&folder.to_string_lossy())) };
    let paths = glob::glob(&pattern).map_err(|error| {
        SourceError::new(Status::InvalidArgument, format!("`path = \"{written}\"` is no valid pattern: {}", error.msg))
    })?;
    let files = paths.filter_map(Result::ok).filter(|path| path.is_file()).filter(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        !name.starts_with('.') && !name.starts_with("~$")
    });
    Ok(files.map(|path| relative(folder, &path)).collect())
}

fn relative(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn nothing(folder: &Path, written: &str) -> SourceError {
    if folder.join(written).is_dir() {
        let error = SourceError::new(Status::InvalidArgument, format!("`path = \"{written}\"` is a folder"));
        return error.with_hint(format!("name its files: `{}/*`", written.trim_end_matches('/')));
    }
    let error = SourceError::new(Status::NotFound, format!("no file matches `path = \"{written}\"`"));
    let parent = Path::new(written).parent().map(Path::to_path_buf).unwrap_or_default();
    let listed = if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent };
    let mut names: Vec<_> = fs::read_dir(folder.join(&listed))
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let shown = listed.display();
    if !folder.join(&listed).is_dir() {
        return error.with_hint(format!("there is no folder `{shown}`; paths are relative to cvj.toml"));
    }
    if names.is_empty() {
        return error.with_hint(format!("the folder `{shown}` holds no files; paths are relative to cvj.toml"));
    }
    if let Some(near) = nearest(file_name(written), names.iter().map(String::as_str)) {
        return error.with_hint(format!(
            "did you mean `{}`?",
            if shown.to_string() == "." { near.to_owned() } else { format!("{shown}/{near}") }
        ));
    }
    let more = names.len().saturating_sub(8);
    names.truncate(8);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    error.with_hint(format!("the folder `{shown}` holds {}{more}", names.join(", ")))
}

/// Files of equal bytes: for every file that is a copy of an earlier one, the index of that one.
pub fn copies(folder: &Path, files: &[FileStamp]) -> Result<HashMap<usize, usize>, SourceError> {
    let mut originals: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut copies = HashMap::new();
    for (index, file) in files.iter().enumerate() {
        let same_size = originals.entry(file.size).or_default();
        let mut original = None;
        for candidate in same_size.iter().copied() {
            if equal(folder, &files[candidate], file)? {
                original = Some(candidate);
                break;
            }
        }
        match original {
            Some(original) => {
                copies.insert(index, original);
            }
            None => same_size.push(index),
        }
    }
    Ok(copies)
}

fn equal(folder: &Path, one: &FileStamp, other: &FileStamp) -> Result<bool, SourceError> {
    let mut readers = (open(folder, one)?, open(folder, other)?);
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let read = fill(&mut readers.0, &mut left).map_err(|error| cannot("read", &one.path, &error))?;
        let also = fill(&mut readers.1, &mut right).map_err(|error| cannot("read", &other.path, &error))?;
        if left[..read] != right[..also] {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

fn open(folder: &Path, file: &FileStamp) -> Result<File, SourceError> {
    File::open(folder.join(&file.path)).map_err(|error| cannot("open", &file.path, &error))
}

/// Reads until the buffer is full or the reader at its end.
pub fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_find_files_in_order_and_name_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("exports")).unwrap();
        for name in ["b.csv", "a.csv", ".hidden.csv", "~$a.csv", "report [1].csv"] {
            fs::write(folder.path().join("exports").join(name), name).unwrap();
        }
        let paths = |written: &str| {
            let found = find(folder.path(), &Paths::One(written.to_owned()));
            found.map(|files| files.iter().map(|file| file.path.clone()).collect::<Vec<_>>())
        };
        assert_eq!(paths("exports/?.csv").unwrap(), ["exports/a.csv", "exports/b.csv"]);
        assert_eq!(paths("exports/report [1].csv").unwrap(), ["exports/report [1].csv"]);
        let error = paths("exports/c.csv").unwrap_err();
        assert_eq!(error.status, Status::NotFound);
        assert!(error.hint.unwrap().contains("exports/a.csv"));
        assert!(paths("export/*.csv").unwrap_err().hint.unwrap().contains("no folder `export`"));
    }

    #[test]
    fn copies_are_found_by_content() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("a", "same"), ("b", "diff"), ("c", "same")] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let files = find(folder.path(), &Paths::One("*".to_owned())).unwrap();
        assert_eq!(copies(folder.path(), &files).unwrap(), HashMap::from([(2, 0)]));
    }
}
