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
    if has_circle(&allocation(&whole)) {
        let message = format!("`{name}` cannot be read as a workbook: its sectors run in a circle");
        return Err(SourceError::new(Status::InvalidData, message).with_hint("export it again: it was damaged on its way"));
    }
    Ok(())
}

/// The allocation table: for each sector the one that follows it.
fn allocation(whole: &[u8]) -> Vec<u32> {
    let number = |at: usize| whole.get(at..at + 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let size: usize = if whole.get(30) == Some(&12) { 4096 } else { 512 };
    let numbers = |sector: u32| {
        let begin = (sector as usize + 1).saturating_mul(size);
        (0..size / 4).map_while(move |index| number(begin.saturating_add(index * 4)))
    };
    let mut sectors: Vec<u32> = (0..109).filter_map(|index| number(76 + index * 4)).collect();
    let mut next = number(68).unwrap_or(RESERVED);
    for _ in 0..whole.len() / size {
        if next >= RESERVED {
            break;
        }
        sectors.extend(numbers(next));
        next = sectors.pop().unwrap_or(RESERVED);
    }
    sectors.truncate(whole.len() / size * 2 + 109);
    sectors.into_iter().filter(|sector| *sector < RESERVED).flat_map(numbers).collect()
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
    fn circles_are_found_wherever_they_begin() {
        assert!(!has_circle(&[]));
        assert!(!has_circle(&[1, 2, RESERVED + 4, 2, u32::MAX]));
        assert!(has_circle(&[0]));
        assert!(has_circle(&[1, 0]));
        assert!(has_circle(&[3, 2, 3, 1]));
        assert!(has_circle(&[u32::MAX, 2, 3, 1]));
    }
}
