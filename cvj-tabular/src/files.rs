//! Paths and globs of the configuration to files: sorted, without copies, and with errors that name what is there instead.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use cvj_core::nearest::nearest;
use cvj_core::{SourceError, Status};
use serde::{Deserialize, Serialize};

use crate::limits::Limits;
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
    /// Which file it is, whatever its name: device and number, where the system has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<(u64, u64)>,
    /// How many of its folders its name needs, to tell it from other files of its source.
    #[serde(default, skip_serializing_if = "is_zero")]
    folders: usize,
}

impl FileStamp {
    /// Looks at a file. What is no regular file (a folder, a pipe, a device) is an error.
    pub fn of(folder: &Path, path: &str) -> Result<Self, SourceError> {
        let metadata = fs::metadata(folder.join(path)).map_err(|error| cannot("read", path, &error))?;
        Self::from_metadata(path, &metadata)
    }

    fn from_metadata(path: &str, metadata: &Metadata) -> Result<Self, SourceError> {
        if !metadata.is_file() {
            let error = SourceError::new(Status::InvalidData, format!("`{path}` is {}, not a file", kind_of(metadata)));
            return Err(error.with_hint("let `path` name files only"));
        }
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map_or(0, |since| since.as_nanos() as u64);
        Ok(Self { path: path.to_owned(), size: metadata.len(), modified, identity: identity(metadata), folders: 0 })
    }

    /// The file's name, without folders but for those that tell it from other files of its source: `a.csv`, `jan/a.csv`.
    pub fn name(&self) -> &str {
        let cut = self.path.rmatch_indices(['/', '\\']).nth(self.folders);
        cut.map_or(&*self.path, |(at, _)| &self.path[at + 1..])
    }

    fn is(&self, found: Self) -> bool {
        Self { folders: self.folders, ..found } == *self
    }

    /// Opens the file, if it still is what it was.
    pub fn open(&self, folder: &Path) -> Result<File, SourceError> {
        // Before it is opened: to open a pipe would wait for a writer. And after, because only the open file stays the same.
        self.unchanged(folder)?;
        let opened = File::open(folder.join(&self.path)).map_err(|error| cannot("open", &self.path, &error))?;
        let metadata = opened.metadata().map_err(|error| cannot("read", &self.path, &error))?;
        if self.is(Self::from_metadata(&self.path, &metadata)?) { Ok(opened) } else { Err(self.changed()) }
    }

    /// Fails if the file is not what it was; to be called when all of it was read.
    pub fn unchanged(&self, folder: &Path) -> Result<(), SourceError> {
        if self.is(Self::of(folder, &self.path)?) { Ok(()) } else { Err(self.changed()) }
    }

    /// The error of a file that is not what it was.
    pub fn changed(&self) -> SourceError {
        SourceError::new(Status::InvalidData, format!("`{}` was changed while it was read", self.path))
            .with_hint("run the command again when nothing writes to the file")
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(folders: &usize) -> bool {
    *folders == 0
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

fn kind_of(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() { "a folder" } else { "a pipe or device" }
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

/// The files that the paths name, in order of their paths, each once. Paths are relative to `folder`. No glob and no link leads
/// out of it, unless the path as written does.
pub fn find(folder: &Path, paths: &Paths, limits: &Limits) -> Result<Vec<FileStamp>, SourceError> {
    let mut found = Vec::new();
    for written in paths.as_slice() {
        let before = found.len();
        let here = Grounds::of(folder, written)?;
        match fs::symlink_metadata(folder.join(written)) {
            Ok(metadata) if !metadata.is_dir() => found.push(here.admit(&folder.join(written))?),
            _ => {
                for path in matches(folder, written)? {
                    found.extend(here.admit_match(&path)?);
                }
            }
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
    if found.len() as u64 > limits.files {
        return Err(limits.too_many_files(format!("`path` gives {} files", found.len()), found.len() as u64));
    }
    let mut stamps = found.iter().map(|path| FileStamp::of(folder, path)).collect::<Result<Vec<_>, _>>()?;
    tell_apart(&mut stamps);
    Ok(stamps)
}

/// Files that share a name are told apart by as few of their folders as it takes.
fn tell_apart(stamps: &mut [FileStamp]) {
    loop {
        let mut counts = HashMap::new();
        for stamp in &*stamps {
            *counts.entry(stamp.name()).or_insert(0) += 1;
        }
        let shared: Vec<_> = stamps.iter().map(|stamp| counts[stamp.name()] > 1 && stamp.name() != stamp.path).collect();
        if !shared.contains(&true) {
            return;
        }
        stamps.iter_mut().zip(shared).for_each(|(stamp, shared)| stamp.folders += usize::from(shared));
    }
}

/// What a glob matches, hidden files and the lock files of office programs left out.
fn matches(folder: &Path, written: &str) -> Result<Vec<PathBuf>, SourceError> {
    let pattern = if Path::new(written).is_absolute() {
        written.to_owned()
    } else {
        format!("{}/{written}", glob::Pattern::escape(&folder.to_string_lossy()))
    };
    let paths = glob::glob(&pattern).map_err(|error| {
        SourceError::new(Status::InvalidArgument, format!("`path = \"{written}\"` is no valid pattern: {}", error.msg))
            .with_hint("`*` and `?` stand for parts of a name, `**/` for any folders, `[ab]` for one of the characters")
    })?;
    check_names(folder, Path::new(written))?;
    let hidden = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        name.starts_with(b".") || name.starts_with(b"~$")
    };
    let paths = paths.map(|path| path.map_err(|error| cannot("read", &relative(folder, error.path()), error.error())));
    paths.filter(|path| !path.as_ref().is_ok_and(hidden)).collect()
}

/// Fails if a file would match, but for its name, which is no text: patterns pass over such names.
fn check_names(folder: &Path, written: &Path) -> Result<(), SourceError> {
    let (Some(parent), Some(last)) = (written.parent(), written.file_name()) else { return Ok(()) };
    let Ok(pattern) = glob::Pattern::new(&last.to_string_lossy()) else { return Ok(()) };
    for entry in fs::read_dir(folder.join(parent)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().is_none() && pattern.matches(&name.to_string_lossy()) {
            let message = format!("the name of `{}` is not UTF-8", relative(folder, &entry.path()));
            return Err(SourceError::new(Status::InvalidData, message).with_hint("rename the file"));
        }
    }
    Ok(())
}

/// Where the files of one written path may lie.
struct Grounds<'a> {
    folder: &'a Path,
    /// Real paths of the client's folder and, where the written path leads elsewhere, of its folder up to the first wildcard.
    allowed: Vec<PathBuf>,
}

impl<'a> Grounds<'a> {
    fn of(folder: &'a Path, written: &str) -> Result<Self, SourceError> {
        let mut allowed = vec![fs::canonicalize(folder).map_err(|error| cannot("read", "the client's folder", &error))?];
        let path = Path::new(written);
        if path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
            let parent = path.parent().unwrap_or(path);
            let literal: PathBuf = parent.components().take_while(|part| !is_wild(part.as_os_str())).collect();
            // A folder that is not there has no files in it.
            allowed.extend(fs::canonicalize(folder.join(literal)));
        }
        Ok(Self { folder, allowed })
    }

    /// What a glob matched, if it is a file; folders are none, and nothing else may be passed over without a word.
    fn admit_match(&self, path: &Path) -> Result<Option<String>, SourceError> {
        if path.is_dir() { Ok(None) } else { self.admit(path).map(Some) }
    }

    /// A file's path as stamps have it, if it really lies where it may.
    fn admit(&self, path: &Path) -> Result<String, SourceError> {
        let shown = relative(self.folder, path);
        let metadata = fs::metadata(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                SourceError::new(Status::NotFound, format!("`{shown}` is a link to a file that is not there"))
                    .with_hint("remove the link, or mend it")
            } else {
                cannot("read", &shown, &error)
            }
        })?;
        FileStamp::from_metadata(&shown, &metadata)?;
        let real = fs::canonicalize(path).map_err(|error| cannot("read", &shown, &error))?;
        if self.allowed.iter().any(|allowed| real.starts_with(allowed)) {
            return Ok(shown);
        }
        let leads = self.allowed.first().map_or_else(String::new, |client| from(client, &real));
        Err(SourceError::new(
            Status::InvalidArgument,
            format!("`{shown}` is a link that leads out of the client's folder, to `{leads}`"),
        )
        .with_hint(format!("if that file is meant, write its own path: `path = \"{leads}\"`")))
    }
}

fn is_wild(part: &OsStr) -> bool {
    part.as_encoded_bytes().iter().any(|byte| matches!(byte, b'*' | b'?' | b'['))
}

/// The way from a folder to a file, both as real paths.
fn from(folder: &Path, file: &Path) -> String {
    let common = folder.components().zip(file.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(file.components().skip(common)).collect();
    way.to_string_lossy().replace('\\', "/")
}

/// A path as it is shown: relative to the client's folder, without `.` parts.
fn relative(folder: &Path, path: &Path) -> String {
    // What a glob finds below `./client` lacks the `./`.
    let [path, folder] = [path, folder].map(|path| path.strip_prefix(".").unwrap_or(path));
    let inside = path.strip_prefix(folder).unwrap_or(path);
    let parts: PathBuf = inside.components().filter(|part| *part != Component::CurDir).collect();
    parts.to_string_lossy().replace('\\', "/")
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
            let known = &files[candidate];
            if (known.identity.is_some() && known.identity == file.identity) || equal(folder, known, file)? {
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
    let mut readers = (one.open(folder)?, other.open(folder)?);
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
mod tests;
