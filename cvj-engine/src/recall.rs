//! What texts mean, for loops over many rows: the few texts of a column of stages or products are met again and again, and each is
//! worked out once.

/// Places for short texts. Two that fall on one push each other out.
const PLACES: usize = 64;

/// What texts mean.
#[derive(Debug)]
pub(crate) struct Recall<V> {
    /// Short texts of late, found without hashing or comparing letter by letter.
    short: Vec<Option<(Short, V)>>,
    seen: hashbrown::HashMap<String, V>,
    /// Texts that are remembered: beyond them, a column is no list of a few, and remembering would only take room.
    most: usize,
}

/// A text of up to 16 bytes: its length, and its first and its last bytes, which may be the same ones.
type Short = (usize, u64, u64);

impl<V: Copy> Recall<V> {
    /// One that remembers at most so many texts.
    pub(crate) fn new(most: usize) -> Self {
        Self { short: vec![None; PLACES], seen: hashbrown::HashMap::new(), most }
    }

    /// What a text means; `find` works it out.
    #[inline]
    pub(crate) fn of(&mut self, text: &str, find: impl FnOnce(&str) -> V) -> V {
        let Some(short) = short(text.as_bytes()) else { return self.remembered(text, find) };
        let place = place(short);
        match self.short[place] {
            Some((known, value)) if known == short => value,
            _ => {
                let value = self.remembered(text, find);
                self.short[place] = Some((short, value));
                value
            }
        }
    }

    fn remembered(&mut self, text: &str, find: impl FnOnce(&str) -> V) -> V {
        if let Some(value) = self.seen.get(text) {
            return *value;
        }
        let value = find(text);
        if self.seen.len() < self.most {
            self.seen.insert(text.to_owned(), value);
        }
        value
    }
}

#[inline]
fn short(text: &[u8]) -> Option<Short> {
    let (first, last) = match text {
        _ if text.len() > 16 => return None,
        [_, _, _, _, ..] => {
            // The same work for every length: which one comes next cannot be foreseen.
            let four = |at: usize| Some(u64::from(u32::from_le_bytes(*text[at..].first_chunk()?)));
            let (last, step) = (text.len() - 4, (text.len() - 4).min(4));
            (four(0)? | four(step)? << 32, four(last - step)? | four(last)? << 32)
        }
        [first, .., last] => (u64::from(*first) << 8 | u64::from(text[text.len() / 2]), u64::from(*last)),
        [only] => (u64::from(*only), 0),
        [] => (0, 0),
    };
    Some((text.len(), first, last))
}

fn place((length, first, last): Short) -> usize {
    // The golden ratio spreads what differs in any bit over the highest ones.
    let spread = (first ^ last.rotate_left(23) ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (spread >> 58) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Texts of any length, near each other and often the same, mean what they mean.
        #[test]
        fn every_text_means_what_it_means(texts in proptest::collection::vec("[ab]{0,5}[abé]{0,20}", 1..200), most in 0_usize..50) {
            let mut recall = Recall::new(most);
            let meaning = |text: &str| text.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(257) + u64::from(byte));
            for text in texts.iter().chain(&texts) {
                prop_assert_eq!(recall.of(text, meaning), meaning(text));
            }
        }
    }
}
