//! The zip archive that a workbook is: its parts by name, each unpacked no further than allowed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use cvj_core::{SourceError, Status};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::xml::Xml;
use cvj_tabular::limits::Limits;

/// An open archive.
pub struct Package {
    file: String,
    archive: ZipArchive<BufReader<File>>,
    /// Places in the archive by [`part_key`].
    parts: HashMap<String, usize>,
    limits: Limits,
}

/// A part as it is unpacked.
pub struct Part<'a> {
    inner: ZipFile<'a, BufReader<File>>,
    left: u64,
    too_large: SourceError,
}

impl Package {
    /// Opens a file as an archive; `file` is its name.
    pub fn open(file: &str, bytes: BufReader<File>, limits: &Limits) -> Result<Self, SourceError> {
        let archive = ZipArchive::new(bytes).map_err(|error| broken(file, &error))?;
        let mut parts = HashMap::with_capacity(archive.len());
        for index in 0..archive.len() {
            if let Some(Ok(name)) = archive.name_for_index(index) {
                parts.insert(part_key(&name), index);
            }
        }
        Ok(Self { file: file.to_owned(), archive, parts, limits: limits.clone() })
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether there is such a part. Case, a leading slash and the slash's direction do not matter.
    pub fn has(&self, part: &str) -> bool {
        self.parts.contains_key(&part_key(part))
    }

    /// Opens a part, if there is one of this name.
    pub fn part(&mut self, part: &str) -> Result<Option<Part<'_>>, SourceError> {
        let Some(index) = self.parts.get(&part_key(part)).copied() else { return Ok(None) };
        let inner = self.archive.by_index(index).map_err(|error| broken(&self.file, &error))?;
        let allowed = self.limits.unpacked.0;
        if inner.size() > allowed {
            return Err(self.limits.too_much_unpacked(&self.file, Some(inner.size())));
        }
        let too_large = self.limits.too_much_unpacked(&self.file, None);
        Ok(Some(Part { inner, left: allowed, too_large }))
    }

    /// Opens a part of XML, if there is one of this name.
    pub fn xml(&mut self, part: &str) -> Result<Option<Xml<Part<'_>>>, SourceError> {
        let name = format!("`{}` of `{}`", part.trim_start_matches('/'), self.file);
        Ok(self.part(part)?.map(|part| Xml::new(part, name)))
    }

    /// The names of all parts, as they are looked up, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.parts.keys().cloned().collect();
        names.sort();
        names
    }

    /// The archive's bytes, from their begin.
    pub fn into_bytes(self) -> Result<BufReader<File>, SourceError> {
        let mut bytes = self.archive.into_inner();
        match bytes.seek(SeekFrom::Start(0)) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(broken(&self.file, &ZipError::Io(error))),
        }
    }

    /// Fails if all parts together unpack to more than allowed, whatever their sizes are said to be.
    pub fn measure(&mut self) -> Result<(), SourceError> {
        let allowed = self.limits.unpacked.0;
        let mut total: u64 = 0;
        for index in 0..self.archive.len() {
            let inner = self.archive.by_index(index).map_err(|error| broken(&self.file, &error))?;
            let mut rest = inner.take(allowed.saturating_add(1) - total);
            total += std::io::copy(&mut rest, &mut std::io::sink()).map_err(|error| broken(&self.file, &ZipError::Io(error)))?;
            if total > allowed {
                return Err(self.limits.too_much_unpacked(&self.file, None));
            }
        }
        Ok(())
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| std::io::Error::other(self.too_large.clone()))?;
        Ok(read)
    }
}

/// A part's name as it is looked up.
fn part_key(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

fn broken(file: &str, error: &ZipError) -> SourceError {
    if matches!(error, ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword) {
        return locked(file);
    }
    SourceError::new(Status::InvalidData, format!("`{file}` cannot be read as a workbook: {error}"))
        .with_hint("export it again: it may have been cut off on its way")
}

/// The error of a file that needs a password.
pub fn locked(file: &str) -> SourceError {
    SourceError::new(Status::InvalidData, format!("`{file}` is protected with a password")).with_hint("save it without one")
}
