//! Cells to one Arrow array, by a settled format.
//!
//! This is the hot path of every scan. A column first tries the common form of its type straight on the bytes; what that does not
//! read takes the long way, which knows every form and every reason. Whether a cell is a null word is asked only when it does not
//! read, unless the configuration says the words.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, new_null_array};

use crate::cell::Cell;
use crate::currency::compatible;
use crate::format::{ColumnFormat, Unreadable};
use crate::moment::{MICROS_PER_DAY, MomentFault, MomentFormat, MomentReader, MomentStore, days};
use crate::number::{DecimalMark, NumberFault, NumberFormat, NumberStore};
use crate::settings::Nulls;
use crate::text_values::{NotUtf8, TextValues};
use crate::truth::{Truth, truth};

/// Collects the cells of one column.
#[derive(Debug)]
pub struct ColumnBuilder {
    nulls: Arc<Nulls>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Text(TextValues),
    Integer(Int64Builder, NumberFormat),
    Decimal(Decimal128Builder, NumberFormat, u8),
    Float(Float64Builder, NumberFormat),
    /// The flag: weak words are truth values.
    Boolean(BooleanBuilder, bool),
    Date(Date32Builder, MomentReader),
    Moment(TimestampMicrosecondBuilder, MomentReader),
}

impl ColumnBuilder {
    /// A builder with room for `rows` cells.
    pub fn new(format: ColumnFormat, nulls: Arc<Nulls>, rows: usize) -> Self {
        let data_type = format.data_type();
        let values = match format {
            ColumnFormat::Text => Values::Text(TextValues::with_capacity(rows)),
            ColumnFormat::Number(number) => match number.store {
                NumberStore::Integer => Values::Integer(Int64Builder::with_capacity(rows), number),
                NumberStore::Decimal(scale) => {
                    Values::Decimal(Decimal128Builder::with_capacity(rows).with_data_type(data_type), number, scale)
                }
                NumberStore::Float => Values::Float(Float64Builder::with_capacity(rows), number),
            },
            ColumnFormat::Boolean { lenient } => Values::Boolean(BooleanBuilder::with_capacity(rows), lenient),
            ColumnFormat::Moment(moment) if moment.store == MomentStore::Date => {
                Values::Date(Date32Builder::with_capacity(rows), MomentReader::new(moment))
            }
            ColumnFormat::Moment(moment) => {
                let builder = TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(data_type);
                Values::Moment(builder, MomentReader::new(moment))
            }
        };
        Self { nulls, values }
    }

    /// Appends a cell; one that does not read is appended as null and reported.
    pub fn push(&mut self, cell: &Cell<'_>) -> Result<(), Unreadable> {
        let outcome = match cell {
            Cell::Text(text) => return self.push_bytes(text.as_bytes()),
            Cell::Empty => {
                self.push_null();
                return Ok(());
            }
            Cell::Error(text) => Err(Unreadable { why: format!("the cell holds the error {text}"), contradiction: false }),
            typed => self.values.append_typed(typed),
        };
        if outcome.is_err() {
            self.push_null();
        }
        outcome
    }

    /// Appends a cell of text in UTF-8, which need not have been validated: see [`Self::try_finish`].
    #[inline]
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        if bytes.is_empty() {
            self.push_null();
            return Ok(());
        }
        if !self.nulls.are_said() && self.values.append_common(bytes) {
            return Ok(());
        }
        self.push_uncommon(bytes)
    }

    /// Appends cells of text in UTF-8, which need not have been validated, up to the first that has not the common form of the
    /// type or is not at hand. Says how many.
    pub fn push_common<'a>(&mut self, cells: impl Iterator<Item = Option<&'a [u8]>>) -> usize {
        if self.nulls.are_said() {
            return 0;
        }
        // One loop for each type.
        match &mut self.values {
            Values::Text(values) => common(cells, |cell| values.append_common(cell)),
            Values::Integer(builder, format) => {
                common_values(cells, |cell| format.simple(cell, 0), |value| builder.append_option(value))
            }
            Values::Decimal(builder, format, scale) => {
                let read = |cell: &[u8]| format.simple(cell, *scale).map(i128::from);
                common_values(cells, read, |value| builder.append_option(value))
            }
            Values::Date(builder, reader) => {
                common_values(cells, |cell| reader.common_date(cell), |value| builder.append_option(value))
            }
            Values::Moment(builder, reader) => {
                common_values(cells, |cell| reader.common_micros(cell), |value| builder.append_option(value))
            }
            Values::Float(..) | Values::Boolean(..) => 0,
        }
    }

    /// Bytes of text appended since the last array.
    pub fn text(&self) -> usize {
        if let Values::Text(values) = &self.values { values.bytes() } else { 0 }
    }

    /// Appends null.
    pub fn push_null(&mut self) {
        match &mut self.values {
            Values::Text(values) => values.append_null(),
            Values::Integer(builder, _) => builder.append_null(),
            Values::Decimal(builder, ..) => builder.append_null(),
            Values::Float(builder, _) => builder.append_null(),
            Values::Boolean(builder, _) => builder.append_null(),
            Values::Date(builder, _) => builder.append_null(),
            Values::Moment(builder, _) => builder.append_null(),
        }
    }

    /// The array of all cells since the last call; for columns whose text is known to be UTF-8. In any other, what is not becomes
    /// U+FFFD.
    pub fn finish(&mut self) -> ArrayRef {
        self.try_finish().unwrap_or_else(|not_utf8| not_utf8.replaced())
    }

    /// The array of all cells since the last call. Text is validated here, all of it at once; the error says which row is not
    /// UTF-8.
    pub fn try_finish(&mut self) -> Result<ArrayRef, NotUtf8> {
        Ok(match &mut self.values {
            Values::Text(values) => Arc::new(values.finish()?),
            Values::Integer(builder, _) => Arc::new(builder.finish()),
            Values::Decimal(builder, ..) => Arc::new(builder.finish()),
            Values::Float(builder, _) => Arc::new(builder.finish()),
            Values::Boolean(builder, _) => Arc::new(builder.finish()),
            Values::Date(builder, _) => Arc::new(builder.finish()),
            Values::Moment(builder, _) => Arc::new(builder.finish()),
        })
    }

    /// An array of nulls of the column's type, for a file that lacks the column.
    pub fn absent(format: &ColumnFormat, rows: usize) -> ArrayRef {
        new_null_array(&format.data_type(), rows)
    }

    #[cold]
    #[inline(never)]
    fn push_uncommon(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            // Text is reported with its row when the array is made.
            if let Values::Text(values) = &mut self.values {
                values.append(bytes);
                return Ok(());
            }
            self.push_null();
            return Err(Unreadable { why: "not UTF-8".to_owned(), contradiction: false });
        };
        let is_text = matches!(self.values, Values::Text(_));
        let null = |nulls: &Nulls| if is_text { nulls.in_text(text) } else { nulls.in_values(text) };
        if (is_text || self.nulls.are_said()) && null(&self.nulls) {
            self.push_null();
            return Ok(());
        }
        let outcome = self.values.append_text(text);
        if outcome.is_err() {
            self.push_null();
            if null(&self.nulls) {
                return Ok(());
            }
        }
        outcome
    }
}

impl Values {
    /// Appends what has the common form of the type; says whether it did.
    #[inline]
    fn append_common(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Text(values) => values.append_common(bytes),
            Self::Integer(builder, format) => format.simple(bytes, 0).map(|value| builder.append_value(value)).is_some(),
            Self::Decimal(builder, format, scale) => {
                format.simple(bytes, *scale).map(|value| builder.append_value(i128::from(value))).is_some()
            }
            Self::Date(builder, reader) => reader.common_date(bytes).map(|days| builder.append_value(days)).is_some(),
            Self::Moment(builder, reader) => reader.common_micros(bytes).map(|micros| builder.append_value(micros)).is_some(),
            Self::Float(..) | Self::Boolean(..) => false,
        }
    }

    /// Appends what can be read in any form, or says why it cannot.
    fn append_text(&mut self, text: &str) -> Result<(), Unreadable> {
        match self {
            Self::Text(values) => {
                values.append(text.as_bytes());
                Ok(())
            }
            Self::Integer(builder, format) => {
                let value = format.integer(text).map_err(|fault| ColumnFormat::number_fault(format, &fault))?;
                builder.append_value(value);
                Ok(())
            }
            Self::Decimal(builder, format, scale) => {
                let value = format.decimal(text, *scale).map_err(|fault| ColumnFormat::number_fault(format, &fault))?;
                builder.append_value(value);
                Ok(())
            }
            Self::Float(builder, format) => {
                let value = format.float(text).map_err(|fault| ColumnFormat::number_fault(format, &fault))?;
                builder.append_value(value);
                Ok(())
            }
            Self::Boolean(builder, lenient) => {
                let found = truth(text).filter(|(_, sort)| *lenient || *sort == Truth::Word);
                let (value, _) = found.ok_or_else(|| unreadable("not a truth value"))?;
                builder.append_value(value);
                Ok(())
            }
            Self::Date(builder, reader) => {
                builder.append_value(moment(reader, |format| format.date(text))?);
                Ok(())
            }
            Self::Moment(builder, reader) => {
                builder.append_value(moment(reader, |format| format.micros(text))?);
                Ok(())
            }
        }
    }

    /// Values that carry their type need no format, only a place.
    fn append_typed(&mut self, cell: &Cell<'_>) -> Result<(), Unreadable> {
        let amount = match cell {
            Cell::Number(value) => Some((*value, None)),
            Cell::Money { amount, currency } => Some((*amount, Some(*currency))),
            _ => None,
        };
        match (self, cell, amount) {
            (Self::Text(values), cell, _) => values.append(cell.to_text().as_bytes()),
            (Self::Float(builder, format), _, Some((value, currency))) => {
                agrees(format, currency)?;
                builder.append_value(value);
            }
            (Self::Integer(builder, format), _, Some((value, currency))) => {
                agrees(format, currency)?;
                let too_large = |_| ColumnFormat::number_fault(format, &NumberFault::TooLarge);
                builder.append_value(i64::try_from(shortest(format, value, 0)?).map_err(too_large)?);
            }
            (Self::Decimal(builder, format, scale), _, Some((value, currency))) => {
                agrees(format, currency)?;
                builder.append_value(shortest(format, value, *scale)?);
            }
            (Self::Boolean(builder, _), Cell::Boolean(value), _) => builder.append_value(*value),
            (Self::Boolean(builder, true), Cell::Number(value), _) => {
                builder.append_value(Truth::of_number(*value).ok_or_else(|| unreadable("not a truth value"))?);
            }
            (Self::Date(builder, reader), Cell::Moment(at), _) => {
                if at.time() != jiff::civil::Time::midnight() {
                    return moment(reader, |_| Err(MomentFault::HasTime));
                }
                builder.append_value(days(at.date()));
            }
            (Self::Moment(builder, reader), Cell::Moment(at), _) => {
                let time = at.time().duration_since(jiff::civil::Time::midnight()).as_micros();
                let local = i64::from(days(at.date())) * MICROS_PER_DAY + time as i64;
                builder.append_value(moment(reader, |format| format.without_zone(local))?);
            }
            // `20261001` kept as a number.
            (Self::Date(builder, reader), Cell::Number(value), _) => {
                builder.append_value(moment(reader, |format| format.date(&value.to_string()))?);
            }
            (Self::Moment(builder, reader), Cell::Number(value), _) => {
                builder.append_value(moment(reader, |format| format.micros(&value.to_string()))?);
            }
            (Self::Boolean(..), ..) => return Err(unreadable("not a truth value")),
            (Self::Date(..) | Self::Moment(..), ..) => return Err(unreadable("not a date")),
            (Self::Integer(..) | Self::Decimal(..) | Self::Float(..), ..) => return Err(unreadable("not a number")),
        }
        Ok(())
    }
}

fn unreadable(why: &str) -> Unreadable {
    Unreadable { why: why.to_owned(), contradiction: false }
}

/// Appends cells as long as that succeeds; says how many.
#[inline]
fn common<'a>(cells: impl Iterator<Item = Option<&'a [u8]>>, mut append: impl FnMut(&[u8]) -> bool) -> usize {
    let mut count = 0;
    for cell in cells {
        if !cell.is_some_and(&mut append) {
            break;
        }
        count += 1;
    }
    count
}

/// Appends cells as values as long as they read, or as null where they are empty; says how many.
#[inline]
fn common_values<'a, T>(
    cells: impl Iterator<Item = Option<&'a [u8]>>,
    mut read: impl FnMut(&[u8]) -> Option<T>,
    mut append: impl FnMut(Option<T>),
) -> usize {
    common(cells, |cell| {
        let value = read(cell);
        let reads = value.is_some() || cell.is_empty();
        if reads {
            append(value);
        }
        reads
    })
}

fn moment<T>(reader: &MomentReader, read: impl FnOnce(&MomentFormat) -> Result<T, MomentFault>) -> Result<T, Unreadable> {
    let format = reader.format();
    read(format).map_err(|fault| ColumnFormat::moment_fault(format, fault))
}

/// Fails if a number that is money of another currency meets the column's.
fn agrees(format: &NumberFormat, found: Option<&'static str>) -> Result<(), Unreadable> {
    match found {
        Some(found) if !format.currency.as_deref().is_some_and(|currency| compatible(currency, found)) => {
            Err(ColumnFormat::number_fault(format, &NumberFault::Currency(found)))
        }
        _ => Ok(()),
    }
}

/// A float as the decimal that people typed: its shortest form that reads back the same.
fn shortest(format: &NumberFormat, value: f64, scale: u8) -> Result<i128, Unreadable> {
    let plain = NumberFormat { leading_zeros: true, ..NumberFormat::plain(DecimalMark::Point, NumberStore::Decimal(scale)) };
    plain.decimal(&value.to_string(), scale).map_err(|fault| ColumnFormat::number_fault(format, &fault))
}

#[cfg(test)]
mod tests;
