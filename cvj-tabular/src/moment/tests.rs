use jiff::civil::{DateTime, datetime};
use proptest::prelude::*;

use super::*;

fn local(order: DateOrder) -> MomentFormat {
    MomentFormat { order: Some(order), digits: Some(DigitForm::Day), ..MomentFormat::plain(MomentStore::Local) }
}

fn micros(at: DateTime) -> i64 {
    i64::try_from(at.duration_since(datetime(1970, 1, 1, 0, 0, 0, 0)).as_micros()).expect("in range")
}

#[test]
fn local_times_read() {
    let check = |order: DateOrder, cell: &str, expect: Option<DateTime>| {
        assert_eq!(local(order).micros(cell).ok(), expect.map(micros), "{cell:?}");
    };
    let any = DateOrder::MonthDayYear;
    let midnight = Some(datetime(2026, 10, 1, 0, 0, 0, 0));
    check(any, "2026-10-01", midnight);
    check(any, "2026/10/1", midnight);
    check(any, "2026-10-01 00:00", midnight);
    check(any, "October 1, 2026", midnight);
    check(any, "1 Oct 2026", midnight);
    check(any, "1. Oktober 2026", midnight);
    check(any, "01-Oct-2026", midnight);
    check(any, "Oct 1st, 2026", midnight);
    check(any, "Thu, 01 Oct 2026", midnight);
    check(any, "Thursday, October 1, 2026", midnight);
    check(any, "20261001", midnight);
    check(DateOrder::DayMonthYear, "01.10.2026", midnight);
    check(DateOrder::DayMonthYear, "1.10.26", midnight);
    check(any, "10/1/26", midnight);
    check(any, "10/01/2026", midnight);
    check(DateOrder::DayMonthYear, "01/10/2026", midnight);
    check(DateOrder::DayMonthYear, "1-10-2026", midnight);
    let morning = Some(datetime(2026, 10, 1, 9, 14, 35, 0));
    check(any, "2026-10-01 09:14:35", morning);
    check(any, "2026-10-01T09:14:35", morning);
    check(any, "10/1/2026 9:14:35 AM", morning);
    check(DateOrder::DayMonthYear, "1.10.2026, 09:14:35", morning);
    check(any, "2026-10-01T09:14:35.123456789", Some(datetime(2026, 10, 1, 9, 14, 35, 123_456_000)));
    check(any, "Jun 01, 2023 09:46 pm", Some(datetime(2023, 6, 1, 21, 46, 0, 0)));
    check(any, "1/1/2026 0:05", Some(datetime(2026, 1, 1, 0, 5, 0, 0)));
    check(any, "1/1/2026 12:05am", Some(datetime(2026, 1, 1, 0, 5, 0, 0)));
    check(any, "1/1/69", Some(datetime(1969, 1, 1, 0, 0, 0, 0)));
    for no_date in ["", "2026-13-01", "2026-02-30", "2026-10-01 25:00", "10/2026", "31/31/2026", "hello, world", "2026-10-01 9"] {
        check(any, no_date, None);
    }
    for other_form in [
        "Maybe 1, 2026",
        "12345",
        "2026-10-01 09:14 CET",
        "2026-10-01 09:14 IST",
        "Paris, 1 Oct 2026",
        "Oct-26",
        "2026-W40",
        "10/1/20260914",
        "+49 30 0000",
        "203.0.113.9",
        "Q1 2026",
        "13/1/2026 13:00 PM",
    ] {
        check(any, other_form, None);
    }
}

#[test]
fn offsets_give_instants() {
    let format = MomentFormat::plain(MomentStore::Utc);
    let expect = Ok(micros(datetime(2026, 10, 1, 9, 14, 35, 123_000_000)));
    assert_eq!(format.micros("2026-10-01T09:14:35.123Z"), expect);
    assert_eq!(format.micros("2026-10-01 11:14:35.123 +0200"), expect);
    assert_eq!(format.micros("2026-10-01T04:14:35.123-05:00"), expect);
    assert_eq!(format.micros("2026-10-01 09:14:35.123 UTC"), expect);
    assert_eq!(format.micros("2026-10-01 09:14:35"), Err(MomentFault::NoZone));
    assert_eq!(MomentFormat::plain(MomentStore::Local).micros("2026-10-01T09:14:35Z"), Err(MomentFault::HasZone));
}

#[test]
fn odd_forms_of_one_moment_read() {
    let expect = Ok(micros(datetime(2026, 10, 1, 9, 14, 35, 0)));
    for cell in [
        "Thu, 01 Oct 2026 09:14:35",
        "Thursday, October 1st, 2026 at 9:14:35 a.m.",
        "jeudi 1 octobre 2026 à 09h14h35",
        "1er octobre 2026 09:14:35",
        "1 de octubre de 2026 9:14:35 a.\u{a0}m.",
        "Do., 1. Okt. 2026 um 09:14:35 Uhr",
        "giovedì 1 ottobre 2026 alle 09.14.35",
        "2026-Oct-01 09:14:35",
        "Thu Oct  1 09:14:35 2026",
        "20261001T091435",
        "20261001 091435",
        "01-Oct-26 09:14:35 AM",
        "2026-10-01 - 09:14:35",
    ] {
        assert_eq!(local(DateOrder::MonthDayYear).micros(cell), expect, "{cell:?}");
    }
    assert_eq!(local(DateOrder::DayMonthYear).micros("2026-09-30 24:00"), Ok(micros(datetime(2026, 10, 1, 0, 0, 0, 0))));
    assert_eq!(local(DateOrder::DayMonthYear).micros("2026-09-30 24:01"), Err(MomentFault::NotADate));
    let year_first = local(DateOrder::YearMonthDay);
    assert_eq!(year_first.micros("26-10-01 09:14:35"), expect);
    assert_eq!(year_first.micros("2026-W40"), Err(MomentFault::Span));
    assert_eq!(year_first.micros("Q3 2026"), Err(MomentFault::Span));
    assert_eq!(year_first.micros("Oct 2026"), Err(MomentFault::Month));
    assert_eq!(year_first.micros("2026-10-01 09:14 IST"), Err(MomentFault::ZoneName));
}

#[test]
fn zones_give_instants() {
    let format = MomentFormat::plain(MomentStore::Utc);
    let expect = Ok(micros(datetime(2026, 10, 1, 9, 14, 35, 0)));
    for cell in [
        "20261001T091435Z",
        "20261001091435Z",
        "2026-10-01 11:14:35 +02",
        "2026-10-01 11:14:35 UTC+2",
        "2026-10-01 11:14:35 GMT+0200 (Central European Summer Time)",
        "2026-10-01T04:14:35-05:00[America/Chicago]",
        "2026-10-01 05:14:35 America/New_York",
        "2026-10-01 02:14:35 AM PDT",
        "Thu Oct 01 11:14:35 CEST 2026",
        "Thu Oct 01 09:14:35 +0000 2026",
        "2026-10-01 09:14:35 (UTC)",
    ] {
        assert_eq!(format.micros(cell), expect, "{cell:?}");
    }
    let header = HeaderZone::of("Time (America/New_York)");
    let said = MomentFormat { header_zone: header, ..format };
    assert_eq!(said.micros("2026-10-01 05:14:35"), expect);
    assert_eq!(said.micros("2026-10-01 09:14:35Z"), expect);
}

#[test]
fn months_are_their_first_day() {
    let format = MomentFormat { months: true, digits: Some(DigitForm::Month), ..MomentFormat::plain(MomentStore::Date) };
    for cell in ["2026-10", "2026/10", "10/2026", "Oct 2026", "octubre de 2026", "2026 Oktober", "202610"] {
        assert_eq!(format.date(cell), Ok(days(date(2026, 10, 1))), "{cell:?}");
    }
    assert_eq!(format.date("2026-10-01"), Err(MomentFault::Month));
}

#[test]
fn the_order_is_never_guessed() {
    let unsettled = MomentFormat::plain(MomentStore::Date);
    assert_eq!(unsettled.date("1/2/2026"), Err(MomentFault::Order));
    assert_eq!(unsettled.date("2/2/2026"), Ok(days(date(2026, 2, 2))));
    let day_first = MomentFormat { order: Some(DateOrder::DayMonthYear), ..unsettled };
    assert_eq!(day_first.date("1/2/2026"), Ok(days(date(2026, 2, 1))));
    assert_eq!(day_first.date("1/13/2026"), Err(MomentFault::Order));
    assert_eq!(day_first.date("1/2/2026 10:00"), Err(MomentFault::HasTime));
}

#[test]
fn patterns_replace_the_grammar() {
    let format = MomentFormat { pattern: Some("%Y%m%d%H".to_owned()), ..MomentFormat::plain(MomentStore::Local) };
    assert_eq!(format.micros("2026100109"), Ok(micros(datetime(2026, 10, 1, 9, 0, 0, 0))));
    assert_eq!(format.micros("2026-10-01"), Err(MomentFault::NotADate));
}

proptest! {
    /// Every form of a local time reads back.
    #[test]
    fn times_round_trip(seconds in 0_i64..4_102_444_800, form in 0_usize..7) {
        let at = datetime(1970, 1, 1, 0, 0, 0, 0) + jiff::SignedDuration::from_secs(seconds);
        let order = if matches!(form, 3 | 4) { DateOrder::DayMonthYear } else { DateOrder::MonthDayYear };
        let pattern = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S",
            "%b %d, %Y %I:%M:%S %P", "%A, %B %d, %Y at %H:%M:%S"][form];
        let written = at.strftime(pattern).to_string();
        prop_assert_eq!(local(order).micros(&written), Ok(micros(at)), "{}", written);
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,30}") {
        let _ = local(DateOrder::DayMonthYear).micros(&text);
    }
}
