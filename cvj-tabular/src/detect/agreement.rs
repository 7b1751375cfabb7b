//! Properties of settling and reading together: what was counted as readable reads, and it reads as what was meant.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow_schema::DataType;
use cvj_core::source::Kind;
use jiff::civil::{Date, DateTime, date};
use proptest::prelude::*;

use super::tests::{evidence, settle};
use crate::cell::Cell;
use crate::column::ColumnBuilder;
use crate::format::ColumnFormat;
use crate::settings::{CellSettings, ColumnSettings, ColumnType};

/// Reads every value; `None` for one that is rejected.
fn read(format: &ColumnFormat, values: &[String]) -> (arrow_array::ArrayRef, Vec<bool>) {
    let mut builder = ColumnBuilder::new(format.clone(), Arc::new(CellSettings::default().nulls()), values.len());
    let read = values.iter().map(|value| builder.push(&Cell::text(value)).is_ok()).collect();
    (builder.finish(), read)
}

/// How a cent amount is written.
fn written(cents: i64, comma: bool, group: Option<char>, dress: u8) -> String {
    let whole = (cents.unsigned_abs() / 100).to_string();
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.extend(group);
        }
        text.push(digit);
    }
    text.push(if comma { ',' } else { '.' });
    let _ = write!(text, "{:02}", cents.unsigned_abs() % 100);
    match (dress, cents < 0) {
        (0, true) => format!("({text})"),
        (1, true) => format!("{text}-"),
        (2, true) => format!("-€{text}"),
        (_, true) => format!("\u{2212}{text}"),
        (0, false) => format!("€{text}"),
        (1, false) => format!("{text} EUR"),
        (2, false) => format!(" {text}\u{a0}€"),
        (_, false) => text,
    }
}

/// Anything that stands in cells, in forms that look alike.
fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[(]?[-+$€]?[0-9]{1,3}([.,' ][0-9]{3}){0,2}([.,][0-9]{1,3})?[%)]?( ?(EUR|USD|kr|K))?",
        "[0-9]{1,2}[/.-][0-9]{1,2}[/.-]([0-9]{2}|20[0-9]{2})( [0-9]{1,2}:[0-9]{2}( ?[ap]m)?)?",
        "20[0-9]{2}-[01][0-9](-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,7})?)?(Z|[+-]0[0-9]:?00| EST| IST)?)?)?",
        "(1[0-9]{9}|20[0-9]{4}|20[0-9]{6}|20[0-9]{8}|1[0-9]{12})(\\.[0-9]{1,3})?",
        "0?[0-9]{1,25}",
        "-?[0-9]{1,12}\\.[0-9]{1,12}([eE][+-][0-9]{1,2})?",
        "(yes|No|y|N|x|on|1|0|true)",
        "(Jan|mars|Okt\\.?|May|mar) [0-9]{1,2},? 20[0-9]{2}",
        "\\PC{0,12}",
    ]
}

/// Cells of one or two sorts, as columns have them.
fn any_column() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(any_cell(), 1..4).prop_flat_map(|kinds| {
        (Just(kinds), prop::collection::vec(0_usize..3, 1..30))
            .prop_map(|(kinds, picks)| picks.iter().map(|pick| kinds[pick % kinds.len()].clone()).collect())
    })
}

proptest! {
    /// Whatever is settled from all values rejects no more of them than the 5 % that it may.
    #[test]
    fn what_was_counted_reads(values in any_column(), kind in 0_usize..4) {
        let kind = [Kind::Any, Kind::Number, Kind::Time, Kind::Boolean][kind];
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        if let Ok(format) = settle(&texts, kind, &CellSettings::default()) {
            let (_, read) = read(&format, &values);
            let unread = read.iter().filter(|read| !**read).count();
            let counted = evidence(&texts).values as usize;
            prop_assert!(unread * 20 <= counted, "{unread} of {counted} unread as {format:?}: {values:?}");
        }
    }

    /// Every single value reads if and only if it was counted, whichever types the configuration says.
    #[test]
    fn each_value_is_counted_as_it_reads(values in any_column(), said in 0_usize..5) {
        let said = [ColumnType::Money, ColumnType::Percent, ColumnType::Decimal, ColumnType::Time, ColumnType::Date][said];
        let column = ColumnSettings { column_type: Some(said), ..ColumnSettings::default() };
        let settings = CellSettings { columns: [("c".to_owned(), column)].into(), ..CellSettings::default() };
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        if let Ok(format) = settle(&texts, Kind::Any, &settings) {
            let seen = evidence(&texts);
            let counted = match &format {
                ColumnFormat::Number(number) => seen.numbers.count(|shape| number.judge(shape).is_ok()),
                ColumnFormat::Moment(moment) => seen.moments.count(|shape| moment.judge(*shape).is_ok()),
                ColumnFormat::Text | ColumnFormat::Boolean { .. } => unreachable!("the configuration says otherwise"),
            };
            let nulls = values.len() - seen.values as usize;
            let (array, _) = read(&format, &values);
            prop_assert_eq!((array.len() - array.null_count()) as u64, counted, "{:?}: {:?} ({} nulls)", format, values, nulls);
        }
    }

    /// Amounts come back to the cent, whatever dresses them, if one of them shows the decimal mark.
    #[test]
    fn amounts_read_back(
        cents in prop::collection::vec(-99_999_999_999_i64..99_999_999_999, 1..20),
        comma: bool, group in 0_usize..4, dresses in prop::collection::vec(0_u8..4, 20),
    ) {
        let group = [None, Some(if comma { '.' } else { ',' }), Some('\''), Some('\u{202f}')][group];
        let values: Vec<String> = cents.iter().zip(dresses).map(|(cents, dress)| written(*cents, comma, group, dress)).collect();
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let format = settle(&texts, Kind::Number, &CellSettings::default()).unwrap();
        let (array, _) = read(&format, &values);
        let read: Vec<_> = array.as_primitive::<Decimal128Type>().iter().collect();
        let meant: Vec<_> = cents.iter().map(|cents| Some(i128::from(*cents))).collect();
        prop_assert_eq!(array.data_type(), &DataType::Decimal128(38, 2));
        prop_assert_eq!(read, meant, "{:?}", values);
    }

    /// Whole numbers grouped by points are thousands or an error, never wrong by a thousand.
    #[test]
    fn grouped_points_are_never_decimals(numbers in prop::collection::vec(1_000_i64..1_000_000_000, 1..8), proof: bool) {
        let mut values: Vec<String> =
            numbers.iter().map(|number| written(number * 100, true, Some('.'), 3).trim_end_matches(",00").to_owned()).collect();
        if proof {
            values.push("0,5".to_owned());
        }
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let settled = settle(&texts, Kind::Number, &CellSettings::default());
        let decided = proof || numbers.iter().any(|number| *number >= 1_000_000);
        prop_assert_eq!(settled.is_ok(), decided, "{:?}", values);
        if let Ok(format) = settled {
            let (array, _) = read(&format, &values);
            let first = match array.data_type() {
                DataType::Int64 => i128::from(array.as_primitive::<Int64Type>().value(0)) * 10,
                _ => array.as_primitive::<Decimal128Type>().value(0),
            };
            prop_assert_eq!(first, i128::from(numbers[0]) * 10, "{:?}", values);
        }
    }

    /// One day beyond the twelfth, wherever it stands, settles the order of day and month; without one it is an error that names
    /// the key.
    #[test]
    fn one_row_settles_the_order(
        days in prop::collection::vec((1_i8..=12, 1_i8..=12), 1..40), at in 0_usize..40, late in 13_i8..=28,
        day_first: bool, mark in 0_usize..2, settled: bool,
    ) {
        let mut meant: Vec<Date> = days.iter().map(|(month, day)| date(2026, *month, *day)).collect();
        if settled {
            meant.insert(at % (meant.len() + 1), date(2026, 5, late));
        }
        let mark = ['/', '-'][mark];
        let values: Vec<String> = meant.iter().map(|date| {
            let (first, second) = if day_first { (i32::from(date.day()), i32::from(date.month())) } else { (date.month().into(), date.day().into()) };
            format!("{first}{mark}{second}{mark}2026")
        }).collect();
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        match settle(&texts, Kind::Time, &CellSettings::default()) {
            Ok(format) => {
                let (array, _) = read(&format, &values);
                let read: Vec<_> = array.as_primitive::<Date32Type>().iter().collect();
                let meant: Vec<_> = meant.iter().map(|date| Some(crate::moment::days(*date))).collect();
                prop_assert_eq!(read, meant, "{:?}", values);
            }
            Err(error) => {
                prop_assert!(!settled, "{}", error.message);
                prop_assert!(meant.iter().any(|date| date.day() != date.month()));
                prop_assert!(error.hint.is_some_and(|hint| hint.contains("date_format")));
            }
        }
    }

    /// Times in any mix of unambiguous forms read back. Two digits of a year end in 2068.
    #[test]
    fn times_read_back(seconds in prop::collection::vec((1_100_000_000_i64..3_100_000_000, 0_usize..8), 1..20)) {
        let epoch = DateTime::from_parts(date(1970, 1, 1), jiff::civil::Time::midnight());
        let patterns = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %I:%M:%S %p", "%d %b %Y %H:%M:%S", "%A, %B %-d, %Y at %-I:%M:%S %P",
            "%Y%m%dT%H%M%S", "%a %b %e %H:%M:%S %Y", "%d-%b-%y %H.%M.%S"];
        let values: Vec<String> =
            seconds.iter().map(|(at, form)| (epoch + jiff::SignedDuration::from_secs(*at)).strftime(patterns[*form]).to_string()).collect();
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let format = settle(&texts, Kind::Time, &CellSettings::default()).unwrap();
        let (array, _) = read(&format, &values);
        let read: Vec<_> = array.as_primitive::<TimestampMicrosecondType>().iter().collect();
        let meant: Vec<_> = seconds.iter().map(|(at, _)| Some(at * 1_000_000)).collect();
        prop_assert_eq!(read, meant, "{:?}", values);
    }

    /// Seconds, milliseconds and microseconds since 1970 are found where a time is needed.
    #[test]
    fn epochs_read_back(seconds in prop::collection::vec(1_100_000_000_i64..1_900_000_000, 1..10), unit in 0_u32..3) {
        let values: Vec<String> = seconds.iter().map(|at| (at * 1000_i64.pow(unit)).to_string()).collect();
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        prop_assert_eq!(settle(&texts, Kind::Any, &CellSettings::default()).unwrap().data_type(), DataType::Int64);
        let format = settle(&texts, Kind::Time, &CellSettings::default()).unwrap();
        let (array, _) = read(&format, &values);
        let read: Vec<_> = array.as_primitive::<TimestampMicrosecondType>().iter().collect();
        prop_assert_eq!(read, seconds.iter().map(|at| Some(at * 1_000_000)).collect::<Vec<_>>());
    }
}
