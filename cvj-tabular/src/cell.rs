//! One cell: text as a CSV file has it, or a value with a type as a spreadsheet has it.

use std::borrow::Cow;

use jiff::civil::DateTime;

/// A cell before its column's format is applied.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// Text, as written.
    Text(Cow<'a, str>),
    /// A number that the file keeps as one.
    Number(f64),
    /// A number that the file keeps as one, and marks as an amount in this currency (as [`crate::currency::currency`] names it).
    Money {
        /// How much.
        amount: f64,
        /// The currency: a code, or a sign that several share.
        currency: &'static str,
    },
    /// A truth value that the file keeps as one.
    Boolean(bool),
    /// A date, with its time of day, that the file keeps as one.
    Moment(DateTime),
    /// A formula's error: `#DIV/0!`.
    Error(Cow<'a, str>),
}

impl<'a> Cell<'a> {
    /// A cell of text.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// The cell with its text as its own.
    pub fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Empty => Cell::Empty,
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::Number(number) => Cell::Number(number),
            Self::Money { amount, currency } => Cell::Money { amount, currency },
            Self::Boolean(truth) => Cell::Boolean(truth),
            Self::Moment(at) => Cell::Moment(at),
            Self::Error(text) => Cell::Error(Cow::Owned(text.into_owned())),
        }
    }

    /// Whether it holds nothing but white space.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// The cell as text: a number in its shortest form, a date as ISO 8601.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) | Self::Error(text) => Cow::Borrowed(text),
            Self::Number(number) | Self::Money { amount: number, .. } => Cow::Owned(number.to_string()),
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Moment(at) if at.time() == jiff::civil::Time::midnight() => Cow::Owned(at.date().to_string()),
            Self::Moment(at) => Cow::Owned(format!("{} {}", at.date(), at.time())),
        }
    }
}

/// Where a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The file's name, without folders.
    pub file: &'a str,
    /// The line or row, counted from 1.
    pub line: u64,
}
