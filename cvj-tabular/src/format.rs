//! The settled format of a column: which Arrow type it has and how one cell becomes a value.

use std::collections::HashMap;

use arrow_schema::{DataType, Field, TimeUnit};
use cvj_core::source::{FIELD_CURRENCY, FIELD_CURRENCY_COLUMN, FIELD_FORMAT};
use serde::{Deserialize, Serialize};

use crate::currency::is_shared;
use crate::moment::{DateOrder, MomentFault, MomentFormat, MomentStore};
use crate::number::{NumberFault, NumberFormat, NumberStore, Percent};

/// How the cells of a column are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnFormat {
    /// As written.
    Text,
    /// Numbers.
    Number(NumberFormat),
    /// Truth values.
    Boolean {
        /// Whether `y`, `on`, `x`, `1` and the like are, beside words that mean nothing else.
        lenient: bool,
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
        let mut insert = |key: &str, value: Option<&String>| {
            if let Some(value) = value {
                metadata.insert(key.to_owned(), value.clone());
            }
        };
        if let Self::Number(number) = self {
            insert(FIELD_CURRENCY, number.currency.as_ref());
            insert(FIELD_CURRENCY_COLUMN, number.currency_column.as_ref());
        }
        insert(FIELD_FORMAT, self.words());
        Field::new(name, self.data_type(), true).with_metadata(metadata)
    }

    /// The format for people: `dates as day-month-year, settled by …`; `None` where there is nothing to say.
    pub fn words(&self) -> Option<&String> {
        match self {
            Self::Number(number) => number.words.as_ref(),
            Self::Moment(moment) => moment.words.as_ref(),
            Self::Text | Self::Boolean { .. } => None,
        }
    }

    /// The same format, each row's currency being said in this column. Nothing changes where no money can be meant, or where the
    /// amounts say their currency themselves.
    #[must_use]
    pub fn with_currency_column(mut self, column: Option<&str>) -> Self {
        if let (Self::Number(number), Some(column)) = (&mut self, column)
            && number.percent == Percent::None
            && number.currency.as_deref().is_none_or(is_shared)
        {
            number.currency_column = Some(column.to_owned());
        }
        self
    }

    pub(crate) fn number_fault(number: &NumberFormat, fault: &NumberFault) -> Unreadable {
        let say = |why: &str, contradiction| Unreadable { why: why.to_owned(), contradiction };
        match fault {
            NumberFault::NotANumber => say("not a number", false),
            NumberFault::Currency(found) => match &number.currency {
                Some(currency) => say(&format!("currency {found}, the column is in {currency}"), false),
                None => say(&format!("currency {found}, the column has none"), true),
            },
            NumberFault::Percent if number.percent != Percent::None => say("no percent sign, the column has percentages", true),
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
            NumberFault::Rounded => say("a rounded number, as screens show them: export it in full", false),
            NumberFault::NotFinite => say("not a finite number", false),
        }
    }

    pub(crate) fn moment_fault(moment: &MomentFormat, fault: MomentFault) -> Unreadable {
        let say = |why: &str, contradiction| Unreadable { why: why.to_owned(), contradiction };
        match fault {
            MomentFault::NotADate => say("not a date", false),
            MomentFault::Order => match moment.order {
                Some(DateOrder::DayMonthYear) => say("not a date with the day first, as the column has them", true),
                Some(DateOrder::YearMonthDay) => say("not a date with the year first, as the column has them", true),
                Some(DateOrder::MonthDayYear) => say("not a date with the month first, as the column has them", true),
                None => say("a date that may have the day or the month first", true),
            },
            MomentFault::HasTime => say("has a time of day, the column has days", true),
            MomentFault::HasZone => say("has a UTC offset, the column has local times", true),
            MomentFault::NoZone => say("has no UTC offset, the column's times have one", true),
            MomentFault::Month if moment.months => say("not a month, the column has months", true),
            MomentFault::Month => say("a month, the column has days", true),
            MomentFault::Span => say("a week or a quarter, not a day", false),
            MomentFault::Digits => say("a number that is no date as the column has them", true),
            MomentFault::ZoneName => say("ends in letters that are no time zone, or mean several: an offset is needed", false),
        }
    }
}
