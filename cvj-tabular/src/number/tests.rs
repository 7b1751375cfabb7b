use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn point(store: NumberStore) -> NumberFormat {
    NumberFormat::plain(DecimalMark::Point, store)
}

fn comma(store: NumberStore) -> NumberFormat {
    NumberFormat::plain(DecimalMark::Comma, store)
}

#[test]
fn decimals_read_whatever_dresses_them() {
    let mut format = point(NumberStore::Decimal(2));
    format.currency = Some("USD".to_owned());
    let check = |cell: &str, expect: Result<i128, NumberFault>| assert_eq!(format.decimal(cell, 2), expect, "{cell:?}");
    check("12", Ok(1200));
    check("12.5", Ok(1250));
    check("12.500", Ok(1250));
    check("1,204.50", Ok(120_450));
    check("1,204,000.50", Ok(120_400_050));
    check("1'204.50", Ok(120_450));
    check("1\u{202f}204.50", Ok(120_450));
    check("$1,204.50", Ok(120_450));
    check("-$5", Ok(-500));
    check("$-5", Ok(-500));
    check("(12.50)", Ok(-1250));
    check("($12.50)", Ok(-1250));
    check("12.50-", Ok(-1250));
    check("\u{2212}12.50", Ok(-1250));
    check("USD 12", Ok(1200));
    check("12.00 usd", Ok(1200));
    check("0", Ok(0));
    check(".5", Ok(50));
    check("12.505", Err(NumberFault::Decimals));
    check("1.204,50", Err(NumberFault::OtherMark));
    check("12 €", Err(NumberFault::Currency("EUR")));
    check("12 apples", Err(NumberFault::NotANumber));
    check("5%", Err(NumberFault::Percent));
    check("1,20,4", Err(NumberFault::NotANumber));
    check("2026-10-01", Err(NumberFault::NotANumber));
    check("203.0.113.9", Err(NumberFault::NotANumber));
    check("", Err(NumberFault::NotANumber));
    check("--", Err(NumberFault::NotANumber));
}

#[test]
fn a_decimal_comma_reads() {
    let check = |cell: &str, expect: Result<i128, NumberFault>| {
        let mut format = comma(NumberStore::Decimal(2));
        format.currency = Some("EUR".to_owned());
        assert_eq!(format.decimal(cell, 2), expect, "{cell:?}");
    };
    check("1.204,50 €", Ok(120_450));
    check("1 204,50", Ok(120_450));
    check("1,0", Ok(100));
    check("1.234", Ok(123_400));
    check("12.5", Err(NumberFault::OtherMark));
}

#[test]
fn percents_are_fractions() {
    let mut format = point(NumberStore::Decimal(4));
    format.percent = Percent::Signed;
    assert_eq!(format.decimal("5.32%", 4), Ok(532));
    assert_eq!(format.decimal("5 %", 4), Ok(500));
    assert_eq!(format.decimal("0", 4), Ok(0));
    assert_eq!(format.decimal("5", 4), Err(NumberFault::Percent));
}

#[test]
fn integers_keep_codes_out() {
    let check =
        |cell: &str, expect: Result<i64, NumberFault>| assert_eq!(point(NumberStore::Integer).integer(cell), expect, "{cell:?}");
    check("37,600", Ok(37_600));
    check("-7", Ok(-7));
    check("1.00", Ok(1));
    check("1.5", Err(NumberFault::Decimals));
    check("007", Err(NumberFault::LeadingZeros));
    check("123456789012345678901", Err(NumberFault::TooLarge));
    check("+4930123456", Err(NumberFault::NotANumber));
    let mut lenient = point(NumberStore::Integer);
    lenient.leading_zeros = true;
    assert_eq!(lenient.integer("007"), Ok(7));
}

#[test]
fn floats_read_exactly() {
    let format = point(NumberStore::Float);
    assert_eq!(format.float("4.389160886712906"), Ok(4.389_160_886_712_906));
    assert_eq!(format.float("1.5e-3"), Ok(0.0015));
    assert!(format.float("1.5e-2147483648").is_err());
    assert_eq!(format.float("12E45"), Err(NumberFault::NotANumber));
}

#[test]
fn separators_are_weighed() {
    let check = |body: &str, expect: Option<(Marks, Option<char>)>| {
        assert_eq!(lex(body).ok().and_then(|text| text.marks()), expect, "{body:?}");
    };
    let decided = |mark, group| Some((Marks::Decided(mark), group));
    check("1234", Some((Marks::Plain, None)));
    check("1 234", Some((Marks::Plain, Some(' '))));
    check("1,234", Some((Marks::Either(DecimalMark::Comma), None)));
    check("1.234", Some((Marks::Either(DecimalMark::Point), None)));
    check("0.123", decided(DecimalMark::Point, None));
    check("1234.567", decided(DecimalMark::Point, None));
    check("1,0", decided(DecimalMark::Comma, None));
    check("1.234.567", decided(DecimalMark::Comma, Some('.')));
    check("1.234,5", decided(DecimalMark::Comma, Some('.')));
    check("1,23,456.78", decided(DecimalMark::Point, Some(',')));
    check("1,23,456", decided(DecimalMark::Point, Some(',')));
    check("49 30 0000", None);
    check("1,23,45.6", None);
}

#[test]
fn odd_dresses_read_or_say_why_not() {
    let mut format = point(NumberStore::Decimal(2));
    format.currency = Some("USD".to_owned());
    let check = |cell: &str, expect: Result<i128, NumberFault>| assert_eq!(format.decimal(cell, 2), expect, "{cell:?}");
    check(" $-   ", Ok(0));
    check("$0", Ok(0));
    check("$(12.50)", Ok(-1250));
    check("$.50", Ok(50));
    check("US$ 12.-", Ok(1200));
    check("\u{2013}5", Ok(-500));
    check("+1,204,500", Ok(120_450_000));
    check("1,23,456.78", Ok(12_345_678));
    check("1.2K", Err(NumberFault::Rounded));
    check("$3M", Err(NumberFault::Rounded));
    check("NaN", Err(NumberFault::NotFinite));
    check("-inf", Err(NumberFault::NotFinite));
    check("'1730", Err(NumberFault::NotANumber));
    check("(USD)", Err(NumberFault::NotANumber));
    check("USD", Err(NumberFault::NotANumber));
    check("-", Err(NumberFault::NotANumber));
    check("12.", Err(NumberFault::NotANumber));
    check("1e3", Err(NumberFault::NotANumber));
    check("12 kr.", Err(NumberFault::Currency("kr")));
    check("R$ 12", Err(NumberFault::Currency("BRL")));
    let mut comma = comma(NumberStore::Decimal(2));
    comma.currency = Some("EUR".to_owned());
    assert_eq!(comma.decimal("€ 0,\u{2013}", 2), Ok(0));
    assert_eq!(comma.decimal("1\u{a0}234,50\u{a0}€", 2), Ok(123_450));
}

proptest! {
    /// Every dress of a decimal reads back as the same digits.
    #[test]
    fn decimals_round_trip(value in -999_999_999_999_i64..999_999_999_999, comma_mark: bool, separator in 0_usize..5, dress in 0_usize..6) {
        let (mark, decimal) = if comma_mark { (',', DecimalMark::Comma) } else { ('.', DecimalMark::Point) };
        let separator = [None, Some(if comma_mark { '.' } else { ',' }), Some('\''), Some(' '), Some('\u{a0}')][separator];
        let whole = (value.unsigned_abs() / 100).to_string();
        let mut written = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                written.extend(separator);
            }
            written.push(digit);
        }
        written.push(mark);
        let _ = write!(written, "{:02}", value.unsigned_abs() % 100);
        let minus = if value < 0 { "-" } else { "" };
        let written = match dress {
            0 => format!("{minus}{written}"),
            1 => format!("{minus}€{written}"),
            2 => format!("{minus}{written} EUR"),
            3 if value < 0 => format!("({written})"),
            4 => format!("EUR {minus}{written}"),
            _ => format!("  {minus}{written}\u{a0}€ "),
        };
        let mut format = NumberFormat::plain(decimal, NumberStore::Decimal(2));
        format.currency = Some("EUR".to_owned());
        prop_assert_eq!(format.decimal(&written, 2), Ok(i128::from(value)), "{}", written);
    }

    /// No text makes the reader panic, and what lexes under one format never reads to two values.
    #[test]
    fn any_text_is_survived(text in "\\PC{0,20}") {
        let _ = point(NumberStore::Decimal(3)).decimal(&text, 3);
        let _ = comma(NumberStore::Integer).integer(&text);
        let _ = point(NumberStore::Float).float(&text);
    }
}
