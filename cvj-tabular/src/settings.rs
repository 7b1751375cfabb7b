//! The configuration keys that all file plugins share.

use std::collections::BTreeMap;

use cvj_core::nearest::nearest;
use cvj_core::{SourceError, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::currency::currency;
use crate::moment::{DateOrder, Pattern};
use crate::number::DecimalMark;

/// One path or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Paths {
    /// One path or glob.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Paths {
    /// The paths as written.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Several(paths) => paths,
        }
    }
}

/// What a column holds, where the configuration says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Text, as written.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers with decimals.
    Decimal,
    /// Amounts of money.
    Money,
    /// Percentages, kept as fractions: `5.32 %` and `5.32` are 0.0532.
    Percent,
    /// Truth values.
    Boolean,
    /// Days.
    Date,
    /// Moments.
    Time,
}

/// What the configuration says about one column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnSettings {
    /// What the column holds.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub column_type: Option<ColumnType>,
    /// How its dates are written: like `date_format`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DateFormat>,
    /// The currency of its amounts: a code or a sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// How dates are written: the order of their parts, or a strptime pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum DateFormat {
    /// `day-month-year`, `month-day-year` or `year-month-day`.
    Order(DateOrder),
    /// A strptime pattern: `%d.%m.%Y`.
    #[schemars(extend("pattern" = "%"))]
    Pattern(String),
}

impl<'de> Deserialize<'de> for DateFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "day-month-year" => Ok(Self::Order(DateOrder::DayMonthYear)),
            "month-day-year" => Ok(Self::Order(DateOrder::MonthDayYear)),
            "year-month-day" => Ok(Self::Order(DateOrder::YearMonthDay)),
            _ if text.contains('%') => Ok(Self::Pattern(text)),
            _ => Err(serde::de::Error::custom(format!(
                "`{text}` is no date format: use \"day-month-year\", \"month-day-year\", \"year-month-day\" or a pattern like \"%d.%m.%Y\""
            ))),
        }
    }
}

/// The keys that say how cells are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CellSettings {
    /// The decimal mark of all numbers; left out: settled per column from its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal: Option<DecimalMark>,
    /// The character that groups thousands (one of `,` `.` space `'`); left out: any but the decimal mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// How dates are written: `day-month-year`, `month-day-year`, `year-month-day` or a strptime pattern; left out: settled per
    /// column from its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<DateFormat>,
    /// What single columns hold, by column name or header: `columns.amount = { type = "money", currency = "EUR" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnSettings>,
    /// Texts that mean "no value", in every column. Left out: `n/a`, `NULL`, `(null)`, `\\N`, `None`, `--` and a dash, in columns
    /// that are not text. Empty cells always mean "no value".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_values: Option<Vec<String>>,
    /// The currency of columns of money that do not show one, and which dollar `$` is: a code or a sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

const NULL_WORDS: [&str; 12] = ["n/a", "N/A", "NULL", "Null", "null", "(null)", "\\N", "None", "--", "-", "–", "—"];

impl CellSettings {
    /// Checks what the schema cannot say.
    pub fn check(&self) -> Result<(), SourceError> {
        let wrong = |message: String, hint: &str| Err(SourceError::new(Status::InvalidArgument, message).with_hint(hint));
        if let Some(mark) = self.thousands {
            if !matches!(mark, ',' | '.' | ' ' | '\'') {
                return wrong(format!("`thousands = \"{mark}\"` groups no numbers"), "use one of `,`, `.`, a space or `'`");
            }
            if self.decimal.is_some_and(|decimal| decimal.character() == mark) {
                return wrong(format!("`decimal` and `thousands` are both `{mark}`"), "leave one of them out");
            }
        }
        let patterns = self.columns.iter().map(|(name, column)| (format!("columns.{name}.format"), column.format.as_ref()));
        for (key, written) in patterns.chain([("date_format".to_owned(), self.date_format.as_ref())]) {
            if let Some(DateFormat::Pattern(pattern)) = written
                && let Some(fault) = Pattern(pattern).fault()
            {
                return wrong(format!("`{key} = \"{pattern}\"` is no pattern: {fault}"), "use one like \"%d.%m.%Y\"");
            }
        }
        let columns = self
            .columns
            .iter()
            .filter_map(|(name, column)| Some((format!("columns.{name}.currency"), column.currency.as_ref()?)));
        for (key, written) in columns.chain(self.currency.as_ref().map(|written| ("currency".to_owned(), written))) {
            if currency(written).is_none() {
                return wrong(format!("`{key} = \"{written}\"` is no currency"), "use an ISO 4217 code such as \"EUR\"");
            }
        }
        Ok(())
    }

    /// What is said about the column with this name and header.
    pub fn column(&self, name: &str, header: &str) -> Option<&ColumnSettings> {
        self.columns.get(name).or_else(|| self.columns.get(header))
    }

    /// Fails if `columns` names one that no table has. `tables` are the columns' names and headers.
    pub fn check_columns<'a>(&self, known: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Result<(), SourceError> {
        for name in self.columns.keys() {
            if known.clone().any(|(column, header)| column == name || header == name) {
                continue;
            }
            let names = known.map(|(column, _)| column);
            let error =
                SourceError::new(Status::InvalidArgument, format!("`columns.{name}` is set, but there is no column `{name}`"));
            return Err(match nearest(name, names) {
                Some(near) => error.with_hint(format!("did you mean `columns.{near}`?")),
                None => error,
            });
        }
        Ok(())
    }

    /// The texts that mean "no value" in columns of text, and in all others.
    pub fn nulls(&self) -> Nulls {
        match &self.null_values {
            Some(words) => Nulls { words: words.iter().map(|word| word.trim().to_owned()).collect(), in_text: true },
            None => Nulls { words: NULL_WORDS.map(str::to_owned).to_vec(), in_text: false },
        }
    }

    /// The decimal mark that is said or follows from `thousands`.
    pub(crate) fn decimal_mark(&self) -> Option<DecimalMark> {
        self.decimal.or(match self.thousands {
            Some(',') => Some(DecimalMark::Point),
            Some('.') => Some(DecimalMark::Comma),
            _ => None,
        })
    }
}

/// The texts that mean "no value".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nulls {
    words: Vec<String>,
    in_text: bool,
}

impl Nulls {
    /// Whether the configuration says them: then they mean "no value" even where they would read as a value.
    pub(crate) fn are_said(&self) -> bool {
        self.in_text
    }

    /// Whether a cell has no value where text is meant.
    pub fn in_text(&self, cell: &str) -> bool {
        let trimmed = cell.trim();
        trimmed.is_empty() || (self.in_text && self.is_word(trimmed))
    }

    /// Whether a cell has no value where no text is meant.
    pub fn in_values(&self, cell: &str) -> bool {
        let trimmed = cell.trim();
        trimmed.is_empty() || self.is_word(trimmed)
    }

    fn is_word(&self, trimmed: &str) -> bool {
        self.words.iter().any(|word| word == trimmed)
    }
}
