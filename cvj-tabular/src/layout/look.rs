//! What a cell looks like at first sight, before its column has a format.

use crate::cell::Cell;
use crate::moment;
use crate::number::{self, DecimalMark, Marks};
use crate::settings::Nulls;

/// What a cell looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing stands there.
    Blank,
    /// A word for "no value".
    Null,
    Number,
    Date,
    Text,
    /// A truth value or an error that the file keeps as one.
    Other,
}

impl Look {
    pub(super) fn of(cell: &Cell<'_>, nulls: &Nulls) -> Self {
        match cell {
            Cell::Number(_) | Cell::Money { .. } => Self::Number,
            Cell::Moment(_) => Self::Date,
            Cell::Text(text) => Self::of_text(text, nulls),
            cell if cell.is_blank() => Self::Blank,
            _ => Self::Other,
        }
    }

    fn of_text(text: &str, nulls: &Nulls) -> Self {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            Self::Blank
        } else if nulls.in_values(trimmed) {
            Self::Null
        } else if number::lex(trimmed).is_ok_and(|number| number.marks().is_some()) {
            Self::Number
        } else if moment::lex(trimmed).is_ok() {
            Self::Date
        } else {
            Self::Text
        }
    }

    pub(super) fn is_blank(self) -> bool {
        self == Self::Blank
    }

    /// Whether it has a value.
    pub(super) fn has_value(self) -> bool {
        !matches!(self, Self::Blank | Self::Null)
    }
}

/// Decimals that amounts are added up with.
const SCALE: u32 = 9;

/// A number times 10⁹ under each decimal mark (point, comma); `None` where it does not read.
pub(super) fn amounts(cell: &Cell<'_>) -> [Option<i128>; 2] {
    match cell {
        Cell::Number(value) | Cell::Money { amount: value, .. } if value.abs() < 1e15 => {
            [Some((value * 10_f64.powi(SCALE as i32)).round() as i128); 2]
        }
        Cell::Text(text) => {
            let Ok(number) = number::lex(text.trim()) else { return [None; 2] };
            if number.exponent.is_some() || number.digit_count() > 20 {
                return [None; 2];
            }
            let Some((marks, _)) = number.marks() else { return [None; 2] };
            [DecimalMark::Point, DecimalMark::Comma].map(|mark| match marks {
                Marks::Decided(decided) if decided != mark => None,
                _ => scaled(number.body, mark).map(|digits| if number.negative { -digits } else { digits }),
            })
        }
        _ => [None; 2],
    }
}

fn scaled(body: &str, mark: DecimalMark) -> Option<i128> {
    let mut digits = 0_i128;
    let mut decimals = None;
    for character in body.chars() {
        if let Some(digit) = character.to_digit(10) {
            digits = digits.checked_mul(10)?.checked_add(i128::from(digit))?;
            decimals = decimals.map(|decimals| decimals + 1);
        } else if character == mark.character() {
            decimals = Some(0);
        }
    }
    digits.checked_mul(10_i128.checked_pow(SCALE.checked_sub(decimals.unwrap_or(0))?)?)
}

/// The one day that a cell names; `None` if it names none, or two by the order of day and month.
pub(super) fn day(cell: &Cell<'_>) -> Option<jiff::civil::Date> {
    match cell {
        Cell::Moment(at) => Some(at.date()),
        cell => match moment::days_named(&cell.to_text()) {
            [day_first, month_first] if day_first == month_first => day_first,
            [day_first, month_first] => day_first.xor(month_first),
        },
    }
}

/// A cell as text to compare: trimmed, in lower case, white space as one space.
pub(super) fn comparable(cell: &Cell<'_>) -> String {
    cell.to_text().trim_start_matches('\u{feff}').split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A row that outlives the call, with what its cells look like.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) number: u64,
    pub(super) comment: bool,
    pub(super) cells: Vec<Cell<'static>>,
    pub(super) looks: Vec<Look>,
    pub(super) merged: Vec<(usize, usize)>,
}

impl Kept {
    pub(super) fn of(row: &super::Row<'_>, nulls: &Nulls) -> Self {
        Self {
            number: row.number,
            comment: row.comment,
            cells: row.cells.iter().cloned().map(Cell::into_owned).collect(),
            looks: row.cells.iter().map(|cell| Look::of(cell, nulls)).collect(),
            merged: row.merged.to_vec(),
        }
    }

    pub(super) fn as_row(&self) -> super::Row<'_> {
        let Self { number, comment, cells, merged, .. } = self;
        super::Row { number: *number, cells, comment: *comment, merged }
    }

    /// How many cells are not blank.
    pub(super) fn filled(&self) -> usize {
        self.looks.iter().filter(|look| !look.is_blank()).count()
    }

    /// Cells up to the last that is not blank.
    pub(super) fn filled_width(&self) -> usize {
        self.looks.iter().rposition(|look| !look.is_blank()).map_or(0, |last| last + 1)
    }

    /// The row as a line for people.
    pub(super) fn line(&self) -> String {
        let texts = self.cells.iter().filter(|cell| !cell.is_blank()).map(|cell| cell.to_text().trim().to_owned());
        texts.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::CellSettings;

    #[test]
    fn cells_look_like_what_they_hold() {
        let check = |text: &str, expect: Look| {
            assert_eq!(Look::of(&Cell::text(text), &CellSettings::default().nulls()), expect, "{text}");
        };
        check(" ", Look::Blank);
        check(" --", Look::Null);
        check("1,204.50", Look::Number);
        check("$5", Look::Number);
        check("5.32%", Look::Number);
        check("2026-10-01", Look::Date);
        check("Impr.", Look::Text);
        check("#1001", Look::Text);
    }

    #[test]
    fn amounts_are_exact_under_either_mark() {
        let check = |text: &str, point: Option<i128>, comma: Option<i128>| {
            assert_eq!(amounts(&Cell::text(text)), [point, comma].map(|value| value.map(|value| value * 1_000_000)), "{text}");
        };
        check("1,204.50", Some(1_204_500), None);
        check("1.204", Some(1_204), Some(1_204_000));
        check("(7)", Some(-7_000), Some(-7_000));
        check("0,5", None, Some(500));
        check("x", None, None);
    }
}
