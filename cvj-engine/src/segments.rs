//! Segments: what a touchpoint carries beside person, product, stage and time, as one small number: the source that it comes
//! from, and a value for each name in the `by` of its definition.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::people::holds_address;

/// A segment's number.
pub(crate) type SegmentCode = u16;

/// The number of a value among those of its dimension.
pub(crate) type ValueCode = u16;

/// Segments that a client may have.
pub(crate) const MOST_SEGMENTS: usize = SegmentCode::MAX as usize;

/// Rows that a segmenter remembers: beyond them they are no few values, and remembering would only take room.
const REMEMBERED: usize = 1 << 16;

/// What stands for every value that holds an e-mail address: values are printed, and persons are not.
const ADDRESS: &str = "(e-mail addresses)";

/// Segments are in order by source, then value by value, none first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Segment {
    source: usize,
    /// Per dimension; empty: none.
    values: Vec<String>,
}

/// The segments of a client, numbered as they come, for threads beside each other.
#[derive(Debug, Default)]
pub(crate) struct Segments {
    dimensions: Vec<String>,
    /// In order.
    sources: Vec<String>,
    codes: Mutex<HashMap<Segment, SegmentCode>>,
}

impl Segments {
    /// `by`: the names in the `by` of all definitions, in their order; `sources`: what touchpoints come from.
    pub(crate) fn new<'a>(by: impl Iterator<Item = &'a String>, sources: impl Iterator<Item = &'a String>) -> Self {
        let mut dimensions: Vec<String> = Vec::new();
        for name in by {
            if !dimensions.contains(name) {
                dimensions.push(name.clone());
            }
        }
        let sources: BTreeSet<String> = sources.cloned().collect();
        Self { dimensions, sources: sources.into_iter().collect(), codes: Mutex::default() }
    }

    /// Whether there are more than a client may have.
    pub(crate) fn too_many(&self) -> bool {
        self.codes().len() > MOST_SEGMENTS
    }

    /// By code: the place among all segments so far in their order.
    pub(crate) fn ranks(&self) -> Vec<SegmentCode> {
        let codes = self.codes();
        let mut ordered: Vec<_> = codes.iter().collect();
        ordered.sort_unstable();
        let mut ranks = vec![0; ordered.len()];
        for (rank, (_, code)) in ordered.into_iter().enumerate() {
            ranks[usize::from(*code)] = rank as SegmentCode;
        }
        ranks
    }

    /// The segments by rank: the code that each of the codes given so far is to be replaced by is its rank.
    pub(crate) fn finish(self) -> SegmentTable {
        let codes = self.codes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut segments: Vec<Segment> = codes.into_keys().collect();
        segments.sort_unstable();
        let names_of = |dimension: usize| {
            let names: BTreeSet<&String> = segments.iter().map(|segment| &segment.values[dimension]).collect();
            names.into_iter().filter(|name| !name.is_empty()).cloned().collect()
        };
        let names: Vec<Vec<String>> = (0..self.dimensions.len()).map(names_of).collect();
        let code = |(value, names): (&String, &Vec<String>)| names.binary_search(value).ok().map(|code| code as ValueCode);
        let coded = segments.iter().map(|segment| (segment.source, segment.values.iter().zip(&names).map(code).collect()));
        SegmentTable { segments: coded.collect(), dimensions: self.dimensions, sources: self.sources, names }
    }

    /// The place of a source among all.
    fn source(&self, name: &str) -> usize {
        self.sources.iter().position(|source| source == name).unwrap_or_default()
    }

    fn intern(&self, segment: Segment) -> SegmentCode {
        let mut codes = self.codes();
        let next = codes.len();
        // One too many is let in, which `too_many` tells.
        if next > MOST_SEGMENTS { 0 } else { *codes.entry(segment).or_insert(next as SegmentCode) }
    }

    fn codes(&self) -> MutexGuard<'_, HashMap<Segment, SegmentCode>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread's segments of one definition's rows, remembered by the rows' texts: a loop over rows waits for no other.
pub(crate) struct Segmenter<'a> {
    segments: &'a Segments,
    source: usize,
    /// The dimension of each name in `by`.
    dimensions: Vec<usize>,
    /// The segment of every row, where there is no `by`.
    only: Option<SegmentCode>,
    hasher: DefaultHashBuilder,
    seen: HashTable<(Vec<String>, SegmentCode)>,
}

impl<'a> Segmenter<'a> {
    pub(crate) fn new(segments: &'a Segments, source: &str, by: &[String]) -> Self {
        let dimension = |name| segments.dimensions.iter().position(|dimension| dimension == name);
        let mut segmenter = Self {
            segments,
            source: segments.source(source),
            dimensions: by.iter().filter_map(dimension).collect(),
            only: None,
            hasher: DefaultHashBuilder::default(),
            seen: HashTable::new(),
        };
        if by.is_empty() {
            segmenter.only = Some(segmenter.intern(|_| ""));
        }
        segmenter
    }

    /// The place of the source among all.
    pub(crate) fn source(&self) -> usize {
        self.source
    }

    /// The segment of a row; `text`: what it holds for a place in `by`.
    pub(crate) fn segment<'b>(&mut self, text: impl Fn(usize) -> &'b str) -> SegmentCode {
        if let Some(only) = self.only {
            return only;
        }
        let places = 0..self.dimensions.len();
        let hash = hash(&self.hasher, places.clone().map(&text));
        let is_row =
            |(texts, _): &(Vec<String>, SegmentCode)| texts.iter().enumerate().all(|(place, known)| *known == text(place));
        if let Some((_, code)) = self.seen.find(hash, is_row) {
            return *code;
        }
        let code = self.intern(&text);
        if self.seen.len() < REMEMBERED {
            let texts = places.map(|place| text(place).to_owned()).collect();
            let hasher = &self.hasher;
            let rehash =
                |(texts, _): &(Vec<String>, SegmentCode)| crate::segments::hash(hasher, texts.iter().map(String::as_str));
            self.seen.insert_unique(hash, (texts, code), rehash);
        }
        code
    }

    fn intern<'b>(&self, text: impl Fn(usize) -> &'b str) -> SegmentCode {
        let mut values = vec![String::new(); self.segments.dimensions.len()];
        for (place, dimension) in self.dimensions.iter().enumerate() {
            let value = text(place).trim();
            let value = if holds_address(value) { ADDRESS } else { value };
            value.clone_into(&mut values[*dimension]);
        }
        self.segments.intern(Segment { source: self.source, values })
    }
}

fn hash<'a>(hasher: &DefaultHashBuilder, texts: impl Iterator<Item = &'a str>) -> u64 {
    let mut hash = hasher.build_hasher();
    for text in texts {
        text.hash(&mut hash);
    }
    hash.finish()
}

/// What the codes of segments mean. Sources and values are numbered in the order of their text, and segments in theirs, so that
/// no number tells which thread was faster.
#[derive(Debug, Default)]
pub(crate) struct SegmentTable {
    /// By code: the source, and the value of each dimension.
    segments: Vec<(usize, Vec<Option<ValueCode>>)>,
    dimensions: Vec<String>,
    sources: Vec<String>,
    /// Per dimension, by value's code.
    names: Vec<Vec<String>>,
}

impl SegmentTable {
    /// The place in [`Self::sources`] of the source of a segment.
    pub(crate) fn source(&self, segment: SegmentCode) -> usize {
        self.segments[usize::from(segment)].0
    }

    /// A segment's value in the dimension at this place.
    pub(crate) fn value(&self, segment: SegmentCode, dimension: usize) -> Option<ValueCode> {
        self.segments[usize::from(segment)].1[dimension]
    }

    /// A value's text.
    pub(crate) fn value_name(&self, dimension: usize, value: ValueCode) -> &str {
        &self.names[dimension][usize::from(value)]
    }

    /// The names in `by`, in the order of definitions.
    pub(crate) fn dimensions(&self) -> &[String] {
        &self.dimensions
    }

    /// The sources of touchpoints.
    pub(crate) fn sources(&self) -> &[String] {
        &self.sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments() -> Segments {
        let [by, sources] = [["channel", "campaign", "channel"], ["shop", "ads", "shop"]].map(|names| names.map(str::to_owned));
        Segments::new(by.iter(), sources.iter())
    }

    #[test]
    fn codes_mean_a_source_and_a_value_for_each_dimension() {
        let segments = segments();
        let [channel, campaign] = ["channel", "campaign"].map(|name| vec![name.to_owned()]);
        let mut ads = Segmenter::new(&segments, "ads", &[campaign, channel.clone()].concat());
        let both = ads.segment(|place| ["Spring ", "  Paid"][place]);
        assert_eq!(ads.segment(|place| ["Spring", "Paid"][place]), both);
        let no_campaign = ads.segment(|place| [" ", "Mail"][place]);
        let swapped = ads.segment(|place| ["Paid", "Spring"][place]);
        let mut shop = Segmenter::new(&segments, "shop", &[]);
        let plain = shop.segment(|_| "not asked");
        assert_eq!(Segmenter::new(&segments, "shop", &channel).segment(|_| "\t"), plain);

        let ranks = segments.ranks();
        let table = segments.finish();
        assert_eq!(
            (table.dimensions(), table.sources()),
            (["channel", "campaign"].map(String::from).as_slice(), ["ads", "shop"].map(String::from).as_slice())
        );
        let read = |code: SegmentCode| {
            let segment = ranks[usize::from(code)];
            let value = |dimension| table.value(segment, dimension).map(|value| table.value_name(dimension, value));
            (table.source(segment), value(0), value(1))
        };
        assert_eq!(read(both), (0, Some("Paid"), Some("Spring")));
        assert_eq!(read(no_campaign), (0, Some("Mail"), None));
        assert_eq!(read(swapped), (0, Some("Spring"), Some("Paid")));
        assert_eq!(read(plain), (1, None, None));
        assert_eq!(ranks, [1, 0, 2, 3]);
    }

    #[test]
    fn values_that_hold_an_address_are_one_value_without_it() {
        let segments = segments();
        let mut shop = Segmenter::new(&segments, "shop", &["channel".to_owned()]);
        let [ann, bob, brand] = ["ann@example.com", " bob@example.com", "@brand"].map(|text| shop.segment(|_| text));
        assert_eq!(ann, bob);
        assert_ne!(ann, brand);
        let table = segments.finish();
        assert_eq!([0, 1].map(|value| table.value_name(0, value)), [ADDRESS, "@brand"]);
    }

    #[test]
    fn numbers_do_not_depend_on_who_came_first() {
        let run = |values: [&str; 3]| {
            let segments = segments();
            let mut segmenter = Segmenter::new(&segments, "shop", &["channel".to_owned()]);
            let codes = values.map(|value| segmenter.segment(|_| value));
            let ranks = segments.ranks();
            let mut ranked = values.iter().zip(codes.map(|code| ranks[usize::from(code)])).collect::<Vec<_>>();
            ranked.sort_unstable();
            (format!("{ranked:?}"), format!("{:?}", segments.finish()))
        };
        assert_eq!(run(["b", "", "a"]), run(["a", "b", ""]));
    }

    #[test]
    fn one_segment_too_many_is_told() {
        let segments = segments();
        let mut segmenter = Segmenter::new(&segments, "shop", &["campaign".to_owned()]);
        let texts: Vec<String> = (0..=MOST_SEGMENTS).map(|number| format!("c{number}")).collect();
        for text in &texts[..MOST_SEGMENTS] {
            segmenter.segment(|_| text);
        }
        assert!(!segments.too_many());
        segmenter.segment(|_| &texts[MOST_SEGMENTS]);
        assert!(segments.too_many());
        segmenter.segment(|_| "another");
        assert!(segments.too_many());
    }
}
