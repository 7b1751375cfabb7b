//! What cvj wrote into a folder, so that it knows its own files again and sees when a person changed one.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::format::Format;
use crate::output_folder::{INDEX, Kind, NewFile, OutputError};

/// The manifest's name in the folder.
pub(crate) const FILE_NAME: &str = ".cvj-written.json";
/// The version of the manifest that this cvj writes.
pub(crate) const VERSION: u32 = 1;

/// The files of a folder that cvj wrote, by their path in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Version of this file.
    pub(crate) version: u32,
    /// Path in the folder (parts separated by `/`) to what was written there.
    pub(crate) files: BTreeMap<String, Written>,
}

/// One file as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// As which format.
    pub(crate) format: Format,
    /// SHA-256 of the bytes, hexadecimal.
    pub(crate) sha256: String,
}

impl Default for Manifest {
    fn default() -> Self {
        Self { version: VERSION, files: BTreeMap::new() }
    }
}

impl Manifest {
    /// The manifest in a folder; `None` if there is none that can be read.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(FILE_NAME)).ok()?).ok()
    }

    /// What the folder holds; none where it holds nothing of ours.
    pub(crate) fn kind(&self) -> Option<Kind> {
        let kind = if self.files.contains_key(INDEX) { Kind::Portfolio } else { Kind::Report };
        (!self.files.is_empty()).then_some(kind)
    }

    /// Notes a file that is written now.
    pub(crate) fn note(&mut self, file: &NewFile) {
        self.files.insert(file.path.clone(), Written { format: file.format, sha256: sha256(&file.bytes) });
    }

    /// Whether the file at `path` is there just as cvj wrote it.
    pub(crate) fn is_unchanged(&self, folder: &Path, path: &str) -> Result<bool, OutputError> {
        let Some(written) = self.files.get(path) else { return Ok(false) };
        let place = folder.join(path);
        let bytes = std::fs::read(&place).map_err(OutputError::io("read", &place))?;
        Ok(sha256(&bytes) == written.sha256)
    }

    /// The text of the file; the same for the same content.
    pub(crate) fn to_json(&self) -> String {
        // Maps of text and plain structs always serialise.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// The SHA-256 of some bytes, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
