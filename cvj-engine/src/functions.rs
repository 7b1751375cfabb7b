//! The SQL functions that definitions are compiled to: instants, periods, products and currencies.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array, Int64Array, StringArray};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::prelude::SessionContext;

use crate::calendar::{Calendar, DAY};
use crate::products::{Products, Resolver};

/// `cvj_instant(time)`: microseconds since 1970-01-01T00:00Z; local times are the client's.
pub(crate) const INSTANT: &str = "cvj_instant";
/// `cvj_period(instant)`: the number of the period that holds it.
pub(crate) const PERIOD: &str = "cvj_period";
/// `cvj_product(text)`: the product's code.
pub(crate) const PRODUCT: &str = "cvj_product";

/// `cvj_foreign(text)`: whether the text names a currency that cannot be the client's.
pub(crate) const FOREIGN: &str = "cvj_foreign";

/// `period_of(time)`: the label of the period that holds it.
pub(crate) const PERIOD_OF: &str = "period_of";
/// `product_of(text)`: the product's name, or [`UNASSIGNED_NAME`].
pub(crate) const PRODUCT_OF: &str = "product_of";
/// What `product_of` gives where no product matches.
pub(crate) const UNASSIGNED_NAME: &str = "(unassigned)";

/// Registers the functions.
pub(crate) fn register(context: &SessionContext, calendar: &Arc<Calendar>, products: &Arc<Products>, currency: &str) {
    for work in [
        Work::Instant(calendar.clone()),
        Work::Period(calendar.clone()),
        Work::Product(products.clone()),
        Work::Foreign(currency.to_owned()),
        Work::PeriodOf(calendar.clone()),
        Work::ProductOf(products.clone()),
    ] {
        let signature = Signature::any(1, Volatility::Immutable);
        context.register_udf(ScalarUDF::new_from_impl(Function { work, signature }));
    }
}

#[derive(Debug)]
enum Work {
    Instant(Arc<Calendar>),
    Period(Arc<Calendar>),
    Product(Arc<Products>),
    Foreign(String),
    PeriodOf(Arc<Calendar>),
    ProductOf(Arc<Products>),
}

#[derive(Debug)]
struct Function {
    work: Work,
    signature: Signature,
}

// One session has one of each, so the name identifies it.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        match self.work {
            Work::Instant(_) => INSTANT,
            Work::Period(_) => PERIOD,
            Work::Product(_) => PRODUCT,
            Work::Foreign(_) => FOREIGN,
            Work::PeriodOf(_) => PERIOD_OF,
            Work::ProductOf(_) => PRODUCT_OF,
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> DataFusionResult<DataType> {
        match (&self.work, arguments) {
            (Work::Instant(_) | Work::PeriodOf(_), [other])
                if !matches!(other, DataType::Date32 | DataType::Timestamp(..) | DataType::Null) =>
            {
                Err(DataFusionError::Plan(format!("`at` must be a date or time, and this is {other}")))
            }
            (Work::Instant(_), _) => Ok(DataType::Int64),
            (Work::Foreign(_), _) => Ok(DataType::Boolean),
            (Work::PeriodOf(_) | Work::ProductOf(_), _) => Ok(DataType::Utf8),
            _ => Ok(DataType::Int32),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let array = arguments.args[0].to_array(arguments.number_rows)?;
        let result: ArrayRef = match &self.work {
            Work::Instant(calendar) => Arc::new(instants(calendar, &array)?),
            Work::Period(calendar) => {
                let instants = cast(&array, &DataType::Int64)?;
                let periods: Int32Array =
                    instants.as_primitive::<Int64Type>().iter().map(|instant| Some(calendar.period_index(instant?))).collect();
                Arc::new(periods)
            }
            Work::Product(products) => {
                let texts = cast(&array, &DataType::Utf8)?;
                let mut resolver = Resolver::new(products);
                let texts = texts.as_string::<i32>();
                let codes: Int32Array =
                    texts.iter().map(|text| Some(i32::from(resolver.resolve(text.unwrap_or_default())))).collect();
                Arc::new(codes)
            }
            Work::Foreign(currency) => {
                let texts = cast(&array, &DataType::Utf8)?;
                let texts = texts.as_string::<i32>();
                let foreign: BooleanArray = texts.iter().map(|text| Some(is_foreign(text?, currency))).collect();
                Arc::new(foreign)
            }
            Work::PeriodOf(calendar) => {
                let instants = instants(calendar, &array)?;
                let label = |instant| Some(calendar.period_index(instant)).filter(|period| *period >= 0);
                let labels: StringArray =
                    instants.iter().map(|instant| label(instant?).map(|period| calendar.period(period).label())).collect();
                Arc::new(labels)
            }
            Work::ProductOf(products) => {
                let texts = cast(&array, &DataType::Utf8)?;
                let name = |text: &str| products.name(text).unwrap_or_else(|| UNASSIGNED_NAME.to_owned());
                let names: StringArray =
                    texts.as_string::<i32>().iter().map(|text| Some(name(text.unwrap_or_default()))).collect();
                Arc::new(names)
            }
        };
        Ok(ColumnarValue::Array(result))
    }
}

/// Whether a cell names a currency that cannot be this one; an empty one names none.
pub(crate) fn is_foreign(written: &str, currency: &str) -> bool {
    let written = written.trim();
    !written.is_empty() && !may_mean(written, currency)
}

/// Whether a currency's code or sign may mean this currency.
pub(crate) fn may_mean(written: &str, code: &str) -> bool {
    let found = cvj_core::currency::currency(written);
    found.is_some_and(|found| cvj_core::currency::compatible(found, code))
}

fn instants(calendar: &Calendar, array: &ArrayRef) -> DataFusionResult<Int64Array> {
    Ok(match array.data_type() {
        DataType::Date32 => {
            array.as_primitive::<Date32Type>().iter().map(|days| Some(calendar.instant(i64::from(days?) * DAY))).collect()
        }
        DataType::Timestamp(_, zone) => {
            let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            let micros = micros.as_primitive::<TimestampMicrosecondType>();
            if zone.is_some() {
                micros.iter().collect()
            } else if micros.null_count() == 0 {
                micros.unary(|local| calendar.instant(local))
            } else {
                micros.iter().map(|local| Some(calendar.instant(local?))).collect()
            }
        }
        _ => Int64Array::new_null(array.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_foreign_if_it_cannot_mean_the_currency() {
        for (cell, expected) in
            [("usd", false), (" USD ", false), ("$", false), ("", false), ("EUR", true), ("€", true), ("?", true)]
        {
            assert_eq!(is_foreign(cell, "USD"), expected, "{cell:?}");
        }
    }
}
