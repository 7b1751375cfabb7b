//! Reads the moments of one column, the common forms straight from bytes.

use super::civil::IsoReader;
use super::{MICROS_PER_DAY, MomentFormat, MomentStore};

/// A column's format with what speeds its reading up.
#[derive(Clone, Debug)]
pub(crate) struct MomentReader {
    format: MomentFormat,
    iso: IsoReader,
    /// ISO forms of days are what the column has.
    reads_iso: bool,
}

impl MomentReader {
    pub(crate) fn new(format: MomentFormat) -> Self {
        let reads_iso = format.pattern.is_none() && !format.months;
        Self { format, iso: IsoReader::default(), reads_iso }
    }

    pub(crate) fn format(&self) -> &MomentFormat {
        &self.format
    }

    /// An ISO day; `None` for all else.
    #[inline]
    pub(crate) fn common_date(&mut self, bytes: &[u8]) -> Option<i32> {
        if !self.reads_iso || bytes.len() != 10 {
            return None;
        }
        self.iso.read(bytes).map(|parts| parts.days)
    }

    /// An ISO moment of the sort that the column has; `None` for all else.
    #[inline]
    pub(crate) fn common_micros(&mut self, bytes: &[u8]) -> Option<i64> {
        if !self.reads_iso {
            return None;
        }
        let parts = self.iso.read(bytes)?;
        let local = i64::from(parts.days) * MICROS_PER_DAY + parts.time.unwrap_or(0);
        match (self.format.store == MomentStore::Utc, parts.offset) {
            (true, Some(offset)) => Some(local - i64::from(offset) * 1_000_000),
            (false, None) => Some(local),
            _ => None,
        }
    }
}
