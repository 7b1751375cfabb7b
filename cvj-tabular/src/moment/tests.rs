use jiff::civil::{DateTime, datetime};
use proptest::prelude::*;

use super::*;

fn local(order: DateOrder) -> MomentFormat {
    MomentFormat { order: Some(order), compact: true, ..MomentFormat::plain(MomentStore::Local) }
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
    check(any, "01.10.2026", midnight);
    check(any, "1.10.26", midnight);
    check(any, "10/1/26", midnight);
    check(any, "10/01/2026", midnight);
    check(DateOrder::DayMonthYear, "01/10/2026", midnight);
    check(DateOrder::DayMonthYear, "1-10-2026", midnight);
    let morning = Some(datetime(2026, 10, 1, 9, 14, 35, 0));
    check(any, "2026-10-01 09:14:35", morning);
    check(any, "2026-10-01T09:14:35", morning);
    check(any, "10/1/2026 9:14:35 AM", morning);
    check(any, "1.10.2026, 09:14:35", morning);
    check(any, "2026-10-01T09:14:35.123456789", Some(datetime(2026, 10, 1, 9, 14, 35, 123_456_000)));
    check(any, "Jun 01, 2023 09:46 pm", Some(datetime(2023, 6, 1, 21, 46, 0, 0)));
    check(any, "1/1/2026 0:05", Some(datetime(2026, 1, 1, 0, 5, 0, 0)));
    check(any, "1/1/2026 12:05am", Some(datetime(2026, 1, 1, 0, 5, 0, 0)));
    check(any, "1/1/69", Some(datetime(1969, 1, 1, 0, 0, 0, 0)));
    for no_date in
        ["", "2026-13-01", "2026-02-30", "2026-10-01 25:00", "10/2026", "31/31/2026", "hello, world", "2026-10-01 9", "1.13.2026"]
    {
        check(any, no_date, None);
    }
    for other_form in
        ["Maybe 1, 2026", "12345", "2026-10-01 09:14 CET", "+49 30 0000", "203.0.113.9", "Q1 2026", "13/1/2026 13:00 PM"]
    {
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
        let order = if form == 3 { DateOrder::DayMonthYear } else { DateOrder::MonthDayYear };
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
