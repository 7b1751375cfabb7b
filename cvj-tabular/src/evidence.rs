//! What the values of a column say about its type: how many there are of each sort of number, moment and truth value.
//!
//! Evidence is gathered from a sample or from all rows and takes the same room either way: values are counted by their *shape*,
//! and a settled format says of each shape whether it reads it. [`crate::detect`] settles a format from it.

use std::collections::BTreeMap;

use crate::cell::{Cell, Place};
use crate::currency::currency;
use crate::moment::{self, DateShape, DigitForm, MomentShape};
use crate::number::{self, DecimalMark, Marks, NumberShape, NumberSize};
use crate::settings::Nulls;
use crate::truth::{Truth, truth};

/// A column with more shapes than this is no column of one type, and counting them all would take any amount of room.
const MOST_SHAPES: usize = 500;
/// Values kept to try a pattern of the configuration on.
const SAMPLES: usize = 32;

/// A value, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The value as written.
    pub value: String,
    /// The file's name, without folders.
    pub file: String,
    /// The line or row, counted from 1.
    pub line: u64,
}

impl Example {
    fn new(value: &str, place: Place<'_>) -> Self {
        Self { value: value.chars().take(80).collect(), file: place.file.to_owned(), line: place.line }
    }
}

impl std::fmt::Display for Example {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}` ({}:{})", self.value, self.file, self.line)
    }
}

/// Values of one shape: how many, the first of them, and the room that numbers need.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) first: Example,
    pub(crate) size: NumberSize,
}

/// Values by shape.
#[derive(Clone, Debug)]
pub(crate) struct Tallies<Shape>(BTreeMap<Shape, Tally>);

impl<Shape> Default for Tallies<Shape> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<Shape: Ord + Copy> Tallies<Shape> {
    /// Whether there was room to count it.
    fn add(&mut self, shape: Shape, size: NumberSize, value: &str, place: Place<'_>) -> bool {
        if let Some(tally) = self.0.get_mut(&shape) {
            tally.count += 1;
            tally.size = tally.size.or(size);
            return true;
        }
        if self.0.len() >= MOST_SHAPES {
            return false;
        }
        self.0.insert(shape, Tally { count: 1, first: Example::new(value, place), size });
        true
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Shape, &Tally)> {
        self.0.iter()
    }

    /// How many values have a shape that passes.
    pub(crate) fn count(&self, passes: impl Fn(&Shape) -> bool) -> u64 {
        self.iter().filter(|(shape, _)| passes(shape)).map(|(_, tally)| tally.count).sum()
    }

    /// A value whose shape passes: the first of the commonest.
    pub(crate) fn example(&self, passes: impl Fn(&Shape) -> bool) -> Option<&Example> {
        let found = self.iter().filter(|(shape, _)| passes(shape)).max_by_key(|(_, tally)| tally.count);
        found.map(|(_, tally)| &tally.first)
    }
}

/// The first and the last of two-digit numbers around a month: which of the two is the year?
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShortYears {
    first: (u32, u32),
    last: (u32, u32),
}

impl ShortYears {
    /// The last numbers spread wider than the first, as days do: `26-10-01` to `26-10-31`.
    pub(crate) fn last_looks_like_the_day(&self) -> bool {
        self.first.1 - self.first.0 < self.last.1 - self.last.0
    }
}

/// What the values of one column say.
#[derive(Clone, Debug, Default)]
pub struct ColumnEvidence {
    /// Values that are neither empty nor a null word.
    pub(crate) values: u64,
    /// Values that are no truth value but for `0` and `1` are not counted.
    pub(crate) truths: Tallies<Truth>,
    pub(crate) numbers: Tallies<NumberShape>,
    pub(crate) moments: Tallies<MomentShape>,
    pub(crate) short_years: Option<ShortYears>,
    /// Values that are an ISO 4217 code or a currency's sign.
    pub(crate) currencies: u64,
    pub(crate) samples: Vec<Example>,
    pub(crate) not_truth: Option<Example>,
    pub(crate) not_number: Option<Example>,
    pub(crate) not_moment: Option<Example>,
}

impl ColumnEvidence {
    /// Counts one cell.
    pub fn observe(&mut self, cell: &Cell<'_>, nulls: &Nulls, place: Place<'_>) {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) => {
                if !nulls.in_values(text) {
                    self.observe_text(text, place);
                }
            }
            Cell::Number(value) => self.observe_number(*value, None, place),
            Cell::Money { amount, currency } => self.observe_number(*amount, Some(currency), place),
            Cell::Boolean(_) => {
                self.values += 1;
                self.truths.add(Truth::Word, NumberSize::default(), &cell.to_text(), place);
                missing(&mut self.not_number, &cell.to_text(), place);
                missing(&mut self.not_moment, &cell.to_text(), place);
            }
            Cell::Moment(at) => {
                self.values += 1;
                let has_clock = at.time() != jiff::civil::Time::midnight();
                let shape = MomentShape { date: DateShape::Fixed, has_clock, has_time: has_clock, has_zone: false };
                self.moments.add(shape, NumberSize::default(), &cell.to_text(), place);
                missing(&mut self.not_number, &cell.to_text(), place);
                missing(&mut self.not_truth, &cell.to_text(), place);
            }
            Cell::Error(text) => {
                // An error says nothing about the type of its column.
                missing(&mut self.not_number, text, place);
                missing(&mut self.not_moment, text, place);
                missing(&mut self.not_truth, text, place);
            }
        }
    }

    /// The decimal mark that the values prove.
    pub fn decimal_mark(&self) -> Option<DecimalMark> {
        let (point, comma) = (self.decided(DecimalMark::Point), self.decided(DecimalMark::Comma));
        if !self.enough(self.numbers.count(|_| true)) || (point == 0 && comma == 0) {
            return None;
        }
        Some(if point >= comma { DecimalMark::Point } else { DecimalMark::Comma })
    }

    /// Whether every value (and there is one) is an ISO 4217 code or a currency's sign.
    pub fn names_currencies(&self) -> bool {
        self.values > 0 && self.currencies == self.values
    }

    /// Numbers that only make sense with this decimal mark.
    pub(crate) fn decided(&self, mark: DecimalMark) -> u64 {
        self.numbers.count(|shape| shape.marks == Marks::Decided(mark))
    }

    /// Whether so many values are enough to say that the column is of a type.
    pub(crate) fn enough(&self, reads: u64) -> bool {
        most(reads, self.values)
    }

    fn observe_number(&mut self, value: f64, currency: Option<&'static str>, place: Place<'_>) {
        self.values += 1;
        let text = value.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let size = NumberSize { whole: whole.trim_start_matches(['-', '0']).len() as u32, decimals: decimals.len() as u32 };
        if !value.is_finite() || !self.numbers.add(NumberShape::typed(value, currency), size, &text, place) {
            missing(&mut self.not_number, &text, place);
        }
        match DigitForm::of(&text).filter(|_| currency.is_none()) {
            Some(form) => self.observe_moment(MomentShape::digits(form), &text, place),
            None => missing(&mut self.not_moment, &text, place),
        }
        match Truth::of_number(value) {
            Some(_) => _ = self.truths.add(Truth::Digit, NumberSize::default(), &text, place),
            None => missing(&mut self.not_truth, &text, place),
        }
    }

    fn observe_text(&mut self, text: &str, place: Place<'_>) {
        self.values += 1;
        if self.samples.len() < SAMPLES {
            self.samples.push(Example::new(text, place));
        }
        self.currencies += u64::from(currency(text.trim()).is_some());
        match truth(text) {
            Some((_, sort)) => _ = self.truths.add(sort, NumberSize::default(), text, place),
            None => missing(&mut self.not_truth, text, place),
        }
        let number = number::lex(text).ok().and_then(|number| Some((NumberShape::of(&number)?, number)));
        let counted = number.is_some_and(|(shape, number)| self.numbers.add(shape, number.size(shape.marks), text, place));
        if !counted {
            missing(&mut self.not_number, text, place);
        }
        match moment::lex(text) {
            Ok(moment) => {
                if let Some((first, last)) = moment.short_year_parts(text) {
                    let years = self.short_years.get_or_insert(ShortYears { first: (first, first), last: (last, last) });
                    years.first = (years.first.0.min(first), years.first.1.max(first));
                    years.last = (years.last.0.min(last), years.last.1.max(last));
                }
                self.observe_moment(MomentShape::of(&moment), text, place);
            }
            Err(_) => missing(&mut self.not_moment, text, place),
        }
    }

    fn observe_moment(&mut self, shape: MomentShape, text: &str, place: Place<'_>) {
        if !self.moments.add(shape, NumberSize::default(), text, place) {
            missing(&mut self.not_moment, text, place);
        }
    }
}

/// Whether so many values are 95 % of all (design §5), in whole numbers.
pub(crate) fn most(reads: u64, of: u64) -> bool {
    u128::from(reads) * 100 >= u128::from(of) * 95
}

fn missing(example: &mut Option<Example>, value: &str, place: Place<'_>) {
    if example.is_none() {
        *example = Some(Example::new(value, place));
    }
}
