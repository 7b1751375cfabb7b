//! From evidence and demand to a settled format: what a column is, or why it cannot be what is asked.
//!
//! A column has a type when at least 95 % of its values read as it. Nothing is guessed where a guess would be wrong half of the
//! time: the order of day and month is settled by a value or by the configuration, never by a habit.

use std::fmt::{Display, Write as _};

use cvj_core::source::Kind;
use cvj_core::{SourceError, Status};

use crate::evidence::{ColumnEvidence, Example};
use crate::format::ColumnFormat;
use crate::number::{DecimalMark, NumberFormat, NumberStore};
use crate::settings::{CellSettings, ColumnSettings, ColumnType};
use crate::truth::Truth;

mod moment;
mod number;

/// A column as it is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The table's name, for messages.
    pub table: &'a str,
    /// The column's name.
    pub column: &'a str,
    /// The column's header as written.
    pub header: &'a str,
    /// The files are written as where a comma is the decimal mark: `1,234` may be a little over one.
    pub comma_in_doubt: bool,
    /// What it is needed as.
    pub kind: Kind,
    /// The decimal mark of the table's other columns, where they agree.
    pub decimal_hint: Option<DecimalMark>,
}

impl ColumnEvidence {
    /// The format that the values have, or the error that says which value does not read as what is needed.
    pub fn settle(&self, question: &Question<'_>, settings: &CellSettings) -> Result<ColumnFormat, SourceError> {
        let none = ColumnSettings::default();
        let column = settings.column(question.column, question.header).unwrap_or(&none);
        let said = column.column_type.or(column.format.as_ref().map(|_| ColumnType::Time));
        let said = said.or(column.currency.as_ref().map(|_| ColumnType::Money));
        let numeric = matches!(said, Some(ColumnType::Integer | ColumnType::Decimal | ColumnType::Money | ColumnType::Percent));
        let timed = matches!(said, Some(ColumnType::Date | ColumnType::Time));
        match (question.kind, said) {
            (Kind::Text, _) | (Kind::Any, Some(ColumnType::Text)) => Ok(ColumnFormat::Text),
            (Kind::Any, None) => Ok(self.find(question, settings)),
            (Kind::Number, None) => self.number(question, settings, column, false),
            (Kind::Number | Kind::Any, Some(_)) if numeric => self.number(question, settings, column, true),
            (Kind::Time, None) => self.moment(question, settings, column, false),
            (Kind::Time | Kind::Any, Some(_)) if timed => self.moment(question, settings, column, true),
            (Kind::Boolean, None) => self.boolean(question, false),
            (Kind::Boolean | Kind::Any, Some(ColumnType::Boolean)) => self.boolean(question, true),
            (kind, Some(said)) => {
                let (needed, said) = (needed(kind), format!("{said:?}").to_lowercase());
                let Question { table, column, .. } = question;
                let message = format!(
                    "column `{column}` of table `{table}` is needed as {needed}, and `columns.{column}` says that it is {said}"
                );
                Err(SourceError::new(Status::InvalidData, message).with_hint("change one of the two"))
            }
        }
    }

    /// Undemanded: the first type that fits, else text.
    fn find(&self, question: &Question<'_>, settings: &CellSettings) -> ColumnFormat {
        let none = ColumnSettings::default();
        if self.values == 0 {
            return ColumnFormat::Text;
        }
        if self.enough(self.truths.count(|sort| *sort == Truth::Word)) {
            return ColumnFormat::Boolean { lenient: false };
        }
        if let Ok(ColumnFormat::Number(number)) = self.number(question, settings, &none, false)
            && !self.are_codes(&number)
        {
            return ColumnFormat::Number(NumberFormat { leading_zeros: false, ..number });
        }
        // Digits alone and months (`2026-10`, as invoices are numbered) are moments only where moments are needed.
        if let Ok(ColumnFormat::Moment(moment)) = self.moment(question, settings, &none, false)
            && moment.digits.is_none()
            && !moment.months
        {
            return ColumnFormat::Moment(moment);
        }
        ColumnFormat::Text
    }

    /// Leading zeros and more digits than a whole number has make ids, unless decimals or a currency show that they are amounts.
    fn are_codes(&self, number: &NumberFormat) -> bool {
        let odd = self
            .numbers
            .iter()
            .any(|(shape, tally)| shape.leading_zeros || shape.size(tally.size, number.decimal).whole > number::LONGEST_INTEGER);
        let amounts = self.decided(DecimalMark::Point) + self.decided(DecimalMark::Comma) > 0 || number.currency.is_some();
        odd && (number.store == NumberStore::Integer || !amounts)
    }

    fn boolean(&self, question: &Question<'_>, said: bool) -> Result<ColumnFormat, SourceError> {
        let reads = self.truths.count(|_| true);
        if !said && !self.enough(reads) {
            let unread = self.not_truth.as_ref().map(|example| (example, None));
            return Err(self.too_few(question, reads, unread, "set `columns.<name>.type`, or use another column"));
        }
        Ok(ColumnFormat::Boolean { lenient: true })
    }

    /// `unread` is a value that does not read, perhaps with the reason.
    fn too_few(
        &self,
        question: &Question<'_>,
        reads: u64,
        unread: Option<(&Example, Option<String>)>,
        hint: &str,
    ) -> SourceError {
        let Question { table, column, kind, .. } = question;
        // Rounded down, so that 94.99 % is never shown as the 95 % that it misses.
        let percent = if self.values == 0 { 0.0 } else { (1000.0 * reads as f64 / self.values as f64).floor() / 10.0 };
        let mut message = format!(
            "column `{column}` of table `{table}` is needed as {}, and {percent} % of its values read as such (95 % must)",
            needed(*kind)
        );
        if let Some((example, why)) = unread {
            let _ = write!(message, "; the first that does not is {example}");
            if let Some(why) = why {
                let _ = write!(message, ": {why}");
            }
        }
        SourceError::new(Status::InvalidData, message).with_hint(hint.replace("<name>", column))
    }
}

/// What settled something, for people.
fn settled_by(example: Option<&Example>) -> String {
    example.map_or_else(|| " (set)".to_owned(), |example| format!(", settled by {example}"))
}

/// The parts that say something, as one text.
fn sentence(parts: impl IntoIterator<Item = impl Display>) -> Option<String> {
    let mut words = String::new();
    for part in parts {
        let _ = write!(words, "{}{part}", if words.is_empty() { "" } else { "; " });
    }
    (!words.is_empty()).then_some(words)
}

fn needed(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "numbers",
        Kind::Time => "dates or times",
        Kind::Boolean => "truth values",
        Kind::Any | Kind::Text => "text",
    }
}

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod tests;
