//! What the values of a column say about its type, counted: which kinds they read as, under which marks, orders and currencies.
//!
//! Evidence is gathered from a sample or from all rows and takes the same room either way. [`crate::detect`] settles a format
//! from it.

use std::collections::BTreeMap;

use crate::cell::{Cell, Place};
use crate::format::truth;
use crate::moment::{self, DateText};
use crate::number::{self, DecimalMark, Marks};
use crate::settings::Nulls;

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

/// A count with the first value counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) first: Option<Example>,
}

impl Tally {
    fn add(&mut self, value: &str, place: Place<'_>) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(Example::new(value, place));
        }
    }
}

/// What the numbers of a column look like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// No decimals whichever the mark.
    pub(crate) plain: u64,
    pub(crate) point: Tally,
    pub(crate) point_decimals: u32,
    pub(crate) comma: Tally,
    pub(crate) comma_decimals: u32,
    pub(crate) either_point: u64,
    pub(crate) either_comma: u64,
    pub(crate) leading_zeros: u64,
    /// More digits than 64 bits hold.
    pub(crate) long: u64,
    pub(crate) exponents: u64,
    pub(crate) percent: Tally,
    pub(crate) not_percent: Tally,
    pub(crate) currencies: BTreeMap<&'static str, Tally>,
    /// Kept as numbers by the file.
    pub(crate) typed: u64,
    pub(crate) typed_decimals: u32,
}

/// What the dates of a column look like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moments {
    pub(crate) fixed: u64,
    pub(crate) compact: u64,
    pub(crate) day_first_only: Tally,
    pub(crate) month_first_only: Tally,
    pub(crate) either: Tally,
    /// `5/5/2026`: the order does not matter.
    pub(crate) same: u64,
    pub(crate) with_time: u64,
    pub(crate) with_zone: u64,
    pub(crate) without_zone: Tally,
}

/// What the values of one column say.
#[derive(Clone, Debug, Default)]
pub struct ColumnEvidence {
    /// Values that are neither empty nor a null word.
    pub(crate) values: u64,
    pub(crate) truths: u64,
    pub(crate) ones_and_zeros: u64,
    pub(crate) numbers: Numbers,
    pub(crate) moments: Moments,
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
            Cell::Number(value) => {
                self.values += 1;
                self.observe_number(*value);
                let text = value.to_string();
                if matches!(moment::lex(&text).map(|text| text.date), Some(DateText::Compact(_))) {
                    self.moments.compact += 1;
                } else {
                    missing(&mut self.not_moment, &text, place);
                }
                if *value == 0.0 || *value == 1.0 {
                    self.ones_and_zeros += 1;
                } else {
                    missing(&mut self.not_truth, &text, place);
                }
            }
            Cell::Boolean(_) => {
                self.values += 1;
                self.truths += 1;
                missing(&mut self.not_number, &cell.to_text(), place);
                missing(&mut self.not_moment, &cell.to_text(), place);
            }
            Cell::Moment(at) => {
                self.values += 1;
                self.moments.fixed += 1;
                if at.time() != jiff::civil::Time::midnight() {
                    self.moments.with_time += 1;
                }
                self.moments.without_zone.add(&cell.to_text(), place);
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

    fn observe_text(&mut self, text: &str, place: Place<'_>) {
        self.values += 1;
        if truth(text).is_some() {
            self.truths += 1;
        } else if matches!(text.trim(), "0" | "1") {
            self.ones_and_zeros += 1;
        } else {
            missing(&mut self.not_truth, text, place);
        }
        if !self.observe_number_text(text, place) {
            missing(&mut self.not_number, text, place);
        }
        if !self.observe_moment_text(text, place) {
            missing(&mut self.not_moment, text, place);
        }
    }

    fn observe_number(&mut self, value: f64) {
        let numbers = &mut self.numbers;
        numbers.typed += 1;
        if value.fract() != 0.0 {
            let text = value.to_string();
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len() as u32);
            numbers.typed_decimals = numbers.typed_decimals.max(decimals);
        } else if value.abs() >= 1e18 {
            numbers.long += 1;
        }
    }

    fn observe_number_text(&mut self, text: &str, place: Place<'_>) -> bool {
        let Some(number) = number::lex(text) else { return false };
        let Some(marks) = number::marks(number.body) else { return false };
        let numbers = &mut self.numbers;
        match marks {
            Marks::Plain => numbers.plain += 1,
            Marks::Decided(DecimalMark::Point, decimals) => {
                numbers.point.add(text, place);
                numbers.point_decimals = numbers.point_decimals.max(decimals);
            }
            Marks::Decided(DecimalMark::Comma, decimals) => {
                numbers.comma.add(text, place);
                numbers.comma_decimals = numbers.comma_decimals.max(decimals);
            }
            Marks::Either(DecimalMark::Point) => numbers.either_point += 1,
            Marks::Either(DecimalMark::Comma) => numbers.either_comma += 1,
        }
        numbers.leading_zeros += u64::from(number.has_leading_zeros());
        numbers.long += u64::from(number.digit_count() > 18);
        numbers.exponents += u64::from(number.exponent.is_some());
        if number.percent {
            numbers.percent.add(text, place);
        } else if number.body.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
            numbers.not_percent.add(text, place);
        }
        if let Some(currency) = number.currency {
            numbers.currencies.entry(currency).or_default().add(text, place);
        }
        true
    }

    fn observe_moment_text(&mut self, text: &str, place: Place<'_>) -> bool {
        let Some(moment) = moment::lex(text) else { return false };
        let moments = &mut self.moments;
        match moment.date {
            DateText::Fixed(_) => moments.fixed += 1,
            DateText::Compact(_) => moments.compact += 1,
            DateText::Numeric { day_first: Some(day), month_first: Some(month) } if day == month => moments.same += 1,
            DateText::Numeric { day_first: Some(_), month_first: Some(_) } => moments.either.add(text, place),
            DateText::Numeric { day_first: Some(_), month_first: None } => moments.day_first_only.add(text, place),
            DateText::Numeric { .. } => moments.month_first_only.add(text, place),
        }
        moments.with_time += u64::from(moment.time.is_some());
        if moment.offset.is_some() {
            moments.with_zone += 1;
        } else {
            moments.without_zone.add(text, place);
        }
        true
    }
}

fn missing(example: &mut Option<Example>, value: &str, place: Place<'_>) {
    if example.is_none() {
        *example = Some(Example::new(value, place));
    }
}
