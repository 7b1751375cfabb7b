//! The batches of one partition, and the faults that strike in the middle of them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use cvj_core::{BatchStream, SourceError, Status};

use crate::misbehave::{Bomb, Misbehave, hang};
use crate::table::{AMOUNT, Part};

/// Batches made as they are pulled. Only the first partition misbehaves, on its second batch: no other one may hide that.
pub(crate) struct Batches {
    part: Part,
    ranges: std::vec::IntoIter<Range<u64>>,
    delivered: u64,
    fault: Misbehave,
    hang: Duration,
    changed: Arc<AtomicBool>,
    _bomb: Option<Bomb>,
}

impl Batches {
    pub(crate) fn new(part: Part, fault: Misbehave, hang: Duration, changed: Arc<AtomicBool>) -> Self {
        let fault = if part.start == 0 { fault } else { Misbehave::None };
        let bomb = (fault == Misbehave::PanicInStreamRelease).then(|| Bomb);
        Self { ranges: part.batches().into_iter(), part, delivered: 0, fault, hang, changed, _bomb: bomb }
    }

    fn misbehave(&self) -> Result<(), SourceError> {
        match self.fault {
            Misbehave::PanicInStream => panic!("chaos was asked to panic in its stream"),
            Misbehave::PanicWithPayloadThatPanicsOnDrop => std::panic::panic_any(Bomb),
            Misbehave::NulInError => Err(SourceError::new(Status::Io, "before\0after the NUL byte")),
            Misbehave::ErrorInStream => {
                let error = SourceError::new(Status::RateLimited, "chaos was asked to fail in its stream");
                Err(SourceError { retryable: true, retry_after: Some(Duration::from_millis(1500)), ..error }
                    .with_hint("ask it for something else"))
            }
            Misbehave::SchemaChangedAlways => Err(SourceError::schema_changed("column `id` is no longer a whole number")),
            Misbehave::SchemaChangedOnce if !self.changed.swap(true, Ordering::AcqRel) => {
                Err(SourceError::schema_changed("column `id` was not a whole number this once"))
            }
            Misbehave::HangInStream => {
                hang(self.hang);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = self.ranges.next()?;
        self.delivered += 1;
        if self.delivered == 2 {
            if let Err(failure) = self.misbehave() {
                return Some(Err(failure));
            }
            if self.fault == Misbehave::WrongBatchSchema {
                let schema = Schema::new(vec![Field::new("surprise", DataType::Boolean, true)]);
                return Some(Ok(RecordBatch::new_empty(schema.into())));
            }
        }
        let rejects_first = self.fault == Misbehave::Rejects && self.delivered == 1;
        Some(self.part.batch(range, if rejects_first { Some(AMOUNT) } else { None }))
    }
}

/// A stream whose producing thread panics after the first batch.
pub(crate) fn producer_that_dies(schema: SchemaRef, part: Part) -> Result<BatchStream, SourceError> {
    BatchStream::produced(schema, 1, move |sender| {
        for (number, range) in part.batches().into_iter().enumerate() {
            assert!(number == 0 || part.start > 0, "chaos was asked to let its producer die");
            sender.send(part.batch(range, None)?)?;
        }
        Ok(())
    })
}
