//! Microsoft's compound file, in which an old workbook lies, or an encrypted new one: as much of it as tells which, and whether its
//! sectors can be followed. `calamine` follows them without looking, and would follow a circle of them for ever.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use cvj_core::{SourceError, Status};
use cvj_tabular::files::cannot;
use cvj_tabular::limits::Limits;
use memchr::memmem;

use crate::package::locked;

/// Numbers from here on are no sectors.
const RESERVED: u32 = 0xffff_fffa;
/// The rows and columns that a sheet of an old workbook has.
const MOST_ROWS: u32 = 65_536;
const MOST_COLUMNS: u16 = 256;

/// Fails unless the file is a compound file with an old workbook in it; `name` is the file's name.
pub fn holds_workbook(name: &str, file: &mut File, limits: &Limits) -> Result<(), SourceError> {
    let mut whole = Vec::new();
    let allowed = limits.unpacked.0.saturating_add(1);
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(allowed).read_to_end(&mut whole));
    if read.map_err(|error| cannot("read", name, &error))? as u64 > limits.unpacked.0 {
        // The format is held in memory whole.
        return Err(limits.too_much_unpacked(name, None));
    }
    let has = |stream: &str| {
        let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).chain([0, 0]).collect();
        memmem::find(&whole, &name).is_some()
    };
    if has("EncryptedPackage") {
        return Err(locked(name));
    }
    if !has("Workbook") && !has("Book") {
        let message = format!("`{name}` is a file of Microsoft Office, and no workbook");
        return Err(SourceError::new(Status::InvalidData, message).with_hint("save it as xlsx, or take it out of `path`"));
    }
    let compound = Compound::of(&whole);
    let damage = if compound.has_circle() {
        Some("its sectors run in a circle")
    } else {
        ["Workbook", "Book"]
            .iter()
            .any(|stream| has_cells_beyond(&compound.stream(stream)))
            .then_some("it has cells beyond the last column")
    };
    match damage {
        None => Ok(()),
        Some(damage) => Err(SourceError::new(Status::InvalidData, format!("`{name}` cannot be read as a workbook: {damage}"))
            .with_hint("export it again: it was damaged on its way")),
    }
}

/// A compound file's bytes.
struct Compound<'a> {
    whole: &'a [u8],
    /// The size of a sector.
    size: usize,
    /// The allocation table: for each sector the one that follows it.
    followers: Vec<u32>,
}

impl<'a> Compound<'a> {
    fn of(whole: &'a [u8]) -> Self {
        let size = if whole.get(30) == Some(&12) { 4096 } else { 512 };
        let mut compound = Self { whole, size, followers: Vec::new() };
        let most = whole.len() / size;
        let mut tables: Vec<u32> = (0..109).map_while(|index| number(whole, 76 + index * 4)).collect();
        let mut next = number(whole, 68).unwrap_or(RESERVED);
        for _ in 0..most {
            if next >= RESERVED {
                break;
            }
            tables.extend(numbers(compound.sector(next)));
            next = tables.pop().unwrap_or(RESERVED);
        }
        compound.followers = tables
            .into_iter()
            .filter(|sector| *sector < RESERVED)
            .take(most)
            .flat_map(|sector| numbers(compound.sector(sector)))
            .collect();
        compound
    }

    fn sector(&self, sector: u32) -> &'a [u8] {
        let begin = (sector as usize + 1).saturating_mul(self.size);
        let end = begin.saturating_add(self.size).min(self.whole.len());
        self.whole.get(begin..end).unwrap_or_default()
    }

    /// The sectors from one on; they must not run in a circle.
    fn chain(&self, mut sector: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(follower) = self.followers.get(sector as usize) {
            bytes.extend_from_slice(self.sector(sector));
            sector = *follower;
        }
        bytes
    }

    /// A stream by its name; nothing if there is none.
    fn stream(&self, name: &str) -> Vec<u8> {
        let directory = self.chain(number(self.whole, 48).unwrap_or(RESERVED));
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).chain([0, 0]).collect();
        let Some(entry) = directory.chunks_exact(128).find(|entry| entry.starts_with(&wide)) else { return Vec::new() };
        let (Some(start), Some(length)) = (number(entry, 116), number(entry, 120)) else { return Vec::new() };
        if length >= 4096 {
            return self.chain(start);
        }
        // Short streams share one long stream, in pieces of 64 bytes.
        let shared = self.chain(number(&directory, 116).unwrap_or(RESERVED));
        let followers: Vec<_> = numbers(&self.chain(number(self.whole, 60).unwrap_or(RESERVED))).collect();
        let (mut piece, mut bytes) = (start as usize, Vec::new());
        while bytes.len() < length as usize
            && let (Some(follower), Some(found)) = (followers.get(piece), shared.get(piece * 64..piece * 64 + 64))
        {
            bytes.extend_from_slice(found);
            piece = *follower as usize;
        }
        bytes
    }

    /// Whether following the table from some sector never ends.
    fn has_circle(&self) -> bool {
        has_circle(&self.followers)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// Whether a record of an old workbook names a row or column that no sheet has. `calamine` makes room for all cells up to there.
fn has_cells_beyond(stream: &[u8]) -> bool {
    let short = |bytes: &[u8], at: usize| bytes.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let mut rest = stream;
    while rest.len() >= 4 {
        let (kind, length) = (short(rest, 0), short(rest, 2) as usize);
        let record = rest.get(4..4 + length).unwrap_or_default();
        let beyond = match kind {
            // A password: what follows is not readable.
            0x002f => return false,
            // Dimensions, first and behind the last: in BIFF8 rows have four bytes.
            0x0200 if record.len() >= 14 => {
                let (begin, end) = (number(record, 0).unwrap_or(0), number(record, 4).unwrap_or(0));
                end > MOST_ROWS || (begin > end && end > 0) || short(record, 10) > MOST_COLUMNS
            }
            0x0200 => {
                let (begin, end) = (short(record, 0), short(record, 2));
                (begin > end && end > 0) || short(record, 6) > MOST_COLUMNS
            }
            // Cells of several columns, the last of which stands at the end, and of one.
            0x00bd => short(record, 2).max(short(record, record.len().saturating_sub(2))) >= MOST_COLUMNS,
            0x0006 | 0x00d6 | 0x00fd | 0x0203..=0x0205 | 0x027e => short(record, 2) >= MOST_COLUMNS,
            _ => false,
        };
        if beyond {
            return true;
        }
        rest = rest.get(4 + length..).unwrap_or_default();
    }
    false
}

/// Whether following the table from some sector never ends.
fn has_circle(followers: &[u32]) -> bool {
    // The start from which a sector was first reached.
    let mut reached = vec![usize::MAX; followers.len()];
    (0..followers.len()).any(|start| {
        let mut sector = start;
        while reached.get(sector) == Some(&usize::MAX) {
            reached[sector] = start;
            sector = followers[sector] as usize;
        }
        // A way that met itself began here; one that met an earlier way ends as that did.
        reached[start] == start && reached.get(sector) == Some(&start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_beyond_a_sheet_are_found() {
        let record = |kind: u16, body: &[u8]| [&kind.to_le_bytes(), &(body.len() as u16).to_le_bytes(), body].concat();
        let check = |kind: u16, body: &[u8], expect: bool| {
            let stream = [record(0x0809, &[0; 8]), record(kind, body), record(0x000a, &[])].concat();
            assert_eq!(has_cells_beyond(&stream), expect, "{kind:x} {body:?}");
        };
        check(0x0203, &[0, 0, 255, 0, 0, 0], false);
        check(0x0203, &[0, 0, 0, 1, 0, 0], true);
        check(0x00bd, &[0, 0, 1, 0, 9, 9, 9, 9, 9, 9, 2, 0], false);
        check(0x00bd, &[0, 0, 1, 0, 9, 9, 9, 9, 9, 9, 2, 9], true);
        check(0x0200, &[0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0], false);
        check(0x0200, &[0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0], true);
        check(0x0200, &[0, 0, 9, 0, 0, 0, 9, 9, 0, 0], true);
        check(0x0200, &[0xff], false);
        let locked = [record(0x002f, &[]), record(0x0203, &[9; 6])].concat();
        assert!(!has_cells_beyond(&locked));
    }

    #[test]
    fn circles_are_found_wherever_they_begin() {
        assert!(!has_circle(&[]));
        assert!(!has_circle(&[1, 2, RESERVED + 4, 2, u32::MAX]));
        assert!(has_circle(&[0]));
        assert!(has_circle(&[1, 0]));
        assert!(has_circle(&[3, 2, 3, 1]));
        assert!(has_circle(&[u32::MAX, 2, 3, 1]));
    }
}
