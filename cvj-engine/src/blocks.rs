//! Lists of millions, written once and then read: their items lie where they are, while those of a vector are moved again and again
//! as it grows.

use std::ops::Range;

/// Items of the smallest and the largest block; each is as large as all before it together.
const BLOCK: Range<usize> = 64..4096;

/// Such a list.
#[derive(Debug)]
pub(crate) struct Blocks<T> {
    blocks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self { blocks: Vec::new(), len: 0 }
    }
}

impl<T> Blocks<T> {
    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        self.len += 1;
        match self.blocks.last_mut() {
            Some(block) if block.len() < block.capacity() => block.push(item),
            _ => self.begin(item),
        }
    }

    #[cold]
    fn begin(&mut self, item: T) {
        let mut block = Vec::with_capacity(self.len.clamp(BLOCK.start, BLOCK.end));
        block.push(item);
        self.blocks.push(block);
    }

    /// Adds another list at the end.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.len += other.len;
        self.blocks.append(&mut other.blocks);
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The items, some at a time.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &[T]> {
        self.blocks.iter().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stay_in_order() {
        let (mut list, mut more) = (Blocks::default(), Blocks::default());
        (0..10_000).for_each(|item| list.push(item));
        (10_000..10_100).for_each(|item| more.push(item));
        list.append(more);
        list.push(10_100);
        assert_eq!(list.len(), 10_101);
        assert_eq!(list.slices().flatten().copied().collect::<Vec<_>>(), (0..=10_100).collect::<Vec<_>>());
    }
}
