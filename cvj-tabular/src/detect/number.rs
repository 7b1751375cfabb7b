//! Settles how the numbers of a column are read: decimal mark, currency, percent, and how they are kept.

use cvj_core::{SourceError, Status};

use super::{Question, sentence, settled_by};
use crate::currency::{compatible, currency, in_header};
use crate::evidence::{ColumnEvidence, Example, most};
use crate::format::ColumnFormat;
use crate::number::{
    DecimalMark, LONGEST_DECIMAL, Length, Marks, NumberFormat, NumberShape, NumberSize, NumberStore, Percent, lex,
};
use crate::settings::{CellSettings, ColumnSettings, ColumnType};

/// Whole digits that a 64-bit integer holds whatever they are.
pub(super) const LONGEST_INTEGER: u32 = 18;
/// With more decimals, numbers that the file keeps in floating point are measurements, and stay so.
const MOST_DECIMALS: u32 = 9;
/// Digits that floating point keeps whatever they are.
const LONGEST_FLOAT: u32 = 15;

impl ColumnEvidence {
    pub(super) fn number(
        &self,
        question: &Question<'_>,
        settings: &CellSettings,
        column: &ColumnSettings,
        said: bool,
    ) -> Result<ColumnFormat, SourceError> {
        let (decimal, unsettled) = self.decimal(question, settings);
        let (currency, currency_words) = self.currency(question, settings, column);
        let mut format = NumberFormat {
            thousands: settings.thousands,
            percent: self.percent(column),
            currency,
            leading_zeros: true,
            ..NumberFormat::plain(decimal, NumberStore::Float)
        };
        let reads = self.numbers.count(|shape| format.judge(shape).is_ok());
        if !said && !self.enough(reads) {
            let unread = self.unread_number(&format);
            let hint = match &format.currency {
                Some(currency) if self.enough(reads + self.other_currencies(currency)) => {
                    "set `columns.<name>.currency` to the one that counts (amounts in others are rejected), or use another column"
                }
                _ => "set `decimal`, `null_values` or `columns.<name>`, or use another column",
            };
            return Err(self.too_few(question, reads, unread, hint));
        }
        if unsettled {
            return Err(unsettled_point(question));
        }
        (format.store, format.longest) = self.store(&format, column, if said { reads } else { self.values });
        format.words = self.number_words(&format, settings, currency_words);
        Ok(ColumnFormat::Number(format))
    }

    /// The mark that is said, or that more values prove; where none does, that of the table's other columns, else a point, so that
    /// `1,234` is a thousand. The flag: nothing says whether `1.234` is a thousand too, or `1,234` where commas are in doubt.
    fn decimal(&self, question: &Question<'_>, settings: &CellSettings) -> (DecimalMark, bool) {
        let (point, comma) = (self.decided(DecimalMark::Point), self.decided(DecimalMark::Comma));
        if let Some(mark) = settings.decimal_mark() {
            return (mark, false);
        }
        match (point, comma) {
            (0, 0) => {
                let in_doubt = |mark: DecimalMark| mark == DecimalMark::Point || question.comma_in_doubt;
                let unsettled = question.decimal_hint.is_none()
                    && self.numbers.count(|shape| matches!(shape.marks, Marks::Either(mark) if in_doubt(mark))) > 0;
                (question.decimal_hint.unwrap_or(DecimalMark::Point), unsettled)
            }
            _ if point >= comma => (DecimalMark::Point, false),
            _ => (DecimalMark::Comma, false),
        }
    }

    /// The currency of the column, and where it is from, for people.
    fn currency(
        &self,
        question: &Question<'_>,
        settings: &CellSettings,
        column: &ColumnSettings,
    ) -> (Option<String>, Option<String>) {
        let canonical = |written: &str| currency(written).unwrap_or_default().to_owned();
        let configured = settings.currency.as_deref().map(canonical);
        let (found, origin) = if let Some(said) = &column.currency {
            (Some(canonical(said)), "(set)".to_owned())
        } else if let Some(named) = in_header(question.header) {
            (Some(named.to_owned()), "(the header says so)".to_owned())
        } else {
            let mut counts: Vec<(&'static str, u64, &Example)> = Vec::new();
            for (shape, tally) in self.numbers.iter() {
                let Some(found) = shape.currency else { continue };
                match counts.iter_mut().find(|(known, ..)| *known == found) {
                    Some((_, count, _)) => *count += tally.count,
                    None => counts.push((found, tally.count, &tally.first)),
                }
            }
            let busiest = counts.into_iter().max_by_key(|(_, count, _)| *count);
            busiest.map_or((None, String::new()), |(found, _, example)| (Some(found.to_owned()), format!("(as in {example})")))
        };
        let (found, origin) = match (found, configured) {
            // A sign that several currencies share is made precise by the configuration.
            (Some(found), Some(said)) if found != said && compatible(&found, &said) => (Some(said), "(set)".to_owned()),
            (None, Some(said)) if column.column_type == Some(ColumnType::Money) => (Some(said), "(set)".to_owned()),
            (found, _) => (found, origin),
        };
        let words = found.as_ref().map(|found| format!("money in {found} {origin}"));
        (found, words)
    }

    fn percent(&self, column: &ColumnSettings) -> Percent {
        match column.column_type {
            Some(ColumnType::Percent) => Percent::Said,
            Some(_) => Percent::None,
            None => {
                let signed = self.numbers.count(|shape| shape.percent);
                let unsigned = self.numbers.count(|shape| !shape.percent && !shape.zero && !shape.typed);
                if signed > unsigned { Percent::Signed } else { Percent::None }
            }
        }
    }

    /// Amounts in currencies that are not the column's.
    fn other_currencies(&self, own: &str) -> u64 {
        self.numbers.count(|shape| shape.currency.is_some_and(|found| !compatible(own, found)))
    }

    /// Exact, if all that it takes is to reject numbers of so many digits that they cannot be meant: 95 % `of` the values remain.
    fn store(&self, format: &NumberFormat, column: &ColumnSettings, of: u64) -> (NumberStore, Length) {
        if column.column_type == Some(ColumnType::Integer) {
            return (NumberStore::Integer, Length::Long);
        }
        let exact = [Length::Long, Length::Short].into_iter().find_map(|longest| {
            let format = NumberFormat { longest, ..format.clone() };
            let reads = self.numbers.count(|shape| format.judge(shape).is_ok());
            let store = self.exact(&format, column).filter(|_| most(reads, of))?;
            Some((store, longest))
        });
        exact.unwrap_or((NumberStore::Float, Length::Endless))
    }

    /// Room for every value that the format reads, if they are not to be kept in floating point.
    fn exact(&self, format: &NumberFormat, column: &ColumnSettings) -> Option<NumberStore> {
        let (mut written, mut kept) = (NumberSize::default(), NumberSize::default());
        for (shape, tally) in self.numbers.iter().filter(|(shape, _)| format.judge(shape).is_ok()) {
            if shape.exponent {
                return None;
            }
            let mut needed = shape.size(tally.size, format.decimal);
            if format.percent != Percent::None && !shape.typed {
                needed.decimals += 2;
            }
            let size = if shape.typed { &mut kept } else { &mut written };
            *size = size.or(needed);
        }
        let measured = kept.decimals > MOST_DECIMALS && written.whole + written.decimals <= LONGEST_FLOAT;
        let NumberSize { whole, mut decimals } = written.or(kept);
        if format.currency.is_some() || matches!(column.column_type, Some(ColumnType::Money | ColumnType::Decimal)) {
            decimals = decimals.max(2);
        }
        if measured || whole + decimals > LONGEST_DECIMAL {
            None
        } else if format.percent != Percent::None || decimals > 0 || whole > LONGEST_INTEGER {
            Some(NumberStore::Decimal(decimals as u8))
        } else {
            Some(NumberStore::Integer)
        }
    }

    fn unread_number(&self, format: &NumberFormat) -> Option<(&Example, Option<String>)> {
        if let Some(example) = &self.not_number {
            let why = lex(&example.value).err().map(|fault| ColumnFormat::number_fault(format, &fault).why);
            return Some((example, why.filter(|why| why != "not a number")));
        }
        let unread = |shape: &NumberShape| format.judge(shape).is_err();
        let (shape, tally) = self.numbers.iter().filter(|(shape, _)| unread(shape)).max_by_key(|(_, tally)| tally.count)?;
        let why = format.judge(shape).err().map(|fault| ColumnFormat::number_fault(format, &fault).why);
        Some((&tally.first, why))
    }

    fn number_words(&self, format: &NumberFormat, settings: &CellSettings, currency: Option<String>) -> Option<String> {
        let reads = |shape: &NumberShape| format.judge(shape).is_ok();
        let comma = (format.decimal == DecimalMark::Comma).then(|| {
            let proof = self.numbers.example(|shape| shape.marks == Marks::Decided(DecimalMark::Comma));
            let why = match (settings.decimal_mark(), proof) {
                (None, None) => ", as in the other columns".to_owned(),
                (None, proof) => settled_by(proof),
                (Some(_), _) => settled_by(None),
            };
            format!("numbers with a decimal comma{why}")
        });
        let group = |shape: &NumberShape| match shape.marks {
            Marks::Either(mark) if mark != format.decimal => Some(mark.character()),
            _ => shape.group,
        };
        let grouped = self.numbers.iter().filter(|(shape, _)| reads(shape)).find_map(|(shape, _)| group(shape));
        let grouped = grouped.map(|mark| format!("thousands grouped with `{mark}`"));
        let percent = (format.percent != Percent::None).then(|| "percentages, kept as fractions".to_owned());
        let zeros = self.numbers.count(|shape| shape.leading_zeros) > 0;
        let zeros = zeros.then(|| "leading zeros are dropped".to_owned());
        let long = self.numbers.count(|shape| shape.length > Length::Short) > 0 && format.store == NumberStore::Float;
        let rounded = long.then(|| "rounded to 15 digits".to_owned());
        sentence([comma, grouped, currency, percent, zeros, rounded].into_iter().flatten())
    }
}

/// `1.234` may be a thousand or a little over one: a guess would be wrong by a factor of 1000 in silence.
fn unsettled_point(question: &Question<'_>) -> SourceError {
    let Question { table, column, .. } = question;
    let message = format!(
        "the numbers in column `{column}` of table `{table}` are written like 1.234 or 1,234, which may be a thousand or three decimals, and no other value settles it"
    );
    SourceError::new(Status::InvalidData, message).with_hint(
        "set `decimal = \",\"` (1.234 is a thousand, 1,234 a little over one) or `decimal = \".\"` (the other way round)",
    )
}
