//! Persons in what people are shown of their data: samples say enough to recognise a column, and not whose row it is.

use arrow_schema::{DataType, Field};

/// How much of a column is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Veil {
    /// Nobody.
    Person,
    /// Texts that look like no person's.
    Text,
    /// All.
    None,
}

impl Veil {
    pub(crate) fn of(field: &Field, is_person: bool) -> Self {
        match field.data_type() {
            _ if is_person => Self::Person,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => Self::Text,
            _ => Self::None,
        }
    }

    pub(crate) fn shown(self, text: &str) -> String {
        let is_veiled = match self {
            Self::Person => !text.trim().is_empty(),
            Self::Text => names_someone(text),
            Self::None => false,
        };
        let first = text.chars().find(|character| character.is_alphanumeric());
        if is_veiled { first.into_iter().chain("•••".chars()).collect() } else { text.to_owned() }
    }
}

/// Whether a text looks as if it held an e-mail address (also as part of a URL), or were a telephone number.
fn names_someone(text: &str) -> bool {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_dialled = text.chars().all(|character| character.is_ascii_digit() || " ()-./+".contains(character));
    // A bare number of seven or eight digits is rather one of an order, or a day.
    let fewest = if text.starts_with(['+', '(']) || text.contains([' ', '-', '.', '/']) { 7 } else { 9 };
    text.contains('@') || text.contains("%40") || (is_dialled && (fewest..=15).contains(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_veiled_and_products_are_not() {
        for (veil, text, shown) in [
            (Veil::Person, "ann@example.com", "a•••"),
            (Veil::Person, "40017", "4•••"),
            (Veil::Person, "", ""),
            (Veil::Text, "Ann <ann@example.com>", "A•••"),
            (Veil::Text, "/thanks?mail=ann%40example.com", "t•••"),
            (Veil::Text, "+1 (312) 555-0123", "1•••"),
            (Veil::Text, "3125550123", "3•••"),
            (Veil::Text, "@", "•••"),
            (Veil::Text, "Storage unit 5x10, monthly", "Storage unit 5x10, monthly"),
            (Veil::Text, "#1001", "#1001"),
            (Veil::Text, "10012026", "10012026"),
            (Veil::None, "2026-10-31", "2026-10-31"),
        ] {
            assert_eq!(veil.shown(text), shown, "{veil:?} {text}");
        }
    }
}
