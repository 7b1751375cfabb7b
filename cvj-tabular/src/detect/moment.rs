//! Settles how the moments of a column are read: by a pattern of the configuration, or by the grammar with day and month in an order
//! that a value or the configuration shows.

use std::fmt::Write as _;

use cvj_core::{SourceError, Status};

use super::{Question, sentence, settled_by};
use crate::evidence::{ColumnEvidence, Example};
use crate::format::ColumnFormat;
use crate::moment::{DateOrder, DateShape, DigitForm, HeaderZone, MomentFormat, MomentShape, MomentStore, Pattern, lex};
use crate::settings::{CellSettings, ColumnSettings, ColumnType, DateFormat};

/// Dates of three numbers, and which orders make a date of them.
#[expect(clippy::struct_excessive_bools, reason = "each order reads or does not, independently")]
struct Orders {
    day_first: bool,
    month_first: bool,
    year_first: bool,
    /// It may be either day or month that stands first, and neither marks nor equal numbers tell.
    open: bool,
}

impl Orders {
    fn of(shape: MomentShape) -> Option<Self> {
        let DateShape::Numeric { dotted, day_first, month_first, year_first, same } = shape.date else { return None };
        Some(Self { day_first, month_first, year_first, open: day_first && month_first && !same && !dotted })
    }
}

impl ColumnEvidence {
    pub(super) fn moment(
        &self,
        question: &Question<'_>,
        settings: &CellSettings,
        column: &ColumnSettings,
        said: bool,
    ) -> Result<ColumnFormat, SourceError> {
        let written = column.format.as_ref().or(settings.date_format.as_ref());
        let order = match written {
            Some(DateFormat::Order(order)) => Some(*order),
            Some(DateFormat::Pattern(pattern)) => {
                // A pattern said for all columns leaves those alone that are written otherwise, and says so.
                let unread = self.samples.iter().filter(|sample| Pattern(pattern).read(sample.value.trim()).is_none());
                let unread: Vec<&Example> = unread.collect();
                let reads = unread.len() * 20 <= self.samples.len() && !self.samples.is_empty();
                if reads || column.format.is_some() {
                    return Ok(ColumnFormat::Moment(patterned(pattern, column)));
                }
                return self.beside_pattern(question, column, said, pattern, unread.first().copied());
            }
            None => None,
        };
        self.by_grammar(question, column, said, order).map(ColumnFormat::Moment)
    }

    /// The column is not written as the pattern for all columns says: it is read, and that is said, if it can only mean one thing.
    fn beside_pattern(
        &self,
        question: &Question<'_>,
        column: &ColumnSettings,
        said: bool,
        pattern: &str,
        unread: Option<&Example>,
    ) -> Result<ColumnFormat, SourceError> {
        let mut format = self.by_grammar(question, column, said, None).map_err(|mut error| {
            if let Some(unread) = unread {
                let _ = write!(error.message, "; `date_format = \"{pattern}\"` does not read {unread}");
                error.hint = Some(format!("set `columns.{}.format` to how this column is written", question.column));
            }
            error
        })?;
        if let Some(unread) = unread {
            if self.moments.count(|shape| Orders::of(*shape).is_some()) > 0 {
                let Question { table, column, .. } = question;
                let message = format!(
                    "the dates in column `{column}` of table `{table}` are not written as `date_format = \"{pattern}\"` says: it does not read {unread}"
                );
                let hint = format!("set `columns.{column}.format` to how this column is written");
                return Err(SourceError::new(Status::InvalidData, message).with_hint(hint));
            }
            let note = format!("`date_format` does not read {unread}");
            format.words = sentence(format.words.into_iter().chain([note]));
        }
        Ok(ColumnFormat::Moment(format))
    }

    fn by_grammar(
        &self,
        question: &Question<'_>,
        column: &ColumnSettings,
        said: bool,
        written: Option<DateOrder>,
    ) -> Result<MomentFormat, SourceError> {
        let is_month = |shape: &MomentShape| matches!(shape.date, DateShape::Month | DateShape::Digits(DigitForm::Month));
        let counted = self.moments.count(|_| true);
        let months = 2 * self.moments.count(is_month) > counted;
        let with_time = self.moments.count(|shape| shape.has_time) > 0;
        let zoned = self.moments.count(|shape| shape.has_zone);
        let header_zone = HeaderZone::of(question.header).filter(|_| with_time);
        let (order, proof) = match written {
            Some(order) => (Some(order), None),
            None => self.order(),
        };
        let store = match column.column_type {
            Some(ColumnType::Date) => MomentStore::Date,
            _ if header_zone.is_some() || (zoned > 0 && 2 * zoned >= counted) => MomentStore::Utc,
            _ if with_time || self.values == 0 => MomentStore::Local,
            _ => MomentStore::Date,
        };
        let format = MomentFormat {
            order,
            digits: self.digit_form(months),
            months,
            header_zone: header_zone.filter(|_| store == MomentStore::Utc),
            ..MomentFormat::plain(store)
        };
        let either = |order: DateOrder| MomentFormat { order: Some(order), ..format.clone() };
        let (day_first, month_first) = (either(DateOrder::DayMonthYear), either(DateOrder::MonthDayYear));
        let open =
            |shape: &MomentShape| order.is_none() && (day_first.judge(*shape).is_ok() || month_first.judge(*shape).is_ok());
        let reads = self.moments.count(|shape| format.judge(*shape).is_ok() || open(shape));
        if !said && !self.enough(reads) {
            let hint = "set `date_format` or `columns.<name>.format`, or use another column";
            return Err(self.too_few(question, reads, self.unread_moment(&format, open), hint));
        }
        let unsettled = self.moments.count(|shape| open(shape) && format.judge(*shape).is_err()) > 0;
        if unsettled || (written.is_none() && order != Some(DateOrder::YearMonthDay) && self.may_have_the_year_first()) {
            return Err(self.unordered(question));
        }
        let words = self.moment_words(&format, proof);
        Ok(MomentFormat { words, ..format })
    }

    /// The order that more values prove, and the value that proves it.
    fn order(&self) -> (Option<DateOrder>, Option<&Example>) {
        let votes = |sides: fn(&Orders) -> bool| {
            let passes = move |shape: &MomentShape| Orders::of(*shape).is_some_and(|orders| sides(&orders));
            (self.moments.count(passes), self.moments.example(passes))
        };
        let (day, by_day) = votes(|orders| orders.day_first && !orders.month_first);
        let (month, by_month) = votes(|orders| orders.month_first && !orders.day_first);
        let (year, by_year) = votes(|orders| orders.year_first && !orders.day_first && !orders.month_first);
        let (other, _) = votes(|orders| !orders.year_first);
        if year > 0 && other == 0 {
            (Some(DateOrder::YearMonthDay), by_year)
        } else if day > month {
            (Some(DateOrder::DayMonthYear), by_day)
        } else if month > day {
            (Some(DateOrder::MonthDayYear), by_month)
        } else {
            (None, None)
        }
    }

    /// `26-10-01` to `26-10-31` are the days of a month, or of 31 years.
    fn may_have_the_year_first(&self) -> bool {
        let others = self.moments.count(|shape| Orders::of(*shape).is_some_and(|orders| !orders.year_first));
        others == 0 && self.short_years.is_some_and(|years| years.last_looks_like_the_day())
    }

    /// The commonest form of digits; one of months in a column of months, else one of days.
    fn digit_form(&self, months: bool) -> Option<DigitForm> {
        let count = |form: DigitForm| self.moments.count(|shape| shape.date == DateShape::Digits(form));
        if months {
            return (count(DigitForm::Month) > 0).then_some(DigitForm::Month);
        }
        let forms = self.moments.iter().filter_map(|(shape, tally)| match shape.date {
            // Ten digits can be a date with an hour as well; one that cannot settles it.
            DateShape::Digits(DigitForm::Hour) if count(DigitForm::EpochSeconds) > 0 => {
                Some((DigitForm::EpochSeconds, tally.count + count(DigitForm::EpochSeconds)))
            }
            DateShape::Digits(DigitForm::Month) => None,
            DateShape::Digits(form) => Some((form, tally.count)),
            _ => None,
        });
        forms.max_by_key(|(_, count)| *count).map(|(form, _)| form)
    }

    fn unread_moment(&self, format: &MomentFormat, open: impl Fn(&MomentShape) -> bool) -> Option<(&Example, Option<String>)> {
        if let Some(example) = &self.not_moment {
            let why = lex(&example.value).err().map(|fault| ColumnFormat::moment_fault(format, fault).why);
            return Some((example, why.filter(|why| why != "not a date")));
        }
        let unread = self.moments.iter().filter(|(shape, _)| format.judge(**shape).is_err() && !open(shape));
        let (shape, tally) = unread.max_by_key(|(_, tally)| tally.count)?;
        let why = format.judge(*shape).err().map(|fault| ColumnFormat::moment_fault(format, fault).why);
        Some((&tally.first, why))
    }

    fn unordered(&self, question: &Question<'_>) -> SourceError {
        let Question { table, column, .. } = question;
        let example = |sides: fn(&Orders) -> bool| {
            self.moments.example(move |shape| Orders::of(*shape).is_some_and(|orders| sides(&orders)))
        };
        let day = example(|orders| orders.day_first && !orders.month_first);
        let month = example(|orders| orders.month_first && !orders.day_first);
        let mut message = format!("the dates in column `{column}` of table `{table}` may have the day or the month first: ");
        let mut hint = "set `date_format = \"day-month-year\"` or `date_format = \"month-day-year\"`".to_owned();
        let _ = match (day, month, example(|orders| orders.open)) {
            _ if self.may_have_the_year_first() => {
                hint.insert_str(4, "`date_format = \"year-month-day\"`, ");
                let any = example(|orders| orders.year_first).map(ToString::to_string).unwrap_or_default();
                write!(message, "or the year: {any} can be read so, and no other value settles it")
            }
            (Some(day), Some(month), _) => write!(message, "{day} has the day first, {month} the month"),
            (_, _, Some(either)) => write!(message, "{either} can be read both ways, and no other value settles it"),
            _ => write!(message, "no value settles it"),
        };
        hint.push_str(" (for one column: `columns.<name>.format`)");
        SourceError::new(Status::InvalidData, message).with_hint(hint)
    }

    fn moment_words(&self, format: &MomentFormat, proof: Option<&Example>) -> Option<String> {
        let numeric = self.moments.count(|shape| Orders::of(*shape).is_some()) > 0;
        let order = match format.order {
            Some(order) if numeric => Some(format!("dates as {}{}", order.name(), settled_by(proof))),
            None if numeric => Some("dates as day.month.year".to_owned()),
            _ => None,
        };
        let months = format.months.then(|| "months, kept as their first day".to_owned());
        let digits = format
            .digits
            .map(|form| if form.is_epoch() { format!("{} in UTC", form.words()) } else { format!("dates as {}", form.words()) });
        let own = self.moments.count(|shape| shape.has_zone && !matches!(shape.date, DateShape::Digits(_))) > 0;
        let zone = match &format.header_zone {
            Some(zone) => Some(format!("times in {} (the header says so)", zone.words())),
            None if format.store == MomentStore::Utc && own => Some("times with their own time zone".to_owned()),
            None => None,
        };
        sentence([order, months, digits, zone].into_iter().flatten())
    }
}

/// A pattern is the person's word: the share of values that it reads is not checked, what it does not read is rejected row by row.
fn patterned(pattern: &str, column: &ColumnSettings) -> MomentFormat {
    let store = if column.column_type == Some(ColumnType::Date) { MomentStore::Date } else { Pattern(pattern).store() };
    MomentFormat {
        pattern: Some(pattern.to_owned()),
        words: Some(format!("dates as {pattern} (set)")),
        ..MomentFormat::plain(store)
    }
}
