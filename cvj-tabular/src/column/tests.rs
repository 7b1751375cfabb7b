use arrow_array::Array;
use arrow_array::cast::AsArray;

use super::*;
use crate::settings::CellSettings;

fn builder(format: ColumnFormat) -> ColumnBuilder {
    ColumnBuilder::new(format, Arc::new(CellSettings::default().nulls()), 4)
}

#[test]
fn text_is_validated_at_the_end() {
    let mut builder = builder(ColumnFormat::Text);
    for cell in [&b"Ada"[..], b"", b" \t", "Zoë".as_bytes(), "\u{a0}x".as_bytes()] {
        builder.push_bytes(cell).unwrap();
    }
    let array = builder.try_finish().unwrap();
    let text: Vec<_> = array.as_string::<i32>().iter().collect();
    assert_eq!(text, [Some("Ada"), None, None, Some("Zoë"), Some("\u{a0}x")]);
    for cell in [&b"Ada"[..], b"\xff", b"Zo\xeb"] {
        builder.push_bytes(cell).unwrap();
    }
    assert_eq!(builder.try_finish().unwrap_err().row, 1);
    // Two halves of a character make no whole one.
    builder.push_bytes(b"Zo\xc3").unwrap();
    builder.push_bytes(b"\xab").unwrap();
    assert_eq!(builder.try_finish().unwrap_err().row, 0);
    builder.push_bytes(b"Zo\xeb").unwrap();
    assert_eq!(builder.finish().as_string::<i32>().value(0), "Zo\u{fffd}");
}

#[test]
fn words_for_null_that_are_said_come_first() {
    let settings = CellSettings { null_values: Some(vec!["0".to_owned(), "none".to_owned()]), ..CellSettings::default() };
    let format = ColumnFormat::Number(NumberFormat::plain(DecimalMark::Point, NumberStore::Integer));
    let mut builder = ColumnBuilder::new(format, Arc::new(settings.nulls()), 4);
    for cell in ["0", "7", "none"] {
        builder.push(&Cell::text(cell)).unwrap();
    }
    assert_eq!(builder.push(&Cell::text("-")).unwrap_err().why, "not a number");
    let array = builder.finish();
    assert_eq!((array.len(), array.null_count()), (4, 3));
}

#[test]
fn money_of_a_cell_must_be_the_columns() {
    let format =
        NumberFormat { currency: Some("EUR".to_owned()), ..NumberFormat::plain(DecimalMark::Point, NumberStore::Decimal(2)) };
    let mut builder = builder(ColumnFormat::Number(format));
    builder.push(&Cell::Money { amount: 12.5, currency: "EUR" }).unwrap();
    let error = builder.push(&Cell::Money { amount: 12.5, currency: "USD" }).unwrap_err();
    assert_eq!(error.why, "currency USD, the column is in EUR");
}

#[test]
fn bytes_that_are_no_text_are_no_values() {
    let mut builder = builder(ColumnFormat::Number(NumberFormat::plain(DecimalMark::Point, NumberStore::Integer)));
    assert_eq!(builder.push_bytes(b"1\xff").unwrap_err().why, "not UTF-8");
    assert_eq!(builder.finish().null_count(), 1);
}
