use cvj_core::source::Kind;
use cvj_tabular::trial::odd::Odd;
use serde_json::json;

use crate::{check, odd};

/// A column `v` of these values, a line each, delimited by nothing that stands in them.
fn column(name: &'static str, values: &[&str]) -> Odd {
    let lines: Vec<_> = values.iter().map(|value| format!("\"{}\"|x\n", value.replace('"', "\"\""))).collect();
    odd(name, format!("v|k\n{}", lines.concat())).with(json!({"delimiter": "|"})).asking(&[("v", Kind::Any)])
}

/// The same, needed as numbers.
fn numbers(name: &'static str, values: &[&str]) -> Odd {
    column(name, values).asking(&[("v", Kind::Number)])
}

/// The same, needed as times.
fn times(name: &'static str, values: &[&str]) -> Odd {
    column(name, values).asking(&[("v", Kind::Time)])
}

/// Thirty good values and these.
fn thirty_and<'a>(good: &'a str, others: &[&'a str]) -> Vec<&'a str> {
    [&[good; 30][..], others].concat()
}

#[test]
fn numbers_are_read_in_every_style() {
    check(&[
        column("thousands", &["1,234", "12", "1,234,567"]).reads("v int", &["1234", "12", "1234567"]),
        numbers("a comma that a proof settles", &["1,650", "2,5"]).reads("v dec", &["1.650", "2.500"]),
        odd("a comma in a comma file", "v,k\n\"37,600\",x\n").asking(&[("v", Kind::Any)]).reads("v int", &["37600"]),
        column("a decimal comma", &["1.234,50", "0,5"]).reads("v dec", &["1234.50", "0.50"]),
        column("thousands apart", &["1 234,50", "2\u{a0}345,60", "3\u{202f}456,70"])
            .reads("v dec", &["1234.50", "2345.60", "3456.70"]),
        column("Swiss thousands", &["CHF 1'234.50", "CHF 2’345.60"]).reads("v dec", &["1234.50", "2345.60"]),
        column("Indian thousands", &["1,23,456.78", "12,34,567.00"]).reads("v dec", &["123456.78", "1234567.00"]),
        column("dollars", &["$1,204.50", "-$12.00", "$-3.00"]).reads("v dec", &["1204.50", "-12.00", "-3.00"]),
        column("losses in parentheses", &["(1,204.50)", "12.00"]).reads("v dec", &["-1204.50", "12.00"]),
        column("euros behind", &["1.204,50 €", "3,00 €"]).reads("v dec", &["1204.50", "3.00"]),
        column("a currency code", &["USD 12.50", "USD 3.00"]).reads("v dec", &["12.50", "3.00"]),
        column("percentages", &["12.5%", "100 %"]).reads("v dec", &["0.125", "1.000"]),
        column("a true minus", &["−5", "7"]).reads("v int", &["-5", "7"]),
        column("a minus behind", &["5-", "7"]).reads("v int", &["-5", "7"]),
        column("a plus", &["+5", "7"]).reads("v int", &["5", "7"]),
        column("words for nothing", &["1", " --", "n/a", "-", "NULL", "2"]).reads("v int", &["1", "∅", "∅", "∅", "∅", "2"]),
        column("a dash in text stays", &["x", "-", "y"]).reads("v text", &["x", "-", "y"]),
        column("words for nothing of one's own", &["1", "none", "2"])
            .with(json!({"null_values": ["none"]}))
            .reads("v int", &["1", "∅", "2"]),
        column("points as thousands", &["1.234.567", "1.234"]).reads("v int", &["1234567", "1234"]),
        column("more digits than a float has", &["12345678901234567890.1234567890", "0.5"])
            .reads("v dec", &["12345678901234567890.1234567890", "0.5000000000"]),
        column("zeros in front", &["007", "012"]).reads("v text", &["007", "012"]),
        column("a postcode behind an apostrophe", &["'01730", "'02139"]).reads("v text", &["'01730", "'02139"]),
        column("long ids", &["60975827190281234567", "60975827190281234568"])
            .reads("v text", &["60975827190281234567", "60975827190281234568"]),
        column("telephones", &["+1 312-555-0100", "+49 30 0000"]).reads("v text", &["+1 312-555-0100", "+49 30 0000"]),
        column("hexadecimal", &["0x1F", "0x20"]).reads("v text", &["0x1F", "0x20"]),
        column("formulas", &["=SUM(A1:A3)", "=1+1"]).reads("v text", &["=SUM(A1:A3)", "=1+1"]),
        column("nothing at all", &["", " ", ""]).reads("v text", &["∅", "∅", "∅"]),
        column("versions", &["1.2.3", "1.10.0"]).reads("v text", &["1.2.3", "1.10.0"]),
        odd("a currency in the header", "Amount spent (USD),k\n\"1,204.50\",x\n")
            .reads("amount_spent_usd dec, k text", &["1204.50|x"]),
    ]);
}

#[test]
fn numbers_that_are_none_are_rejected_or_refused() {
    check(&[
        numbers("thousands or decimals?", &["1.234", "5.678"]).refused("1.234", "decimal"),
        numbers("thousands or decimals, with a comma?", &["1,650", "2,100"]).refused("1,234", "decimal"),
        odd("a comma between semicolons", "v;k\n1,650;x\n2,100;y\n").asking(&[("v", Kind::Number)]).refused("1,234", "decimal"),
        numbers("thousands or decimals, told", &["1.234", "5.678"])
            .with(json!({"decimal": ","}))
            .reads("v int", &["1234", "5678"]),
        numbers("both decimal marks", &["1,234.50", "1.234,50"]).refused("v", ""),
        numbers("two currencies", &["$5.00", "€6.00"]).refused("", "currency"),
        numbers("one word of thirty", &thirty_and("5", &["many"])).reads_rows("v int", 31).rejects(&["a.csv:32 v: "]),
        numbers("two words of thirty", &thirty_and("5", &["many", "few"])).refused("many", ""),
        numbers("not a number", &thirty_and("5.5", &["NaN"])).reads_rows("v dec", 31).rejects(&["a.csv:32 v: "]),
        numbers("infinity", &thirty_and("5.5", &["inf"])).reads_rows("v dec", 31).rejects(&["a.csv:32 v: "]),
        numbers("Excel's error words", &thirty_and("5", &["#DIV/0!"])).reads_rows("v int", 31).rejects(&["a.csv:32 v: "]),
        numbers("more than fits", &thirty_and("5", &["99999999999999999999999999999999999999999"]))
            .reads_rows("v int", 31)
            .rejects(&["a.csv:32 v: more digits than a number can have"]),
        numbers("dates", &["2026-10-01", "2026-10-02"]).refused("2026-10-01", ""),
        numbers("thousands by halves", &thirty_and("5", &["1,23,4"])).reads_rows("v int", 31).rejects(&["a.csv:32 v: "]),
    ]);
}

#[test]
fn times_are_read_in_every_style() {
    check(&[
        column("ISO days", &["2026-10-01", "2026-10-31"]).reads("v date", &["2026-10-01", "2026-10-31"]),
        column("ISO times", &["2026-10-01T09:30:00", "2026-10-01 09:30"])
            .reads("v time", &["2026-10-01T09:30:00", "2026-10-01T09:30:00"]),
        column("times with an offset", &["2026-10-01 09:30:00 -0500", "2026-10-01T09:30:00Z"])
            .reads("v instant", &["2026-10-01T14:30:00", "2026-10-01T09:30:00"]),
        column("month first, settled by one row", &["1/2/2026", "1/13/2026"]).reads("v date", &["2026-01-02", "2026-01-13"]),
        column("day first, settled by one row", &["1/2/2026", "13/1/2026"]).reads("v date", &["2026-02-01", "2026-01-13"]),
        times("days with points", &["01.02.2026", "13.02.2026"]).reads("v date", &["2026-02-01", "2026-02-13"]),
        column("days that are the same both ways", &["5/5/2026", "6/6/2026"]).reads("v date", &["2026-05-05", "2026-06-06"]),
        column("days that cannot be settled stay text", &["1/2/2026", "3/4/2026"]).reads("v text", &["1/2/2026", "3/4/2026"]),
        times("days that are told", &["1/2/2026", "3/4/2026"])
            .with(json!({"date_format": "day-month-year"}))
            .reads("v date", &["2026-02-01", "2026-04-03"]),
        times("a pattern", &["26.02.01", "26.04.03"])
            .with(json!({"date_format": "%y.%m.%d"}))
            .reads("v date", &["2026-02-01", "2026-04-03"]),
        // A source's pattern is for the columns that need one; `cvj check` says that it does not read this one.
        times("a pattern that is not for ISO days", &["2026-10-01", "2026-10-02"])
            .with(json!({"date_format": "%d.%m.%Y"}))
            .reads("v date", &["2026-10-01", "2026-10-02"]),
        column("months in words", &["Jun 01, 2023 09:46 pm", "Jul 13, 2023 10:00 am"])
            .reads("v time", &["2023-06-01T21:46:00", "2023-07-13T10:00:00"]),
        column("months in German", &["3. März 2026", "13. Oktober 2026"]).reads("v date", &["2026-03-03", "2026-10-13"]),
        times("digits alone", &["20231208", "20231209"]).reads("v date", &["2023-12-08", "2023-12-09"]),
        column("digits alone, not asked for", &["20231208", "20231209"]).reads("v int", &["20231208", "20231209"]),
        times("digits with a time", &["20231208T094600Z", "20231209T000000Z"])
            .reads("v instant", &["2023-12-08T09:46:00", "2023-12-09T00:00:00"]),
        times("seconds since 1970", &["1759309200", "1759395600"])
            .reads("v instant", &["2025-10-01T09:00:00", "2025-10-02T09:00:00"]),
        times("milliseconds since 1970", &["1759309200000", "1759395600000"])
            .reads("v instant", &["2025-10-01T09:00:00", "2025-10-02T09:00:00"]),
        column("seconds, not asked for", &["1759309200", "1759395600"]).reads("v int", &["1759309200", "1759395600"]),
        column("midnight in twelve hours", &["Oct 01, 2026 12:00 am", "Oct 01, 2026 12:30 pm"])
            .reads("v time", &["2026-10-01T00:00:00", "2026-10-01T12:30:00"]),
        column("a mail's date", &["Thu, 01 Oct 2026 09:00:00 GMT", "Fri, 02 Oct 2026 10:00:00 GMT"])
            .reads("v instant", &["2026-10-01T09:00:00", "2026-10-02T10:00:00"]),
        column("fractions of seconds", &["2026-10-01T09:30:00.123456", "2026-10-01T09:30:01"])
            .reads("v time", &["2026-10-01T09:30:00.123456", "2026-10-01T09:30:01"]),
    ]);
}

#[test]
fn times_that_are_none_are_rejected_or_refused() {
    check(&[
        times("month or day first?", &["1/2/2026", "3/4/2026"]).refused("1/2/2026", "date_format"),
        times("both orders", &["13/1/2026", "1/13/2026"]).refused("v", ""),
        times("a day that the order told cannot read", &thirty_and("1/2/2026", &["13/1/2026"]))
            .with(json!({"date_format": "month-day-year"}))
            .reads_rows("v date", 31)
            .rejects(&["a.csv:32 v: "]),
        times("a day that does not exist", &thirty_and("2026-02-28", &["2026-02-30"]))
            .reads_rows("v date", 31)
            .rejects(&["a.csv:32 v: "]),
        times("a zero date of a database", &thirty_and("2026-02-28", &["0000-00-00"]))
            .reads_rows("v date", 31)
            .rejects(&["a.csv:32 v: "]),
        times("Excel's number of a day", &["46296", "46297"]).refused("46296", ""),
        times("a time without a day", &["09:00", "10:00"]).refused("09:00", ""),
        times("weeks", &["2026-W40", "2026-W41"]).refused("2026-W40", ""),
        times("words", &["yesterday", "last week"]).refused("yesterday", ""),
        times("some with a zone, some without", &thirty_and("2026-10-01T09:00:00Z", &["2026-10-01T09:00:00"]))
            .reads_rows("v instant", 31)
            .rejects(&["a.csv:32 v: "]),
        times("a zone nobody knows", &thirty_and("2026-10-01 09:00:00 UTC", &["2026-10-01 09:00:00 XST"]))
            .reads_rows("v instant", 31)
            .rejects(&["a.csv:32 v: "]),
        times("a pattern that reads nothing of days in another order", &["10/13/2026", "10/01/2026"])
            .with(json!({"date_format": "%d.%m.%Y"}))
            .refused("date_format", "columns.v.format"),
    ]);
}

#[test]
fn truth_is_told_by_common_words() {
    check(&[
        column("yes and no", &["yes", "no", "Yes"]).reads("v bool", &["true", "false", "true"]),
        column("true and false", &["TRUE", "false"]).reads("v bool", &["true", "false"]),
        column("ja and nein", &["ja", "nein"]).reads("v bool", &["true", "false"]),
        column("ones and zeros are numbers", &["1", "0"]).reads("v int", &["1", "0"]),
        column("ones and zeros where truth is needed", &["1", "0"])
            .asking(&[("v", Kind::Boolean)])
            .reads("v bool", &["true", "false"]),
        column("perhaps", &["yes", "no", "maybe"]).asking(&[("v", Kind::Boolean)]).refused("maybe", ""),
    ]);
}
