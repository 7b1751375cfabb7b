//! From evidence and demand to a settled format: what a column is, or why it cannot be what is asked.
//!
//! A column has a type when at least 95 % of its values read as it. Nothing is guessed where a guess would be wrong half of the
//! time: the order of day and month is settled by a value or by the configuration, never by a habit.

use std::fmt::Write as _;

use cvj_core::source::Kind;
use cvj_core::{SourceError, Status};

use crate::currency::{compatible, currency, in_header};
use crate::evidence::{ColumnEvidence, Example};
use crate::format::ColumnFormat;
use crate::moment::{DateOrder, MomentFormat, MomentStore, by_pattern, utc_in_header};
use crate::number::{DecimalMark, NumberFormat, NumberStore};
use crate::settings::{CellSettings, ColumnSettings, ColumnType, DateFormat};

/// What part of a column's values must read as its type.
const SHARE: f64 = 0.95;

/// A column as it is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The table's name, for messages.
    pub table: &'a str,
    /// The column's name.
    pub column: &'a str,
    /// The column's header as written.
    pub header: &'a str,
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

    /// The decimal mark that the values prove.
    pub fn decimal_mark(&self) -> Option<DecimalMark> {
        let numbers = &self.numbers;
        let reads = numbers.plain + numbers.point.count + numbers.comma.count + numbers.either_point + numbers.either_comma;
        if !self.enough(reads) {
            return None;
        }
        match (numbers.point.count, numbers.comma.count) {
            (0, 0) => None,
            (point, comma) if point >= comma => Some(DecimalMark::Point),
            _ => Some(DecimalMark::Comma),
        }
    }

    fn enough(&self, reads: u64) -> bool {
        reads as f64 >= SHARE * self.values as f64
    }

    /// Undemanded: the first type that fits, else text.
    fn find(&self, question: &Question<'_>, settings: &CellSettings) -> ColumnFormat {
        let none = ColumnSettings::default();
        if self.values == 0 {
            return ColumnFormat::Text;
        }
        if self.enough(self.truths) {
            return ColumnFormat::Boolean { numeric: false };
        }
        let codes = self.numbers.leading_zeros > 0 || self.numbers.long > 0;
        if let Ok(ColumnFormat::Number(number)) = self.number(question, settings, &none, false)
            && !(codes && number.store == NumberStore::Integer)
            && !(codes && self.numbers.point.count + self.numbers.comma.count == 0 && number.currency.is_none())
        {
            return ColumnFormat::Number(NumberFormat { leading_zeros: false, ..number });
        }
        if let Ok(ColumnFormat::Moment(moment)) = self.moment(question, settings, &none, false) {
            let compact = moment.pattern.is_none() && self.moments.compact > 0;
            if !compact {
                return ColumnFormat::Moment(moment);
            }
        }
        ColumnFormat::Text
    }

    fn boolean(&self, question: &Question<'_>, said: bool) -> Result<ColumnFormat, SourceError> {
        let reads = self.truths + self.ones_and_zeros;
        if !said && !self.enough(reads) {
            return Err(self.too_few(
                question,
                reads,
                self.not_truth.as_ref(),
                "set `columns.<name>.type`, or use another column",
            ));
        }
        Ok(ColumnFormat::Boolean { numeric: true })
    }

    fn number(
        &self,
        question: &Question<'_>,
        settings: &CellSettings,
        column: &ColumnSettings,
        said: bool,
    ) -> Result<ColumnFormat, SourceError> {
        let numbers = &self.numbers;
        let unsettled = numbers.point.count == 0 && numbers.comma.count == 0 && question.decimal_hint.is_none();
        if unsettled && numbers.either_point > 0 && settings.decimal_mark().is_none() {
            return Err(unsettled_point(question));
        }
        let decimal = settings.decimal_mark().unwrap_or_else(|| self.likely_mark(question.decimal_hint));
        let (same, other, mut decimals) = match decimal {
            DecimalMark::Point => {
                let either = if numbers.either_point > 0 { 3 } else { 0 };
                (&numbers.point, &numbers.comma, numbers.point_decimals.max(either))
            }
            DecimalMark::Comma => {
                let either = if numbers.either_comma > 0 { 3 } else { 0 };
                (&numbers.comma, &numbers.point, numbers.comma_decimals.max(either))
            }
        };
        let mut unread = self.not_number.as_ref().or(other.first.as_ref());
        let mut reads = numbers.plain + same.count + numbers.either_point + numbers.either_comma + numbers.typed;
        let money = column.currency.as_deref().or_else(|| in_header(question.header)).or_else(|| {
            let busiest = numbers.currencies.iter().max_by_key(|(_, tally)| tally.count);
            busiest.map(|(found, _)| *found)
        });
        let said_money = matches!(column.column_type, Some(ColumnType::Money));
        let money = money.or(if said_money { settings.currency.as_deref() } else { None });
        // A sign that several currencies share is made precise by the configuration.
        let money = match (money, settings.currency.as_deref()) {
            (Some(found), Some(said)) if compatible(found, currency(said).unwrap_or(said)) => Some(said),
            (money, _) => money,
        };
        let money = money.map(|written| currency(written).unwrap_or(written));
        for (found, tally) in &numbers.currencies {
            if !money.is_some_and(|money| compatible(money, found)) {
                reads -= tally.count.min(reads);
                unread = unread.or(tally.first.as_ref());
            }
        }
        let percent = match column.column_type {
            Some(ColumnType::Percent) => numbers.percent.count > 0 || numbers.typed == 0,
            Some(_) => false,
            None => numbers.percent.count > numbers.not_percent.count,
        };
        let odd = if percent { &numbers.not_percent } else { &numbers.percent };
        reads -= odd.count.min(reads);
        unread = unread.or(odd.first.as_ref());
        if !said && !self.enough(reads) {
            return Err(self.too_few(
                question,
                reads,
                unread,
                "set `decimal`, `null_values` or `columns.<name>`, or use another column",
            ));
        }
        if percent && decimals + numbers.typed_decimals <= 9 {
            decimals += 2;
        }
        let decimals = decimals.max(numbers.typed_decimals);
        let store = match column.column_type {
            Some(ColumnType::Integer) => NumberStore::Integer,
            _ if numbers.exponents > 0 || decimals > 9 => NumberStore::Float,
            Some(ColumnType::Money) => NumberStore::Decimal(decimals.max(2) as u8),
            _ if money.is_some() => NumberStore::Decimal(decimals.max(2) as u8),
            Some(ColumnType::Decimal) => NumberStore::Decimal(decimals.max(2) as u8),
            _ if percent || decimals > 0 || numbers.long > 0 => NumberStore::Decimal(decimals as u8),
            _ => NumberStore::Integer,
        };
        Ok(ColumnFormat::Number(NumberFormat {
            decimal,
            thousands: settings.thousands,
            store,
            percent,
            currency: money.map(str::to_owned),
            leading_zeros: true,
        }))
    }

    /// The mark proved by more values; where nothing proves one, that of the table's other columns, else a point, so that
    /// `1,234` is a thousand.
    fn likely_mark(&self, hint: Option<DecimalMark>) -> DecimalMark {
        let (point, comma) = (self.numbers.point.count, self.numbers.comma.count);
        match (point, comma) {
            (0, 0) => hint.unwrap_or(DecimalMark::Point),
            _ if point >= comma => DecimalMark::Point,
            _ => DecimalMark::Comma,
        }
    }

    fn moment(
        &self,
        question: &Question<'_>,
        settings: &CellSettings,
        column: &ColumnSettings,
        said: bool,
    ) -> Result<ColumnFormat, SourceError> {
        let moments = &self.moments;
        let written = column.format.as_ref().or(settings.date_format.as_ref());
        if let Some(DateFormat::Pattern(pattern)) = written {
            // A pattern said for all columns leaves those alone that are written otherwise.
            let first = self.not_number.as_ref().or(self.not_moment.as_ref());
            let reads = first.is_none_or(|first| by_pattern(pattern, first.value.trim()).is_some());
            if reads || column.format.is_some() {
                return Ok(patterned(pattern));
            }
        }
        let (day, month) = (&moments.day_first_only, &moments.month_first_only);
        let order = match written {
            Some(DateFormat::Order(order)) => Some(*order),
            _ if day.count > month.count => Some(DateOrder::DayMonthYear),
            _ if month.count > day.count => Some(DateOrder::MonthDayYear),
            _ => None,
        };
        let ordered = moments.either.count + moments.same;
        let (reads, unread) = match order {
            Some(DateOrder::DayMonthYear) => (ordered + day.count, month.first.as_ref()),
            Some(DateOrder::MonthDayYear) => (ordered + month.count, day.first.as_ref()),
            Some(DateOrder::YearMonthDay) => (0, day.first.as_ref().or(month.first.as_ref()).or(moments.either.first.as_ref())),
            None => (ordered, day.first.as_ref()),
        };
        let mut reads = reads + moments.fixed + moments.compact;
        let utc = utc_in_header(question.header) && moments.with_time > 0;
        let zoned = utc || (moments.with_zone > 0 && moments.with_zone >= moments.without_zone.count);
        if !utc {
            reads -= if zoned { moments.without_zone.count } else { moments.with_zone }.min(reads);
        }
        let all = reads + if order.is_none() { day.count + month.count } else { 0 };
        if !said && !self.enough(all) {
            let unread = self.not_moment.as_ref().or(unread);
            return Err(self.too_few(
                question,
                reads,
                unread,
                "set `date_format` or `columns.<name>.format`, or use another column",
            ));
        }
        if order.is_none() && (moments.either.count > 0 || day.count > 0) {
            return Err(self.unordered(question));
        }
        let store = match column.column_type {
            Some(ColumnType::Date) => MomentStore::Date,
            _ if zoned => MomentStore::Utc,
            _ if moments.with_time > 0 || self.values == 0 => MomentStore::Local,
            _ => MomentStore::Date,
        };
        Ok(ColumnFormat::Moment(MomentFormat { store, order, compact: moments.compact > 0, utc, pattern: None }))
    }

    fn unordered(&self, question: &Question<'_>) -> SourceError {
        let Question { table, column, .. } = question;
        let (day, month) = (&self.moments.day_first_only.first, &self.moments.month_first_only.first);
        let mut message = format!("the dates in column `{column}` of table `{table}` may have the day or the month first: ");
        let _ = match (day, month, &self.moments.either.first) {
            (Some(day), Some(month), _) => write!(message, "{day} has the day first, {month} the month"),
            (_, _, Some(either)) => write!(message, "{either} can be read both ways, and no other value settles it"),
            _ => write!(message, "no value settles it"),
        };
        SourceError::new(Status::InvalidData, message)
            .with_hint("set `date_format = \"day-month-year\"` or `date_format = \"month-day-year\"` (for one column: `columns.<name>.format`)")
    }

    fn too_few(&self, question: &Question<'_>, reads: u64, unread: Option<&Example>, hint: &str) -> SourceError {
        let Question { table, column, kind, .. } = question;
        // Rounded down, so that 94.99 % is never shown as the 95 % that it misses.
        let percent = if self.values == 0 { 0.0 } else { (1000.0 * reads as f64 / self.values as f64).floor() / 10.0 };
        let mut message = format!(
            "column `{column}` of table `{table}` is needed as {}, and {percent} % of its values read as such (95 % must)",
            needed(*kind)
        );
        if let Some(unread) = unread {
            let _ = write!(message, "; the first that does not is {unread}");
        }
        SourceError::new(Status::InvalidData, message).with_hint(hint.replace("<name>", column))
    }
}

/// A pattern is the person's word: the share of values that it reads is not checked, what it does not read is rejected row by row.
fn patterned(pattern: &str) -> ColumnFormat {
    let timed = ["%H", "%I", "%k", "%l", "%T", "%R", "%r", "%c"].iter().any(|part| pattern.contains(part));
    let zoned = ["%z", "%:z"].iter().any(|part| pattern.contains(part));
    let store = match (zoned, timed) {
        (true, _) => MomentStore::Utc,
        (false, true) => MomentStore::Local,
        (false, false) => MomentStore::Date,
    };
    ColumnFormat::Moment(MomentFormat { pattern: Some(pattern.to_owned()), ..MomentFormat::plain(store) })
}

fn needed(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "numbers",
        Kind::Time => "dates or times",
        Kind::Boolean => "truth values",
        Kind::Any | Kind::Text => "text",
    }
}

/// `1.234` may be a thousand or a little over one: a guess would be wrong by a factor of 1000 in silence.
fn unsettled_point(question: &Question<'_>) -> SourceError {
    let Question { table, column, .. } = question;
    let message = format!(
        "the numbers in column `{column}` of table `{table}` are written like 1.234, which may be a thousand or three decimals, and no other value settles it"
    );
    SourceError::new(Status::InvalidData, message)
        .with_hint("set `decimal = \",\"` (1.234 is a thousand) or `decimal = \".\"` (it is a little over one)")
}

#[cfg(test)]
mod tests;
