//! Packed bytes: unpacked within bounds, and never ended early without an error.

use std::io::{self, BufRead, BufReader, Read};

use cvj_core::{SourceError, Status};
use cvj_tabular::limits::Limits;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::input::told;

/// What `zstd` itself accepts without being told more.
const ZSTD_WINDOW: u64 = 128 << 20;

/// Bytes that come out of an unpacker, bounded, its errors told with the input's name.
pub(super) struct Unpacked<R> {
    bytes: R,
    name: String,
    count: u64,
    /// As many bytes are promised, or allowed.
    most: u64,
    limits: Limits,
}

impl<R: Read> Unpacked<R> {
    pub(super) fn new(bytes: R, name: String, most: u64, limits: &Limits) -> Self {
        Self { bytes, name, count: 0, most, limits: limits.clone() }
    }

    fn broken(&self, error: io::Error) -> io::Error {
        if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<SourceError>) {
            return error;
        }
        let why = if error.kind() == io::ErrorKind::UnexpectedEof {
            "it ends in the middle".to_owned()
        } else {
            format!("it is damaged: {error}")
        };
        let message = format!("`{}` cannot be unpacked: {why}", self.name);
        told(SourceError::new(Status::InvalidData, message).with_hint("export or download it again"))
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer).map_err(|error| self.broken(error))?;
        self.count += read as u64;
        if self.count <= self.most {
            return Ok(read);
        }
        Err(if self.most < self.limits.unpacked.0 {
            self.broken(io::Error::other("it holds more than it says"))
        } else {
            told(self.limits.too_much_unpacked(&self.name, None))
        })
    }
}

/// Zstd frames, one behind the other.
pub(super) struct Zstd<R> {
    bytes: BufReader<R>,
    frame: FrameDecoder,
    within: bool,
}

impl<R: Read> Zstd<R> {
    pub(super) fn new(bytes: R) -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(ZSTD_WINDOW);
        Self { bytes: BufReader::new(bytes), frame, within: false }
    }

    /// Begins the next frame; `false` at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.bytes.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.frame.reset(&mut self.bytes) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut (&mut self.bytes).take(length.into()), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(of_frame(error)),
            }
        }
    }

    /// The frame is over: what came out must be what went in.
    fn end(&mut self) -> io::Result<()> {
        self.within = false;
        let written = self.frame.get_checksum_from_data();
        if written.is_some() && written != self.frame.get_calculated_checksum() {
            return Err(io::Error::other("its checksum is wrong"));
        }
        Ok(())
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                if !self.begin()? {
                    return Ok(0);
                }
                self.within = true;
            }
            if self.frame.can_collect() > 0 {
                return self.frame.read(buffer);
            }
            if self.frame.is_finished() {
                self.end()?;
            } else {
                self.frame.decode_blocks(&mut self.bytes, BlockDecodingStrategy::UptoBlocks(1)).map_err(of_frame)?;
            }
        }
    }
}

/// An error of a frame; one that is the end of the bytes is told as that.
fn of_frame(error: FrameDecoderError) -> io::Error {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            if let Some(told) = inner.get_ref().and_then(|inner| inner.downcast_ref::<SourceError>()) {
                return io::Error::new(inner.kind(), told.clone());
            }
            return inner.kind().into();
        }
        source = inner.source();
    }
    io::Error::other(error)
}
