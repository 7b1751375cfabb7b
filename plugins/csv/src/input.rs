//! What is read as one CSV: a plain file, what a gzip or zstd file holds, or a member of a zip archive, told apart by their first
//! bytes. Above this, everything is one stream of text in which ASCII is ASCII: unpacked, and UTF-16 made UTF-8.

mod head;
mod packed;
mod text;
mod zip;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use cvj_core::{SourceError, Status};
use cvj_tabular::files::{FileStamp, cannot, fill};
use cvj_tabular::limits::Limits;
use serde::{Deserialize, Serialize};

use crate::encoding::Encoding;
use crate::input::packed::{Unpacked, Zstd};
use crate::input::text::{Complete, Utf16, WithoutEndMark};
pub use crate::input::zip::Member;

/// How many bytes of an input are looked at to understand it.
pub const HEAD: usize = 1024 * 1024;

/// One CSV, as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The file that holds it.
    pub stamp: FileStamp,
    /// How it stands in that file.
    pub packing: Packing,
    /// UTF-16 or UTF-8 where its first bytes tell so for certain, else what the configuration says.
    pub encoding: Encoding,
    /// The bytes of its text, where that is known without unpacking.
    length: Option<u64>,
}

/// How a CSV stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// As it is.
    Plain,
    /// As gzip, of one or more parts.
    Gzip,
    /// As zstd, of one or more frames.
    Zstd,
    /// As a member of a zip archive.
    Zip(Member),
}

/// The first bytes of an input, as it is read.
#[derive(Clone, Debug)]
pub struct Head {
    /// At most [`HEAD`] of them.
    pub bytes: Vec<u8>,
    /// They are all.
    pub whole: bool,
}

impl Input {
    /// The inputs that these files hold: one of each file, and one of each member of a zip archive.
    pub fn all(folder: &Path, stamps: &[FileStamp], said: Encoding, limits: &Limits) -> Result<Vec<Self>, SourceError> {
        let mut inputs = Vec::new();
        for stamp in stamps {
            let mut magic = [0; 4];
            let mut file = stamp.open(folder)?;
            let read = fill(&mut file, &mut magic).map_err(|error| cannot("read", &stamp.path, &error))?;
            let packings = match &magic[..read] {
                [0x1f, 0x8b, ..] => vec![Packing::Gzip],
                // A frame, or one to skip before it.
                [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => vec![Packing::Zstd],
                [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => {
                    zip::members(file, stamp, limits)?.into_iter().map(Packing::Zip).collect()
                }
                _ => vec![Packing::Plain],
            };
            for packing in packings {
                let mut input = Self { stamp: stamp.clone(), packing, encoding: Encoding::Auto, length: None };
                if input.packing == Packing::Plain {
                    input.length = Some(text::length(&mut stamp.open(folder)?, stamp)?);
                }
                input.encoding = head::encoding(&input.name(), &input.head(folder, limits)?, said)?;
                inputs.push(input);
            }
        }
        if inputs.len() as u64 > limits.files {
            return Err(limits.too_many_files(format!("{} files with those in archives", inputs.len()), inputs.len() as u64));
        }
        Ok(inputs)
    }

    /// Its name, with no more folders than tell it from others: `a.csv`, `jan/a.csv`, `exports.zip/campaigns.csv`.
    pub fn name(&self) -> Cow<'_, str> {
        match &self.packing {
            Packing::Zip(member) => Cow::Owned(format!("{}/{}", self.stamp.name(), member.name)),
            _ => Cow::Borrowed(self.stamp.name()),
        }
    }

    /// How it is packed, for people; empty if it is not.
    pub fn packed(&self) -> &'static str {
        match self.packing {
            Packing::Plain => "",
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
            Packing::Zip(_) => "zip",
        }
    }

    /// The bytes of its text, if it can be entered in the middle.
    pub fn splittable(&self) -> Option<u64> {
        self.length.filter(|_| !self.encoding.is_wide())
    }

    /// About how many bytes its text has.
    pub fn size(&self) -> u64 {
        match &self.packing {
            Packing::Plain => self.length.unwrap_or(self.stamp.size),
            // Exports pack to about a fifth.
            Packing::Gzip | Packing::Zstd => self.stamp.size.saturating_mul(5),
            Packing::Zip(member) => member.size,
        }
    }

    /// Its first bytes.
    pub fn head(&self, folder: &Path, limits: &Limits) -> Result<Head, SourceError> {
        let mut bytes = vec![0; HEAD];
        let mut reader = self.open(folder, limits)?;
        let read = fill(&mut reader, &mut bytes).map_err(|error| failed(&self.name(), error))?;
        bytes.truncate(read);
        let whole = read < HEAD || fill(&mut reader, &mut [0]).map_err(|error| failed(&self.name(), error))? == 0;
        Ok(Head { bytes, whole })
    }

    /// Its text from the begin on. What goes wrong while it is read is told by [`failed`].
    pub fn open(&self, folder: &Path, limits: &Limits) -> Result<Box<dyn Read + Send>, SourceError> {
        if let Some(length) = self.splittable() {
            return self.open_at(folder, 0, length);
        }
        let file = self.stamp.open(folder)?;
        let name = || self.name().into_owned();
        let most = limits.unpacked.0;
        let bytes: Box<dyn Read + Send> = match &self.packing {
            Packing::Plain => Box::new(Complete::new(file, self.stamp.size, &self.stamp)),
            Packing::Gzip => Box::new(Unpacked::new(
                flate2::read::MultiGzDecoder::new(self.raw(file, 0, self.stamp.size)?),
                name(),
                most,
                limits,
            )),
            Packing::Zstd => Box::new(Unpacked::new(Zstd::new(self.raw(file, 0, self.stamp.size)?), name(), most, limits)),
            Packing::Zip(member) => {
                let raw = self.raw(file, member.start, member.packed)?;
                Box::new(Unpacked::new(member.unpack(raw), name(), member.size, limits))
            }
        };
        if self.encoding.is_wide() {
            return Ok(Box::new(WithoutEndMark::new(Utf16::new(bytes, self.encoding, name()))));
        }
        Ok(Box::new(WithoutEndMark::new(bytes)))
    }

    /// A part of its text, if it is [splittable](Self::splittable).
    pub fn open_at(&self, folder: &Path, offset: u64, length: u64) -> Result<Box<dyn Read + Send>, SourceError> {
        let file = self.stamp.open(folder)?;
        Ok(Box::new(self.raw(file, offset, length)?))
    }

    /// Fails if the file is not what it was; to be called when all of the input was read.
    pub fn unchanged(&self, folder: &Path) -> Result<(), SourceError> {
        self.stamp.unchanged(folder)
    }

    fn raw(&self, mut file: File, offset: u64, length: u64) -> Result<Complete<File>, SourceError> {
        file.seek(SeekFrom::Start(offset)).map_err(|error| cannot("read", &self.stamp.path, &error))?;
        Ok(Complete::new(file, length, &self.stamp))
    }
}

/// What went wrong while an input with this name was read.
pub fn failed(name: &str, error: io::Error) -> SourceError {
    match error.downcast::<SourceError>() {
        Ok(error) => error,
        Err(error) => cannot("read", name, &error),
    }
}

/// An error that knows what it says to people, as one of reading.
fn told(error: SourceError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Inputs of equal text: for every one that is a copy of an earlier one, the index of that one.
pub fn copies(folder: &Path, inputs: &[Input], limits: &Limits) -> Result<HashMap<usize, usize>, SourceError> {
    let mut originals: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut copies = HashMap::new();
    'inputs: for (index, input) in inputs.iter().enumerate() {
        let mut begin = vec![0; 4096];
        let read = fill(&mut input.open(folder, limits)?, &mut begin).map_err(|error| failed(&input.name(), error))?;
        begin.truncate(read);
        for (original, known) in &originals {
            let candidate = &inputs[*original];
            let lengths_differ = candidate.splittable().zip(input.splittable()).is_some_and(|(one, other)| one != other);
            if *known == begin && !lengths_differ && equal(folder, candidate, input, limits)? {
                copies.insert(index, *original);
                continue 'inputs;
            }
        }
        originals.push((index, begin));
    }
    Ok(copies)
}

fn equal(folder: &Path, one: &Input, other: &Input, limits: &Limits) -> Result<bool, SourceError> {
    if one.packing == other.packing && one.stamp.identity.is_some() && one.stamp.identity == other.stamp.identity {
        return Ok(true);
    }
    let mut readers = (one.open(folder, limits)?, other.open(folder, limits)?);
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let read = fill(&mut readers.0, &mut left).map_err(|error| failed(&one.name(), error))?;
        let also = fill(&mut readers.1, &mut right).map_err(|error| failed(&other.name(), error))?;
        if left[..read] != right[..also] {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// The error of an input that is no CSV.
fn no_csv(message: String, hint: &str) -> SourceError {
    SourceError::new(Status::InvalidData, message).with_hint(hint)
}

#[cfg(test)]
pub(crate) mod tests;
