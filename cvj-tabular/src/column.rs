//! Cells to one Arrow array, by a settled format.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, new_null_array};

use crate::cell::Cell;
use crate::format::{ColumnFormat, Unreadable, truth};
use crate::moment::{MICROS_PER_DAY, MomentFault, MomentFormat, MomentStore, days};
use crate::number::{DecimalMark, NumberFault, NumberFormat, NumberStore};
use crate::settings::Nulls;

/// Collects the cells of one column.
#[derive(Debug)]
pub struct ColumnBuilder {
    format: ColumnFormat,
    nulls: Arc<Nulls>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Text(StringBuilder),
    Integer(Int64Builder),
    Decimal(Decimal128Builder, u8),
    Float(Float64Builder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Moment(TimestampMicrosecondBuilder),
}

impl ColumnBuilder {
    /// A builder with room for `rows` cells.
    pub fn new(format: ColumnFormat, nulls: Arc<Nulls>, rows: usize) -> Self {
        let values = match &format {
            ColumnFormat::Text => Values::Text(StringBuilder::with_capacity(rows, rows * 16)),
            ColumnFormat::Number(number) => match number.store {
                NumberStore::Integer => Values::Integer(Int64Builder::with_capacity(rows)),
                NumberStore::Decimal(scale) => {
                    Values::Decimal(Decimal128Builder::with_capacity(rows).with_data_type(format.data_type()), scale)
                }
                NumberStore::Float => Values::Float(Float64Builder::with_capacity(rows)),
            },
            ColumnFormat::Boolean { .. } => Values::Boolean(BooleanBuilder::with_capacity(rows)),
            ColumnFormat::Moment(moment) => match moment.store {
                MomentStore::Date => Values::Date(Date32Builder::with_capacity(rows)),
                _ => Values::Moment(TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(format.data_type())),
            },
        };
        Self { format, nulls, values }
    }

    /// Appends a cell; one that does not read is appended as null and reported.
    pub fn push(&mut self, cell: &Cell<'_>) -> Result<(), Unreadable> {
        let outcome = self.read(cell);
        match outcome {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.push_null();
                Ok(())
            }
            Err(unreadable) => {
                self.push_null();
                Err(unreadable)
            }
        }
    }

    /// Appends null.
    pub fn push_null(&mut self) {
        match &mut self.values {
            Values::Text(builder) => builder.append_null(),
            Values::Integer(builder) => builder.append_null(),
            Values::Decimal(builder, _) => builder.append_null(),
            Values::Float(builder) => builder.append_null(),
            Values::Boolean(builder) => builder.append_null(),
            Values::Date(builder) => builder.append_null(),
            Values::Moment(builder) => builder.append_null(),
        }
    }

    /// The array of all cells since the last call.
    pub fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Text(builder) => Arc::new(builder.finish()),
            Values::Integer(builder) => Arc::new(builder.finish()),
            Values::Decimal(builder, _) => Arc::new(builder.finish()),
            Values::Float(builder) => Arc::new(builder.finish()),
            Values::Boolean(builder) => Arc::new(builder.finish()),
            Values::Date(builder) => Arc::new(builder.finish()),
            Values::Moment(builder) => Arc::new(builder.finish()),
        }
    }

    /// An array of nulls of the column's type, for a file that lacks the column.
    pub fn absent(format: &ColumnFormat, rows: usize) -> ArrayRef {
        new_null_array(&format.data_type(), rows)
    }

    /// Appends the value and says `true`, or says that there is none.
    fn read(&mut self, cell: &Cell<'_>) -> Result<bool, Unreadable> {
        let text = match cell {
            Cell::Empty => return Ok(false),
            Cell::Text(text) if text.is_empty() => return Ok(false),
            Cell::Error(text) => {
                return Err(Unreadable { why: format!("the cell holds the error {text}"), contradiction: false });
            }
            Cell::Text(text) => text.as_ref(),
            typed => return self.read_typed(typed).map(|()| true),
        };
        let outcome = match &mut self.values {
            Values::Text(builder) => {
                if self.nulls.in_text(text) {
                    return Ok(false);
                }
                builder.append_value(text);
                return Ok(true);
            }
            Values::Integer(builder) => {
                number(&self.format, |number| number.integer(text)).map(|value| builder.append_value(value))
            }
            Values::Decimal(builder, scale) => {
                number(&self.format, |number| number.decimal(text, *scale)).map(|value| builder.append_value(value))
            }
            Values::Float(builder) => number(&self.format, |number| number.float(text)).map(|value| builder.append_value(value)),
            Values::Boolean(builder) => {
                let numeric = matches!(self.format, ColumnFormat::Boolean { numeric: true });
                truth(text)
                    .or_else(|| if numeric { one_or_zero(text) } else { None })
                    .map(|value| builder.append_value(value))
                    .ok_or_else(|| Unreadable { why: "not a truth value".to_owned(), contradiction: false })
            }
            Values::Date(builder) => moment(&self.format, |moment| moment.date(text)).map(|value| builder.append_value(value)),
            Values::Moment(builder) => {
                moment(&self.format, |moment| moment.micros(text)).map(|value| builder.append_value(value))
            }
        };
        match outcome {
            Ok(()) => Ok(true),
            Err(_) if self.nulls.in_values(text) => Ok(false),
            Err(unreadable) => Err(unreadable),
        }
    }

    /// Values that carry their type need no format, only a place.
    fn read_typed(&mut self, cell: &Cell<'_>) -> Result<(), Unreadable> {
        let wrong = |why: &str| Err(Unreadable { why: why.to_owned(), contradiction: false });
        match (&mut self.values, cell) {
            (Values::Text(builder), cell) => {
                builder.append_value(cell.to_text());
                Ok(())
            }
            (Values::Float(builder), Cell::Number(value)) => {
                builder.append_value(*value);
                Ok(())
            }
            (Values::Integer(builder), Cell::Number(value)) => {
                let value = shortest(&self.format, *value, 0)?;
                i64::try_from(value).map(|value| builder.append_value(value)).map_err(|_| too_large(&self.format))
            }
            (Values::Decimal(builder, scale), Cell::Number(value)) => {
                builder.append_value(shortest(&self.format, *value, *scale)?);
                Ok(())
            }
            (Values::Boolean(builder), Cell::Boolean(value)) => {
                builder.append_value(*value);
                Ok(())
            }
            (Values::Boolean(builder), Cell::Number(value)) if *value == 0.0 || *value == 1.0 => {
                builder.append_value(*value == 1.0);
                Ok(())
            }
            (Values::Date(builder), Cell::Moment(at)) => {
                if at.time() != jiff::civil::Time::midnight() {
                    return moment(&self.format, |_| Err(MomentFault::HasTime));
                }
                builder.append_value(days(at.date()));
                Ok(())
            }
            (Values::Moment(builder), Cell::Moment(at)) => {
                if matches!(&self.format, ColumnFormat::Moment(MomentFormat { store: MomentStore::Utc, utc: false, .. })) {
                    return moment(&self.format, |_| Err(MomentFault::NoZone));
                }
                let time = at.time().duration_since(jiff::civil::Time::midnight()).as_micros();
                builder.append_value(i64::from(days(at.date())) * MICROS_PER_DAY + time as i64);
                Ok(())
            }
            // `20261001` kept as a number.
            (Values::Date(builder), Cell::Number(value)) if value.fract() == 0.0 => {
                moment(&self.format, |moment| moment.date(&value.to_string())).map(|value| builder.append_value(value))
            }
            (Values::Moment(builder), Cell::Number(value)) if value.fract() == 0.0 => {
                moment(&self.format, |moment| moment.micros(&value.to_string())).map(|value| builder.append_value(value))
            }
            (Values::Boolean(_), _) => wrong("not a truth value"),
            (Values::Date(_) | Values::Moment(_), _) => wrong("not a date"),
            (Values::Integer(_) | Values::Decimal(..) | Values::Float(_), _) => wrong("not a number"),
        }
    }
}

fn number<T>(format: &ColumnFormat, read: impl FnOnce(&NumberFormat) -> Result<T, NumberFault>) -> Result<T, Unreadable> {
    match format {
        ColumnFormat::Number(number) => read(number).map_err(|fault| ColumnFormat::number_fault(number, &fault)),
        _ => Err(Unreadable { why: "not a number".to_owned(), contradiction: false }),
    }
}

fn moment<T>(format: &ColumnFormat, read: impl FnOnce(&MomentFormat) -> Result<T, MomentFault>) -> Result<T, Unreadable> {
    match format {
        ColumnFormat::Moment(moment) => read(moment).map_err(|fault| ColumnFormat::moment_fault(moment, fault)),
        _ => Err(Unreadable { why: "not a date".to_owned(), contradiction: false }),
    }
}

/// A float as the decimal that people typed: its shortest form that reads back the same.
fn shortest(format: &ColumnFormat, value: f64, scale: u8) -> Result<i128, Unreadable> {
    let plain = NumberFormat::plain(DecimalMark::Point, NumberStore::Decimal(scale));
    number(format, |_| plain.decimal(&value.to_string(), scale))
}

fn too_large(format: &ColumnFormat) -> Unreadable {
    match number::<()>(format, |_| Err(NumberFault::TooLarge)) {
        Err(unreadable) => unreadable,
        Ok(()) => Unreadable { why: "not a number".to_owned(), contradiction: false },
    }
}

fn one_or_zero(text: &str) -> Option<bool> {
    match text.trim() {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}
