//! Bytes to text: nothing less than was promised, no end mark of DOS, UTF-16 made UTF-8.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Take};

use cvj_core::{SourceError, Status};
use cvj_tabular::files::{FileStamp, cannot};
use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

use crate::encoding::Encoding;
use crate::input::told;

/// What DOS programs write at the end of a text file.
const END_MARK: u8 = 0x1a;
const BUFFER: usize = 64 * 1024;

/// The length of a plain file without end marks.
pub(super) fn length(file: &mut File, stamp: &FileStamp) -> Result<u64, SourceError> {
    let mut length = stamp.size;
    while length > 0 {
        let mut last = [0];
        let read = file.seek(SeekFrom::Start(length - 1)).and_then(|_| file.read(&mut last));
        if read.map_err(|error| cannot("read", &stamp.path, &error))? == 0 || last[0] != END_MARK {
            break;
        }
        length -= 1;
    }
    Ok(length)
}

/// Exactly so many bytes: fewer are an error, because the file was cut while it was read.
pub(super) struct Complete<R> {
    bytes: Take<R>,
    stamp: FileStamp,
}

impl<R: Read> Complete<R> {
    pub(super) fn new(bytes: R, length: u64, stamp: &FileStamp) -> Self {
        Self { bytes: bytes.take(length), stamp: stamp.clone() }
    }
}

impl<R: Read> Read for Complete<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.bytes.limit() > 0 { Err(told(self.stamp.changed())) } else { Ok(read) }
    }
}

/// A text without the end marks at its end.
pub(super) struct WithoutEndMark<R> {
    bytes: BufReader<R>,
    /// End marks passed over, which are text if any follows.
    held: usize,
    /// Those that turned out to be text.
    due: usize,
}

impl<R: Read> WithoutEndMark<R> {
    pub(super) fn new(bytes: R) -> Self {
        Self { bytes: BufReader::with_capacity(BUFFER, bytes), held: 0, due: 0 }
    }
}

impl<R: Read> Read for WithoutEndMark<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.due > 0 {
                let count = self.due.min(buffer.len());
                buffer[..count].fill(END_MARK);
                self.due -= count;
                return Ok(count);
            }
            let available = self.bytes.fill_buf()?;
            if available.is_empty() {
                return Ok(0);
            }
            let text = available.iter().rposition(|byte| *byte != END_MARK).map_or(0, |last| last + 1);
            if text == 0 {
                self.held += available.len();
                let all = available.len();
                self.bytes.consume(all);
            } else if self.held > 0 {
                self.due = std::mem::take(&mut self.held);
            } else {
                let count = text.min(buffer.len());
                buffer[..count].copy_from_slice(&available[..count]);
                self.bytes.consume(count);
                return Ok(count);
            }
        }
    }
}

/// UTF-16 as UTF-8, without its byte order mark.
pub(super) struct Utf16<R> {
    bytes: BufReader<R>,
    decoder: Decoder,
    text: Vec<u8>,
    given: usize,
    ended: bool,
    name: String,
    line: u64,
}

impl<R: Read> Utf16<R> {
    pub(super) fn new(bytes: R, encoding: Encoding, name: String) -> Self {
        let encoding = if encoding == Encoding::Utf16be { UTF_16BE } else { UTF_16LE };
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { bytes: BufReader::with_capacity(BUFFER, bytes), decoder, text: Vec::new(), given: 0, ended: false, name, line: 1 }
    }

    fn decode(&mut self) -> io::Result<()> {
        self.text.resize(2 * BUFFER, 0);
        self.given = 0;
        let bytes = self.bytes.fill_buf()?;
        let last = bytes.is_empty();
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(bytes, &mut self.text, last);
        self.bytes.consume(read);
        self.text.truncate(written);
        self.line += memchr::memchr_iter(b'\n', &self.text).count() as u64;
        self.ended = last && result == DecoderResult::InputEmpty;
        if let DecoderResult::Malformed(..) = result {
            let message = format!("{}:{}: not UTF-16", self.name, self.line);
            let hint = "export the file again; if it is in another encoding, set `encoding`";
            return Err(told(SourceError::new(Status::InvalidData, message).with_hint(hint)));
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if self.ended {
                return Ok(0);
            }
            self.decode()?;
        }
        let count = buffer.len().min(self.text.len() - self.given);
        buffer[..count].copy_from_slice(&self.text[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
