//! The settled format of a column: which Arrow type it has and how one cell becomes a value.

use std::collections::HashMap;

use arrow_schema::{DataType, Field, TimeUnit};
use cvj_core::source::{FIELD_CURRENCY, FIELD_FORMAT};
use serde::{Deserialize, Serialize};

use crate::moment::{DateOrder, MomentFault, MomentFormat, MomentStore};
use crate::number::{DecimalMark, NumberFault, NumberFormat, NumberStore};

/// How the cells of a column are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnFormat {
    /// As written.
    Text,
    /// Numbers.
    Number(NumberFormat),
    /// Truth values; `numeric`: 1 and 0 are.
    Boolean {
        /// Whether 1 and 0 are truth values.
        numeric: bool,
    },
    /// Dates and times.
    Moment(MomentFormat),
}

/// Why a cell does not read as its column's format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The reason, without the value.
    pub why: String,
    /// The cell would read if the column had another format: one to settle anew, if the format was settled from a sample.
    pub contradiction: bool,
}

impl ColumnFormat {
    /// The Arrow type of the column's values.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Number(number) => match number.store {
                NumberStore::Integer => DataType::Int64,
                NumberStore::Decimal(scale) => DataType::Decimal128(38, scale as i8),
                NumberStore::Float => DataType::Float64,
            },
            Self::Boolean { .. } => DataType::Boolean,
            Self::Moment(moment) => match moment.store {
                MomentStore::Date => DataType::Date32,
                MomentStore::Local => DataType::Timestamp(TimeUnit::Microsecond, None),
                MomentStore::Utc => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            },
        }
    }

    /// The Arrow field of a column of this format, with its currency and format as metadata.
    pub fn field(&self, name: &str) -> Field {
        let mut metadata = HashMap::new();
        if let Self::Number(NumberFormat { currency: Some(currency), .. }) = self {
            metadata.insert(FIELD_CURRENCY.to_owned(), currency.clone());
        }
        if let Some(words) = self.words() {
            metadata.insert(FIELD_FORMAT.to_owned(), words);
        }
        Field::new(name, self.data_type(), true).with_metadata(metadata)
    }

    /// The format for people: `dates as day.month.year`; `None` where there is nothing to say.
    pub fn words(&self) -> Option<String> {
        match self {
            Self::Number(number) => {
                let what = if number.percent { "percentages" } else { "numbers" };
                match (number.decimal, number.percent) {
                    (DecimalMark::Comma, _) => Some(format!("{what} with a decimal comma")),
                    (DecimalMark::Point, true) => Some(what.to_owned()),
                    (DecimalMark::Point, false) => None,
                }
            }
            Self::Moment(MomentFormat { pattern: Some(pattern), .. }) => Some(format!("dates as {pattern}")),
            Self::Moment(MomentFormat { order: Some(order), .. }) => Some(format!("dates as {}", order.name())),
            Self::Moment(MomentFormat { compact: true, .. }) => Some("dates as 20261231".to_owned()),
            Self::Text | Self::Boolean { .. } | Self::Moment(_) => None,
        }
    }

    pub(crate) fn number_fault(number: &NumberFormat, fault: &NumberFault) -> Unreadable {
        let say = |why: &str, contradiction| Unreadable { why: why.to_owned(), contradiction };
        match fault {
            NumberFault::NotANumber => say("not a number", false),
            NumberFault::Currency(found) => match &number.currency {
                Some(currency) => say(&format!("currency {found}, the column is in {currency}"), false),
                None => say(&format!("currency {found}, the column has none"), true),
            },
            NumberFault::Percent if number.percent => say("no percent sign, the column has percentages", true),
            NumberFault::Percent => say("a percent sign, the column has none", true),
            NumberFault::Decimals if number.store == NumberStore::Integer => {
                say("has decimals, the column has whole numbers", true)
            }
            NumberFault::Decimals => say("more decimals than the column keeps", true),
            NumberFault::OtherMark => {
                say(&format!("not a number with the column's decimal mark `{}`", number.decimal.character()), true)
            }
            NumberFault::LeadingZeros => say("leading zeros, the column has numbers", true),
            NumberFault::TooLarge => say("more digits than a number can have", true),
        }
    }

    pub(crate) fn moment_fault(moment: &MomentFormat, fault: MomentFault) -> Unreadable {
        let say = |why: &str, contradiction| Unreadable { why: why.to_owned(), contradiction };
        match fault {
            MomentFault::NotADate => say("not a date", false),
            MomentFault::Order => match moment.order {
                Some(DateOrder::DayMonthYear) => say("not a date with the day first, as the column has them", true),
                Some(_) => say("not a date with the month first, as the column has them", true),
                None => say("a date that may have the day or the month first", true),
            },
            MomentFault::HasTime => say("has a time of day, the column has days", true),
            MomentFault::HasZone => say("has a UTC offset, the column has local times", true),
            MomentFault::NoZone => say("has no UTC offset, the column's times have one", true),
        }
    }
}

/// What a word says, in English, German, French, Spanish and Italian; `None` for any other.
///
/// ```
/// use cvj_tabular::format::truth;
/// assert_eq!(truth("Yes"), Some(true));
/// assert_eq!(truth("nein"), Some(false));
/// assert_eq!(truth("maybe"), None);
/// ```
pub fn truth(word: &str) -> Option<bool> {
    const TRUE: [&str; 8] = ["true", "yes", "ja", "wahr", "oui", "vrai", "sí", "verdadero"];
    const FALSE: [&str; 8] = ["false", "no", "nein", "falsch", "non", "faux", "falso", "nee"];
    let word = word.trim();
    if word.len() > 9 {
        return None;
    }
    let is = |candidate: &&str| candidate.eq_ignore_ascii_case(word);
    if TRUE.iter().any(is) {
        Some(true)
    } else if FALSE.iter().any(is) {
        Some(false)
    } else {
        None
    }
}
