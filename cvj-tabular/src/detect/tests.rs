use arrow_schema::{DataType, TimeUnit};

use super::*;
use crate::cell::{Cell, Place};
use crate::settings::{DateFormat, Nulls};

pub(super) fn evidence(values: &[&str]) -> ColumnEvidence {
    let mut evidence = ColumnEvidence::default();
    let nulls: Nulls = CellSettings::default().nulls();
    for (index, value) in values.iter().enumerate() {
        evidence.observe(&Cell::text(value), &nulls, Place { file: "a.csv", line: index as u64 + 2 });
    }
    evidence
}

fn question(kind: Kind, header: &str) -> Question<'_> {
    Question { table: "t", column: "c", header, comma_in_doubt: false, kind, decimal_hint: None }
}

pub(super) fn settle(values: &[&str], kind: Kind, settings: &CellSettings) -> Result<ColumnFormat, SourceError> {
    evidence(values).settle(&question(kind, "c"), settings)
}

const LOCAL: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

fn utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

#[test]
fn undemanded_types_are_found() {
    let check = |values: &[&str], expect: DataType| {
        assert_eq!(settle(values, Kind::Any, &CellSettings::default()).unwrap().data_type(), expect, "{values:?}");
    };
    check(&["1", "2", ""], DataType::Int64);
    check(&["37,600", "2,002", "813"], DataType::Int64);
    check(&["1.5", "2", " --"], DataType::Decimal128(38, 1));
    check(&["1,204.50", "3"], DataType::Decimal128(38, 2));
    check(&["1,0", "4,5"], DataType::Decimal128(38, 1));
    check(&["5.32%", "0.1%"], DataType::Decimal128(38, 4));
    check(&["$5", "$1,204"], DataType::Decimal128(38, 2));
    check(&["4.389160886712906", "0"], DataType::Decimal128(38, 15));
    check(&["12345678901234567890.1234567890", "0.5"], DataType::Decimal128(38, 10));
    check(&["4.5e-7", "0"], DataType::Float64);
    check(&["00123", "45"], DataType::Utf8);
    check(&["1234567890123456789012", "45"], DataType::Utf8);
    check(&["yes", "no", "No"], DataType::Boolean);
    check(&["0", "1"], DataType::Int64);
    check(&["2026-10-01", ""], DataType::Date32);
    check(&["2026-10-01 09:14:35"], LOCAL);
    check(&["2026-02-01 08:11:26 -0500"], utc());
    check(&["2026-10-01T09:14:35Z", "2026-10-02T09:14:35.1Z"], utc());
    check(&["1/2/2026", "1/13/2026"], DataType::Date32);
    check(&["1/2/2026", "3/4/2026"], DataType::Utf8);
    check(&["1/1/2026 0:05", "2/2/2026 1:05"], LOCAL);
    check(&["01.10.2026", "02.10.2026"], DataType::Date32);
    check(&["Jun 01, 2023 09:46 pm"], LOCAL);
    check(&["20261001"], DataType::Int64);
    check(&["", " ", "n/a"], DataType::Utf8);
    check(&["Ada", "12"], DataType::Utf8);
    check(&["+49 30 0000", "+1 312-555-0100"], DataType::Utf8);
    check(&["203.0.113.9"], DataType::Utf8);
}

#[test]
fn numbers_of_too_many_digits_change_no_type() {
    let check = |value: &str, others: &str, expect: &DataType, reads: bool| {
        let format = settle(&[&[others; 30][..], &[value]].concat(), Kind::Number, &CellSettings::default()).unwrap();
        assert_eq!(format.data_type(), *expect, "{value} among {others}");
        let ColumnFormat::Number(number) = &format else { panic!("numbers") };
        let read = match number.store {
            NumberStore::Integer => number.integer(value).map(i128::from),
            NumberStore::Decimal(scale) => number.decimal(value, scale),
            NumberStore::Float => panic!("{value} among {others} is floating point"),
        };
        assert_eq!(read.is_ok(), reads, "{value} among {others}");
    };
    let (nines, endless) = ("9".repeat(30), "9".repeat(31));
    check(&endless, "5", &DataType::Int64, false);
    check(&endless, "5.25", &DataType::Decimal128(38, 2), false);
    check(&nines, "5", &DataType::Decimal128(38, 0), true);
    check(&nines, "5.25", &DataType::Decimal128(38, 2), false);
    check(&format!("0.{endless}"), "5.25", &DataType::Decimal128(38, 2), false);
    let format = settle(&[&nines, "0.5", &endless], Kind::Number, &CellSettings::default()).unwrap();
    assert_eq!((format.data_type(), format.words().map(String::as_str)), (DataType::Float64, Some("rounded to 15 digits")));
}

#[test]
fn amounts_in_two_currencies_ask_for_the_one_that_counts() {
    let error = settle(&["$5.00", "€6.00"], Kind::Number, &CellSettings::default()).unwrap_err();
    assert!(error.hint.unwrap().starts_with("set `columns.c.currency`"));
}

#[test]
fn a_header_may_say_that_times_are_in_utc() {
    let values = evidence(&["2026-03-01 00:38:54", ""]);
    let format = values.settle(&question(Kind::Any, "Created date (UTC)"), &CellSettings::default()).unwrap();
    assert_eq!(format.data_type(), utc());
    let ColumnFormat::Moment(moment) = format else { panic!("a moment") };
    assert_eq!(moment.micros("1970-01-01 00:00:01"), Ok(1_000_000));
    assert_eq!(moment.micros("1970-01-01 01:00:01 +0100"), Ok(1_000_000));
}

#[test]
fn ninety_five_percent_must_read() {
    let mut values = vec!["7"; 19];
    values.push("seven");
    assert_eq!(settle(&values, Kind::Any, &CellSettings::default()).unwrap().data_type(), DataType::Int64);
    values.push("eight");
    assert_eq!(settle(&values, Kind::Any, &CellSettings::default()).unwrap().data_type(), DataType::Utf8);
    let error = settle(&values, Kind::Number, &CellSettings::default()).unwrap_err();
    assert_eq!(error.status, Status::InvalidData);
    assert_eq!(
        error.message,
        "column `c` of table `t` is needed as numbers, and 90.4 % of its values read as such (95 % must); \
         the first that does not is `seven` (a.csv:21)"
    );
}

#[test]
fn demands_are_met_or_refused() {
    let settings = CellSettings::default();
    let check = |values: &[&str], kind: Kind, expect: Option<DataType>| {
        assert_eq!(settle(values, kind, &settings).ok().map(|format| format.data_type()), expect, "{values:?} as {kind:?}");
    };
    check(&["00123", "45"], Kind::Number, Some(DataType::Int64));
    check(&["1234567890123456789012"], Kind::Number, Some(DataType::Decimal128(38, 0)));
    check(&["0", "1", "1"], Kind::Boolean, Some(DataType::Boolean));
    check(&["20261001"], Kind::Time, Some(DataType::Date32));
    check(&["2026-10-01"], Kind::Text, Some(DataType::Utf8));
    check(&["", ""], Kind::Number, Some(DataType::Int64));
    check(&["", ""], Kind::Time, Some(LOCAL));
    check(&["1/2/2026"], Kind::Time, None);
    check(&["hello"], Kind::Time, None);
    check(&["1/13/2026", "13/1/2026"], Kind::Time, None);
    let error = settle(&["1/2/2026"], Kind::Time, &settings).unwrap_err();
    assert!(error.hint.unwrap().contains("`date_format = \"day-month-year\"`"));
}

#[test]
fn a_pattern_is_for_the_columns_that_need_it() {
    let settings = CellSettings { date_format: Some(DateFormat::Pattern("%d.%m.%y %Hh".to_owned())), ..CellSettings::default() };
    let check = |values: &[&str], kind: Kind, expect: Option<DataType>| {
        assert_eq!(settle(values, kind, &settings).ok().map(|format| format.data_type()), expect, "{values:?}");
    };
    check(&["01.02.26 10h"], Kind::Time, Some(LOCAL));
    check(&["01.02.26 10h"], Kind::Any, Some(LOCAL));
    check(&["2026-02-01"], Kind::Time, Some(DataType::Date32));
    check(&["Ada"], Kind::Any, Some(DataType::Utf8));
    check(&["Ada"], Kind::Time, None);
}

#[test]
fn ambiguous_marks_follow_the_evidence_or_the_configuration() {
    let text = |values: &[&str], settings: &CellSettings| settle(values, Kind::Any, settings).unwrap().data_type();
    assert_eq!(text(&["1,234", "5,678"], &CellSettings::default()), DataType::Int64);
    let comma = CellSettings { decimal: Some(DecimalMark::Comma), ..CellSettings::default() };
    assert_eq!(text(&["1,234", "5,678"], &comma), DataType::Decimal128(38, 3));
    let hint = Question { decimal_hint: Some(DecimalMark::Comma), ..question(Kind::Any, "c") };
    let format = evidence(&["1.234"]).settle(&hint, &CellSettings::default()).unwrap();
    assert_eq!(format.data_type(), DataType::Int64);
    let doubt = Question { comma_in_doubt: true, ..question(Kind::Number, "c") };
    let read = |values: &[&str], question: &Question<'_>| evidence(values).settle(question, &CellSettings::default());
    assert!(read(&["1,650", "2,100"], &doubt).unwrap_err().hint.unwrap().contains("`decimal"));
    assert_eq!(evidence(&["1,650"]).settle(&doubt, &comma).unwrap().data_type(), DataType::Decimal128(38, 3));
    assert_eq!(read(&["1,650", "2,5"], &doubt).unwrap().data_type(), DataType::Decimal128(38, 3));
    let hint = Question { decimal_hint: Some(DecimalMark::Point), ..doubt };
    assert_eq!(read(&["1,650", "2,100"], &hint).unwrap().data_type(), DataType::Int64);
}

#[test]
fn currencies_come_from_cells_headers_and_settings() {
    let check = |values: &[&str], header: &str, settings: &CellSettings, expect: Option<&str>| {
        let format = evidence(values).settle(&question(Kind::Any, header), settings).unwrap();
        let ColumnFormat::Number(number) = format else { panic!("{values:?} are numbers") };
        assert_eq!(number.currency.as_deref(), expect, "{values:?}");
    };
    let none = CellSettings::default();
    check(&["1,204.50"], "Amount spent (USD)", &none, Some("USD"));
    check(&["12 €", "13"], "Betrag", &none, Some("EUR"));
    check(&["$12"], "Amount", &none, Some("$"));
    check(&["$12"], "Amount", &CellSettings { currency: Some("CAD".to_owned()), ..none.clone() }, Some("CAD"));
    check(&["12"], "Amount", &none, None);
}

#[test]
fn a_pattern_that_does_not_fit_is_never_passed_over_in_silence() {
    let settings = CellSettings { date_format: Some(DateFormat::Pattern("%d.%m.%y %Hh".to_owned())), ..CellSettings::default() };
    let error = settle(&["1/2/2026"], Kind::Time, &settings).unwrap_err();
    assert!(error.message.ends_with("`date_format = \"%d.%m.%y %Hh\"` does not read `1/2/2026` (a.csv:2)"), "{}", error.message);
    let format = settle(&["2026-02-01"], Kind::Time, &settings).unwrap();
    assert_eq!(format.words().unwrap(), "`date_format` does not read `2026-02-01` (a.csv:2)");
    // The order of a day and a month is the person's word.
    let error = settle(&["1/2/2026", "13/1/2026"], Kind::Time, &settings).unwrap_err();
    assert!(error.hint.unwrap().starts_with("set `columns.c.format`"), "{}", error.message);
    assert_eq!(settle(&["1/2/2026", "13/1/2026"], Kind::Any, &settings).unwrap().data_type(), DataType::Utf8);
    let wrong = CellSettings { date_format: Some(DateFormat::Pattern("%d.%".to_owned())), ..CellSettings::default() };
    assert!(wrong.check().unwrap_err().message.starts_with("`date_format = \"%d.%\"` is no pattern"));
}

#[test]
fn formats_found_are_said() {
    let check = |values: &[&str], kind: Kind, header: &str, expect: Option<&str>| {
        let format = evidence(values).settle(&question(kind, header), &CellSettings::default()).unwrap();
        assert_eq!(format.words().map(String::as_str), expect, "{values:?}");
    };
    check(&["1/2/2026", "1/13/2026"], Kind::Any, "c", Some("dates as month-day-year, settled by `1/13/2026` (a.csv:3)"));
    check(&["01.10.2026"], Kind::Any, "c", Some("dates as day.month.year"));
    check(&["2026-10-01"], Kind::Any, "c", None);
    check(&["12"], Kind::Any, "c", None);
    check(
        &["1.204,5", "3"],
        Kind::Any,
        "c",
        Some("numbers with a decimal comma, settled by `1.204,5` (a.csv:2); thousands grouped with `.`"),
    );
    check(&["1,204.50"], Kind::Any, "Spent (USD)", Some("thousands grouped with `,`; money in USD (the header says so)"));
    check(&["$5"], Kind::Any, "c", Some("money in $ (as in `$5` (a.csv:2))"));
    check(&["5%"], Kind::Any, "c", Some("percentages, kept as fractions"));
    check(&["007"], Kind::Number, "c", Some("leading zeros are dropped"));
    check(&["2026-10-01 09:00"], Kind::Any, "Created (UTC)", Some("times in UTC (the header says so)"));
    check(&["2026-10-01 09:00"], Kind::Any, "Created (GMT+2)", Some("times in UTC+02:00 (the header says so)"));
    check(&["2026-10-01 09:00 CEST"], Kind::Any, "c", Some("times with their own time zone"));
    check(&["1759300475"], Kind::Time, "c", Some("seconds since 1970 in UTC"));
    check(&["20261001"], Kind::Time, "c", Some("dates as 20261231"));
    check(&["2026-10", "Nov 2026"], Kind::Time, "c", Some("months, kept as their first day"));
}

#[test]
fn what_may_mean_something_else_must_be_demanded() {
    let check = |values: &[&str], kind: Kind, expect: Option<DataType>| {
        let settled = settle(values, kind, &CellSettings::default());
        assert_eq!(settled.ok().map(|format| format.data_type()), expect, "{values:?} as {kind:?}");
    };
    check(&["2026-10", "2026-11"], Kind::Any, Some(DataType::Utf8));
    check(&["2026-10", "2026-11"], Kind::Time, Some(DataType::Date32));
    check(&["2026-10", "2026-11-01"], Kind::Time, None);
    check(&["2026-W40"], Kind::Time, None);
    check(&["2026100109", "2026100110"], Kind::Time, Some(LOCAL));
    check(&["2026100109", "2026999999"], Kind::Time, Some(utc()));
    check(&["y", "n"], Kind::Any, Some(DataType::Utf8));
    check(&["y", "n", "x", "✓"], Kind::Boolean, Some(DataType::Boolean));
    check(&["no", "no"], Kind::Any, Some(DataType::Boolean));
    check(&["26-10-01", "26-10-15", "26-10-31"], Kind::Time, None);
    check(&["45-10-01", "26-10-02"], Kind::Time, Some(DataType::Date32));
    check(&["1/2/26", "12/31/26", "5/4/26"], Kind::Time, Some(DataType::Date32));
    check(&["10.13.2026", "10.01.2026"], Kind::Time, Some(DataType::Date32));
    check(&["1.2K", "3M"], Kind::Number, None);
    let error = settle(&["1.2K"], Kind::Number, &CellSettings::default()).unwrap_err();
    assert!(
        error.message.ends_with("is `1.2K` (a.csv:2): a rounded number, as screens show them: export it in full"),
        "{}",
        error.message
    );
}

#[test]
fn percents_that_are_said_need_no_sign() {
    let column = ColumnSettings { column_type: Some(ColumnType::Percent), ..ColumnSettings::default() };
    let settings = CellSettings { columns: [("c".to_owned(), column)].into(), ..CellSettings::default() };
    let ColumnFormat::Number(number) = settle(&["5.32", "4 %"], Kind::Any, &settings).unwrap() else { panic!("numbers") };
    assert_eq!((number.decimal("5.32", 4), number.decimal("4 %", 4)), (Ok(532), Ok(400)));
}
