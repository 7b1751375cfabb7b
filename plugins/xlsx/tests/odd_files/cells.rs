use cvj_core::source::Kind;
use cvj_tabular::trial::odd::Odd;

use crate::package::{Book, cell, number, styled, text, workbook};
use crate::{check, odd};

/// A column `v` of these cells beside a column of text.
fn column(name: &'static str, cells: &[String]) -> Odd {
    odd(name, book(cells).bytes()).asking(&[("v", Kind::Any)])
}

fn book(cells: &[String]) -> Book {
    let rows = cells.iter().map(|cell| vec![text("x"), cell.clone()]);
    Book::of(&std::iter::once(vec![text("k"), text("v")]).chain(rows).collect::<Vec<_>>())
}

/// Thirty numbers and this.
fn thirty_and(name: &'static str, other: String) -> Odd {
    column(name, &[vec![number("5"); 30], vec![other]].concat()).asking(&[("v", Kind::Number)])
}

#[test]
fn cells_are_what_the_workbook_says() {
    check(&[
        column("shared texts, one of them rich", &[cell(r#" t="s""#, "2"), cell(r#" t="s""#, "3")])
            .reads("v text", &["Ada", "Bo "]),
        column("texts in cells", &[text("a &amp; b"), text("c")]).reads("v text", &["a & b", "c"]),
        column(
            "rich text in a cell",
            &[r#"<c r="{place}" t="inlineStr"><is><r><t>one</t></r><r><t xml:space="preserve"> two</t></r></is></c>"#.to_owned()],
        )
        .reads("v text", &["one two"]),
        column("a formula's text", &[r#"<c r="{place}" t="str"><f>A1&amp;"y"</f><v>xy</v></c>"#.to_owned()])
            .reads("v text", &["xy"]),
        column("a formula's number", &[r#"<c r="{place}"><f>1+1</f><v>2</v></c>"#.to_owned()]).reads("v int", &["2"]),
        column("truth", &[cell(r#" t="b""#, "1"), cell(r#" t="b""#, "0")]).reads("v bool", &["true", "false"]),
        column("whole numbers and decimals", &[number("1"), number("2.5"), number("-3")]).reads("v dec", &["1.0", "2.5", "-3.0"]),
        column("numbers with exponents", &[number("1E+3"), number("6.097582719028E+12")])
            .reads("v int", &["1000", "6097582719028"]),
        column("days", &[styled(1, "46296"), styled(1, "46326")]).reads("v date", &["2026-10-01", "2026-10-31"]),
        column("times", &[styled(2, "46296.5"), styled(2, "46296.75")])
            .reads("v time", &["2026-10-01T12:00:00", "2026-10-01T18:00:00"]),
        column("a second that no fraction of a day is", &[styled(2, "46296.39693287037"), styled(2, "46297.99998842593")])
            .reads("v time", &["2026-10-01T09:31:35", "2026-10-02T23:59:59"]),
        odd(
            "days since 1904",
            book(&[styled(1, "44834"), styled(1, "44864")]).part("xl/workbook.xml", workbook("", r#" date1904="1""#)).bytes(),
        )
        .asking(&[("v", Kind::Any)])
        .reads("v date", &["2026-10-01", "2026-10-31"]),
        column("days before the first of March 1900", &[styled(1, "1"), styled(1, "59"), styled(1, "61")])
            .reads("v date", &["1900-01-01", "1900-02-28", "1900-03-01"]),
        column("ISO times in cells", &[cell(r#" t="d""#, "2026-10-01T09:30:00"), cell(r#" t="d""#, "2026-10-02T00:00:00")])
            .reads("v time", &["2026-10-01T09:30:00", "2026-10-02T00:00:00"]),
        column("days as text", &[text("1/10/2026"), text("31/10/2026")]).reads("v date", &["2026-10-01", "2026-10-31"]),
        column("days, some as text", &[styled(1, "46296"), text("2026-10-31")]).reads("v date", &["2026-10-01", "2026-10-31"]),
        column("numbers as text", &[text("1,204.50"), text("3.00")]).reads("v dec", &["1204.50", "3.00"]),
        column("percentages", &[styled(3, "0.125"), styled(3, "1")]).reads("v dec", &["0.125", "1.000"]),
        column("euros", &[styled(4, "1204.5"), styled(4, "3")]).reads("v dec", &["1204.50", "3.00"]),
        column("zeros in front", &[text("007"), text("012")]).reads("v text", &["007", "012"]),
        column(
            "escaped line ends and a space that stays",
            &[r#"<c r="{place}" t="inlineStr"><is><t xml:space="preserve">a_x000D_
b</t></is></c>"#
                .to_owned()],
        )
        .reads("v text", &["a\r\nb"]),
        column("numbered entities", &[text("caf&#233; &#x1F69A;"), text("a&lt;b&gt;")]).reads("v text", &["café 🚚", "a<b>"]),
        column(
            "cells that are there and empty",
            &[number("1"), r#"<c r="{place}" s="1"/>"#.to_owned(), cell(r#" t="str""#, ""), number("2")],
        )
        .reads("v int", &["1", "∅", "∅", "2"]),
        column("words for nothing", &[number("1"), text("n/a"), text(" --"), number("2")]).reads("v int", &["1", "∅", "∅", "2"]),
    ]);
}

#[test]
fn cells_that_have_no_value_are_rejected() {
    check(&[
        thirty_and("an error", cell(r#" t="e""#, "#N/A")).reads_rows("v int", 31).rejects(&["a.xlsx:32 v: "]),
        thirty_and("a formula's error", r#"<c r="{place}" t="e"><f>1/0</f><v>#DIV/0!</v></c>"#.to_owned())
            .reads_rows("v int", 31)
            .rejects(&["a.xlsx:32 v: "]),
        thirty_and("a formula that was never computed", r#"<c r="{place}"><f>SUM(B2:B31)</f></c>"#.to_owned())
            .reads_rows("v int", 31)
            .rejects(&["a.xlsx:32 v: "]),
        thirty_and("a word", text("many")).reads_rows("v int", 31).rejects(&["a.xlsx:32 v: "]),
        thirty_and("a day among numbers", styled(1, "46296")).reads_rows("v int", 31).rejects(&["a.xlsx:32 v: "]),
        thirty_and("a truth among numbers", cell(r#" t="b""#, "1")).reads_rows("v int", 31).rejects(&["a.xlsx:32 v: "]),
        thirty_and("a number that is none", number("12abc")).reads_rows("v int", 31).rejects(&["a.xlsx:32 v: "]),
        column("a day that does not exist", &[vec![styled(1, "46296"); 30], vec![styled(1, "99999999")]].concat())
            .asking(&[("v", Kind::Time)])
            .reads_rows("v date", 31)
            .rejects(&["a.xlsx:32 v: "]),
        column("a day before all days", &[vec![styled(1, "46296"); 30], vec![styled(1, "-5")]].concat())
            .asking(&[("v", Kind::Time)])
            .reads_rows("v date", 31)
            .rejects(&["a.xlsx:32 v: "]),
        column("durations are no days", &[styled(5, "0.5"), styled(5, "1.5")]).asking(&[("v", Kind::Time)]).refused("v", ""),
        column("plain numbers are no days", &[number("46296"), number("46297")])
            .asking(&[("v", Kind::Time)])
            .refused("46296", ""),
        column("days as text that cannot be settled", &[text("1/10/2026"), text("2/11/2026")])
            .asking(&[("v", Kind::Time)])
            .refused("1/10/2026", "date_format"),
    ]);
}
