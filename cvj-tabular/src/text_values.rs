//! Text on its way into an Arrow array: bytes are gathered as they come and validated as UTF-8 all at once.

use std::sync::Arc;

use arrow_array::builder::NullBufferBuilder;
use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer};

/// Collects text.
#[derive(Debug)]
pub(crate) struct TextValues {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
    rows: usize,
}

/// Text that is not UTF-8.
#[derive(Clone, Debug)]
pub struct NotUtf8 {
    /// The first row that is not, counted from 0 since the array was begun.
    pub row: usize,
    values: Arc<BinaryArray>,
}

impl NotUtf8 {
    /// The text with U+FFFD where it is not UTF-8.
    pub(crate) fn replaced(&self) -> ArrayRef {
        let text = self.values.iter().map(|value| value.map(String::from_utf8_lossy));
        Arc::new(text.collect::<StringArray>())
    }
}

impl TextValues {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self { bytes: Vec::with_capacity(rows * 16), ends: ends(rows), nulls: NullBufferBuilder::new(rows), rows }
    }

    #[inline]
    pub(crate) fn append(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as i32);
        self.nulls.append_non_null();
    }

    /// Appends text that is not blank for certain, or nothing as null; says whether it did.
    #[inline]
    pub(crate) fn append_common(&mut self, text: &[u8]) -> bool {
        match text.first() {
            None => self.append_null(),
            // White space may be all there is. Its other forms do not begin in ASCII.
            Some(first) if first.is_ascii_graphic() => self.append(text),
            Some(_) => return false,
        }
        true
    }

    /// Bytes of text.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(crate) fn append_null(&mut self) {
        self.ends.push(self.bytes.len() as i32);
        self.nulls.append_null();
    }

    pub(crate) fn finish(&mut self) -> Result<StringArray, NotUtf8> {
        let room = self.bytes.len();
        let bytes = std::mem::replace(&mut self.bytes, Vec::with_capacity(room));
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.ends, ends(self.rows)).into());
        let values = BinaryArray::new(offsets, Buffer::from_vec(bytes), self.nulls.finish());
        let (offsets, bytes, nulls) = values.clone().into_parts();
        StringArray::try_new(offsets, bytes, nulls).map_err(|_| {
            let is_broken = |row: &usize| std::str::from_utf8(values.value(*row)).is_err();
            NotUtf8 { row: (0..values.len()).find(is_broken).unwrap_or_default(), values: Arc::new(values) }
        })
    }
}

fn ends(rows: usize) -> Vec<i32> {
    let mut ends = Vec::with_capacity(rows + 1);
    ends.push(0);
    ends
}
