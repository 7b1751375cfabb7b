//! The members of a zip archive.

use std::fs::File;
use std::io::{self, BufReader, Read};

use cvj_core::{SourceError, Status};
use cvj_tabular::files::FileStamp;
use cvj_tabular::limits::Limits;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use serde::{Deserialize, Serialize};
use zip::{CompressionMethod, ZipArchive};

use crate::input::no_csv;

/// A file in a zip archive, as the archive's directory has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name, with folders.
    pub name: String,
    /// Where its packed bytes begin, in bytes from the archive's begin.
    pub(super) start: u64,
    /// How many they are.
    pub(super) packed: u64,
    /// How many unpacked bytes it has.
    pub(super) size: u64,
    crc: u32,
    deflated: bool,
}

/// The members that are files, hidden ones and what macOS adds left out.
pub(super) fn members(file: File, stamp: &FileStamp, limits: &Limits) -> Result<Vec<Member>, SourceError> {
    let archive = stamp.name();
    let damaged =
        |error: &dyn std::fmt::Display| no_csv(format!("`{archive}` cannot be unpacked: {error}"), "export or download it again");
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
    if zip.file_names_raw().any(|name| name == b"[Content_Types].xml" || name == b"mimetype") {
        return Err(no_csv(format!("`{archive}` is a workbook, no CSV"), "read it with `plugin = \"xlsx\"`"));
    }
    if zip.has_duplicate_names() {
        return Err(no_csv(format!("`{archive}` has two files of the same name in it"), "pack it again"));
    }
    let mut members = Vec::new();
    let mut unpacked = 0_u64;
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(|error| damaged(&error))?;
        let name = entry.name().map_err(|error| damaged(&error))?.into_owned();
        if entry.is_dir()
            || name.split(['/', '\\']).any(|part| part.starts_with('.') || part.starts_with("~$") || part == "__MACOSX")
        {
            continue;
        }
        let refuse = |why: &str, hint: &str| Err(no_csv(format!("`{archive}/{name}` {why}"), hint));
        if entry.is_symlink() {
            return refuse("is a link", "pack the file that it leads to");
        }
        if entry.encrypted() {
            return refuse("is encrypted", "unpack the archive with its password, and name the files in it");
        }
        let method = entry.compression();
        if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
            return refuse(
                &format!("is packed as {method}, which is not read"),
                "unpack the archive, or pack it as usual (deflate)",
            );
        }
        let Some(start) = entry.data_start() else { return Err(damaged(&format!("`{name}` is not where it should be"))) };
        unpacked = unpacked.saturating_add(entry.size());
        members.push(Member {
            start,
            packed: entry.compressed_size(),
            size: entry.size(),
            crc: entry.crc32(),
            deflated: method == CompressionMethod::Deflated,
            name,
        });
        if members.len() as u64 > limits.files {
            return Err(limits.too_many_files(format!("`{archive}` holds more than {} files", limits.files), limits.files + 1));
        }
    }
    if unpacked > limits.unpacked.0 {
        return Err(limits.too_much_unpacked(archive, Some(unpacked)));
    }
    if members.is_empty() {
        return Err(
            SourceError::new(Status::InvalidData, format!("`{archive}` holds no file")).with_hint("take it out of `path`")
        );
    }
    members.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(members)
}

impl Member {
    /// Its bytes, out of the packed ones.
    pub(super) fn unpack<R: Read + Send + 'static>(&self, packed: R) -> impl Read + Send + 'static + use<R> {
        let bytes: Box<dyn Read + Send> = if self.deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
        Checked { bytes, left: self.size, crc: Crc::new(), expected: self.crc }
    }
}

/// Bytes whose number and checksum are known.
struct Checked<R> {
    bytes: R,
    left: u64,
    crc: Crc,
    expected: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.crc.update(&buffer[..read]);
        // More than was promised is found by the bound around this.
        self.left = self.left.saturating_sub(read as u64);
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        if self.left > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.crc.sum() == self.expected { Ok(0) } else { Err(io::Error::other("its checksum is wrong")) }
    }
}
