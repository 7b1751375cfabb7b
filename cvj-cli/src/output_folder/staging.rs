//! Makes the new folder aside: the new files, and from the earlier folder everything that stays.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::format::Format;
use crate::output_folder::manifest::{self, Manifest};
use crate::output_folder::swap::Neighbours;
use crate::output_folder::{Asked, NewFile, OutputError};

/// Fills the folder aside. Of the earlier folder everything stays but what `asked` replaces and nobody edited.
pub(crate) fn fill(neighbours: &Neighbours, earlier: &Manifest, asked: &Asked<'_>, files: &[NewFile]) -> Result<(), OutputError> {
    let Neighbours { target, fresh, .. } = neighbours;
    fs::create_dir(fresh).map_err(OutputError::io("created", fresh))?;
    let mut manifest = Manifest::default();
    for file in files {
        let path = fresh.join(&file.path);
        write_through(&path, &file.bytes).map_err(OutputError::io("written", &path))?;
        manifest.note(file);
    }
    if target.exists() {
        let mut keeper = Keeper { folder: target, fresh, earlier, asked, manifest: &mut manifest };
        keeper.keep_all_in(Path::new(""), "")?;
    }
    let path = fresh.join(manifest::FILE_NAME);
    write_through(&path, manifest.to_json().as_bytes()).map_err(OutputError::io("written", &path))
}

/// Writes a file and waits until the disk has it: a swapped-in folder is never half empty after a power cut.
fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Carries over what stays.
struct Keeper<'a> {
    folder: &'a Path,
    fresh: &'a Path,
    earlier: &'a Manifest,
    asked: &'a Asked<'a>,
    manifest: &'a mut Manifest,
}

impl Keeper<'_> {
    /// `inside` and `key` are the same place in the folder, `key` as the manifest writes it.
    fn keep_all_in(&mut self, inside: &Path, key: &str) -> Result<(), OutputError> {
        let folder = self.folder.join(inside);
        for entry in fs::read_dir(&folder).map_err(OutputError::io("read", &folder))? {
            let entry = entry.map_err(OutputError::io("read", &folder))?;
            let name = entry.file_name();
            let path = inside.join(&name);
            let separator = if key.is_empty() { "" } else { "/" };
            let key = format!("{key}{separator}{}", name.to_string_lossy());
            let kind = entry.file_type().map_err(OutputError::io("read", &path))?;
            if kind.is_dir() {
                self.keep_all_in(&path, &key)?;
            } else {
                self.keep(&path, &key)?;
            }
        }
        Ok(())
    }

    fn keep(&mut self, path: &Path, key: &str) -> Result<(), OutputError> {
        if key == manifest::FILE_NAME || self.manifest.files.contains_key(key) {
            return Ok(());
        }
        if let Some(written) = self.earlier.files.get(key) {
            if !self.asked.replaces(written.format) {
                self.manifest.files.insert(key.to_owned(), written.clone());
            } else if written.format != Format::Worksheet || self.earlier.is_unchanged(self.folder, key)? {
                return Ok(());
            }
        }
        let (from, to) = (self.folder.join(path), self.fresh.join(path));
        carry_over(&from, &to).map_err(OutputError::io("carried over", &from))
    }
}

/// A hard link where the file system has them, else a copy.
fn carry_over(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::hard_link(from, to).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::copy(from, to).map(drop),
    })
}
