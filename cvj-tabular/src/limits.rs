//! Bounds on what files may ask of memory and time, and the text with which each is raised.

use std::fmt;
use std::str::FromStr;

use cvj_core::{SourceError, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Bounds on the files of a source. What exceeds one is an error that names the key to raise it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How many files the paths may give.
    pub files: u64,
    /// How much a packed file may unpack to.
    pub unpacked: Bytes,
    /// The longest cell.
    pub cell: Bytes,
    /// The longest row.
    pub row: Bytes,
    /// The most columns.
    pub columns: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { files: 1000, unpacked: Bytes(4 * GIB), cell: Bytes(MIB), row: Bytes(16 * MIB), columns: 16_384 }
    }
}

impl Limits {
    /// The error of something that exceeds the bound `key`, which is `value` now: what that is, and what to raise it to.
    fn exceeded(what: impl fmt::Display, key: &str, value: impl fmt::Display, raised: impl fmt::Display) -> SourceError {
        SourceError::new(Status::InvalidData, format!("{what}; at most {value} are allowed"))
            .with_hint(format!("if that is as it should be, set `limits.{key} = {raised}`"))
    }

    /// The error of more files than `files`.
    pub fn too_many_files(&self, what: impl fmt::Display, found: u64) -> SourceError {
        Self::exceeded(what, "files", self.files, found.next_power_of_two().max(self.files * 2))
    }

    /// The error of a file that unpacks to more than `unpacked`; `needed` if it says how much that is.
    pub fn too_much_unpacked(&self, name: &str, needed: Option<u64>) -> SourceError {
        let what = match needed {
            Some(needed) => format!("`{name}` unpacks to {}", Bytes(needed)),
            None => format!("`{name}` unpacks to more than {}", self.unpacked),
        };
        Self::exceeded(what, "unpacked", self.unpacked, self.unpacked.raised(needed))
    }

    /// The error of a cell longer than `cell`.
    pub fn cell_too_long(&self, place: impl fmt::Display, length: u64) -> SourceError {
        let what = format!("{place}: a cell of {} ({length} bytes)", Bytes(length));
        Self::exceeded(what, "cell", self.cell, self.cell.raised(Some(length)))
    }

    /// The error of a row longer than `row`.
    pub fn row_too_long(&self, place: impl fmt::Display) -> SourceError {
        Self::exceeded(format!("{place}: a row longer than {}", self.row), "row", self.row, self.row.raised(None))
    }

    /// The error of a row wider than `columns`.
    pub fn too_many_columns(&self, place: impl fmt::Display, found: u64) -> SourceError {
        let what = format!("{place}: {found} columns");
        Self::exceeded(what, "columns", self.columns, found.next_power_of_two())
    }
}

/// A number of bytes: an integer, or a text such as `"500 MB"` or `"2 GiB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "u64")]
pub struct Bytes(pub u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

impl Bytes {
    /// A value to raise this bound to: twice as much as is known to be needed, as a quoted text.
    fn raised(self, needed: Option<u64>) -> String {
        let enough = needed.unwrap_or(0).max(self.0).saturating_mul(2);
        format!("\"{}\"", Self(enough.checked_next_power_of_two().unwrap_or(enough)))
    }
}

impl TryFrom<Written> for Bytes {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Number(number) => Ok(Self(number)),
            Written::Text(text) => text.parse(),
        }
    }
}

impl From<Bytes> for u64 {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no size: use a number of bytes, or a text such as \"500 MB\" or \"2 GiB\"");
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(digits);
        let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" | "bytes" => 1,
            "kb" => 1000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            "kib" => KIB,
            "mib" => MIB,
            "gib" => GIB,
            "tib" => GIB * KIB,
            _ => return Err(wrong()),
        };
        let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        bytes.map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            bytes if bytes >= GIB => (GIB, "GiB"),
            bytes if bytes >= MIB => (MIB, "MiB"),
            bytes if bytes >= KIB => (KIB, "KiB"),
            bytes => return write!(formatter, "{bytes} bytes"),
        };
        if self.0.is_multiple_of(unit) {
            write!(formatter, "{} {name}", self.0 / unit)
        } else {
            write!(formatter, "{:.1} {name}", self.0 as f64 / unit as f64)
        }
    }
}

impl JsonSchema for Bytes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": r"^\s*[0-9]+\s*([bB]|[bB]ytes|[kKmMgGtT][iI]?[bB])?\s*$" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        let check = |text: &str, bytes: u64, shown: &str| {
            let read: Bytes = text.parse().unwrap();
            assert_eq!((read.0, read.to_string().as_str()), (bytes, shown), "{text}");
        };
        check("4 GiB", 4 << 30, "4 GiB");
        check("500 MB", 500_000_000, "476.8 MiB");
        check("16MiB", 16 << 20, "16 MiB");
        check("12", 12, "12 bytes");
        check(" 1 kb ", 1000, "1000 bytes");
        for text in ["", "MB", "-1", "1.5 GB", "1 XB", "99999999999999999999", "99999999999 GiB"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn limits_are_numbers_or_texts_and_nothing_else() {
        let read = |json: &str| serde_json::from_str::<Limits>(json);
        assert_eq!(read("{}").unwrap(), Limits::default());
        let limits = read(r#"{"unpacked": "8 GiB", "cell": 100, "files": 5}"#).unwrap();
        assert_eq!((limits.unpacked, limits.cell, limits.files), (Bytes(8 << 30), Bytes(100), 5));
        assert!(read(r#"{"cell": "big"}"#).is_err());
        assert!(read(r#"{"cels": 1}"#).is_err());
        assert_eq!(serde_json::from_str::<Limits>(&serde_json::to_string(&limits).unwrap()).unwrap(), limits);
    }

    #[test]
    fn errors_say_which_key_to_raise() {
        let limits = Limits::default();
        let error = limits.too_much_unpacked("a.zip", Some(5 << 30));
        assert_eq!(error.message, "`a.zip` unpacks to 5 GiB; at most 4 GiB are allowed");
        assert_eq!(error.hint.unwrap(), "if that is as it should be, set `limits.unpacked = \"16 GiB\"`");
        assert!(limits.too_many_files("`*`: 1001 files", 1001).hint.unwrap().contains("limits.files = 2000"));
        assert!(limits.row_too_long("a.csv:3").message.contains("a.csv:3: a row longer than 16 MiB"));
    }
}
