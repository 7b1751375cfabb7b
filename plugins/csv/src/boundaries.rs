//! Where records begin: a pass over a file that counts quotes and line ends, so that it can be split at true record boundaries
//! although quoted fields hold line breaks.
//!
//! Pieces of a file are looked at in parallel, before it is known whether a piece begins within quotes: both cases are followed,
//! and a run over the pieces in order picks the true one. A quote that stands neither at a field's begin nor at its end (`5" pipe`)
//! makes the count meaningless; such a file is not split and is read by the careful reader.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use cvj_core::SourceError;
use cvj_tabular::files::{FileStamp, cannot, fill};

use crate::dialect::Dialect;

/// The begin of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// In bytes from the file's begin.
    pub offset: u64,
    /// Its line, counted from 1.
    pub line: u64,
}

/// Where the records of a file begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundaries {
    /// The first record, and the first after each piece's begin.
    pub starts: Vec<Start>,
    /// Every quote stands at a field's begin or end, and there are no blank lines.
    pub regular: bool,
}

/// What one piece says, if it begins outside quotes and if it begins within them.
#[derive(Clone, Copy, Debug, Default)]
struct Piece {
    /// An odd number of quotes.
    odd: bool,
    lines: u64,
    cases: [Case; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct Case {
    irregular: bool,
    /// The first record that begins in the piece: offset, and lines before it in the piece.
    first: Option<(u64, u64)>,
}

impl Boundaries {
    /// Looks at a file from its first record on, in pieces of about `piece` bytes.
    pub fn find(folder: &Path, file: &FileStamp, dialect: Dialect, data: Start, piece: u64) -> Result<Self, SourceError> {
        let length = file.size - data.offset;
        let count = length.div_ceil(piece).max(1);
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8).min(count as usize);
        let per_thread = count.div_ceil(threads as u64);
        let pieces: Result<Vec<Vec<Piece>>, SourceError> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads as u64)
                .map(|thread| {
                    let range = thread * per_thread..((thread + 1) * per_thread).min(count);
                    scope.spawn(move || {
                        let look = |index: u64| data.offset + index * piece..(data.offset + (index + 1) * piece).min(file.size);
                        let mut opened = file.open(folder)?;
                        let looked: io::Result<Vec<_>> =
                            range.map(|index| look_at(&mut opened, look(index), data.offset, dialect)).collect();
                        looked.map_err(|error| cannot("read", &file.path, &error))
                    })
                })
                .collect();
            let join = |worker: std::thread::ScopedJoinHandle<'_, Result<Vec<Piece>, SourceError>>| match worker.join() {
                Ok(pieces) => pieces,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            workers.into_iter().map(join).collect()
        });
        Ok(Self::put_together(&pieces?.concat(), data))
    }

    fn put_together(pieces: &[Piece], data: Start) -> Self {
        let mut starts = vec![data];
        let mut regular = true;
        let mut within = false;
        let mut line = data.line;
        for piece in pieces {
            let case = piece.cases[usize::from(within)];
            regular &= !case.irregular;
            if let Some((offset, lines)) = case.first
                && offset > data.offset
            {
                starts.push(Start { offset, line: line + lines });
            }
            within ^= piece.odd;
            line += piece.lines;
        }
        regular &= !within;
        if !regular {
            starts.truncate(1);
        }
        Self { starts, regular }
    }
}

/// Reads one piece, with the two bytes before and the one after that its first and last bytes are judged by.
fn look_at(file: &mut (impl Read + Seek), range: std::ops::Range<u64>, data: u64, dialect: Dialect) -> io::Result<Piece> {
    let before = (range.start - data).min(2);
    file.seek(SeekFrom::Start(range.start - before))?;
    let mut bytes = vec![0; (range.end - range.start + before + 1) as usize];
    let filled = fill(file, &mut bytes)?;
    bytes.truncate(filled);
    let body = before as usize..(before + range.end - range.start) as usize;
    Ok(judge(&bytes, body.start..body.end.min(filled), range.start - before, dialect))
}

fn judge(bytes: &[u8], body: std::ops::Range<usize>, base: u64, dialect: Dialect) -> Piece {
    let Dialect { delimiter, quote, .. } = dialect;
    let mut piece = Piece::default();
    let mut any_newline = false;
    for at in memchr::memchr2_iter(b'\n', quote, &bytes[body.clone()]).map(|at| at + body.start) {
        let previous = at.checked_sub(1).map(|at| bytes[at]);
        if bytes[at] == b'\n' {
            any_newline = true;
            piece.lines += 1;
            let blank = match previous {
                None | Some(b'\n') => true,
                Some(b'\r') => at < 2 || bytes[at - 2] == b'\n',
                Some(_) => false,
            };
            let case = &mut piece.cases[usize::from(piece.odd)];
            case.irregular |= blank;
            // The record may begin with the next piece: it is this piece's all the same, so that none is lost.
            if case.first.is_none() && at + 1 < bytes.len() {
                case.first = Some((base + at as u64 + 1, piece.lines));
            }
        } else {
            let opens = previous.is_none_or(|byte| byte == delimiter || byte == b'\n' || byte == quote);
            let closes =
                bytes.get(at + 1).is_none_or(|byte| *byte == delimiter || matches!(*byte, b'\n' | b'\r') || *byte == quote);
            // Which case finds itself outside quotes here.
            let outside = usize::from(piece.odd);
            piece.cases[outside].irregular |= !opens;
            piece.cases[1 - outside].irregular |= !closes;
            piece.odd = !piece.odd;
        }
    }
    // Lines that end in a lone carriage return are left to the careful reader.
    if !any_newline && memchr::memchr(b'\r', &bytes[body]).is_some() {
        piece.cases[0].irregular = true;
        piece.cases[1].irregular = true;
    }
    piece
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::dialect::Encoding;

    fn find(text: &str, piece: u64) -> Boundaries {
        let dialect = Dialect { delimiter: b',', quote: b'"', encoding: Encoding::Utf8 };
        let size = text.len() as u64;
        let pieces: Vec<_> = (0..size.div_ceil(piece))
            .map(|index| {
                let range = index * piece..((index + 1) * piece).min(size);
                look_at(&mut Cursor::new(text.as_bytes()), range, 0, dialect).unwrap()
            })
            .collect();
        Boundaries::put_together(&pieces, Start { offset: 0, line: 1 })
    }

    #[test]
    fn splits_fall_between_records_only() {
        let text = "1,a\n2,\"b\nb\nb\"\n3,\"c \"\"x\"\" c\"\n4,d\n";
        for piece in 1..text.len() as u64 {
            let found = find(text, piece);
            assert!(found.regular, "{piece}");
            for start in &found.starts {
                let begins = &text[start.offset as usize..];
                assert!(begins.starts_with(|c: char| c.is_ascii_digit()) && begins[1..].starts_with(','), "{piece}: {start:?}");
                let line = text[..start.offset as usize].matches('\n').count() as u64 + 1;
                assert_eq!(start.line, line, "{piece}: {start:?}");
            }
        }
    }

    #[test]
    fn irregular_files_are_known() {
        let check = |text: &str, expect: bool| {
            for piece in [1, 2, 3, 5, 100] {
                assert_eq!(find(text, piece).regular, expect, "{text:?} in pieces of {piece}");
            }
        };
        check("1,a\n2,b\n", true);
        check("1,\"\"\n\"\",\"\"\"\"\n", true);
        check("1,5\" pipe\n2,b\n", false);
        check("1,5\" pipe\n2,6\" pipe\n", false);
        check("1,\"a\" b\n2,\"c\"\n", false);
        check("1,\"a\n2,b\n", false);
        check("1,a\n\n2,b\n", false);
        check("1,a\r\n\r\n2,b\r\n", false);
        check("1,a\n2,\"b\n\nb\"\n", true);
    }
}
