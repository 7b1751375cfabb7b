//! Numbers as a page prints them, read back.

/// The decimal mark of a locale; the other of `.` and `,` groups digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `1,234.5`.
    Point,
    /// `1.234,5`.
    Comma,
}

/// A number as printed: `13,326`, `−24.5` or `2.46 bn`.
#[derive(Debug)]
pub(crate) struct Printed<'a> {
    /// Its digits and marks.
    pub(crate) text: &'a str,
    /// The text before it.
    pub(crate) before: &'a str,
    /// The text after it.
    pub(crate) after: &'a str,
    value: f64,
    /// Half of its last digit.
    half: f64,
}

impl Printed<'_> {
    /// Whether it is this number, rounded.
    pub(crate) fn is(&self, number: f64) -> bool {
        (number - self.value).abs() <= self.half * 1.000_001 + number.abs() * 1e-12
    }

    /// Whether it is the size of this number, rounded: as such, or of a fraction in percent.
    pub(crate) fn is_size_of(&self, number: f64) -> bool {
        [number, number * 100.0].into_iter().any(|number| (number.abs() - self.value.abs()).abs() <= self.half * 1.000_001)
    }

    /// Whether it is the year of a date: `July 2026`.
    pub(crate) fn is_year(&self) -> bool {
        let word = self.before.trim_end().rsplit(char::is_whitespace).next().unwrap_or_default();
        let in_date = !word.is_empty() && word.chars().all(char::is_alphabetic) && self.before.ends_with(char::is_whitespace);
        in_date && self.text.len() == 4 && self.text.starts_with("20")
    }
}

/// The numbers of a text; digits within words are none.
pub(crate) fn printed(text: &str, decimal: Decimal) -> Vec<Printed<'_>> {
    let mark = if decimal == Decimal::Point { '.' } else { ',' };
    let is_digit = |character: char| character.is_ascii_digit();
    let mut found: Vec<Printed<'_>> = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(is_digit).map(|start| from + start) {
        let mut end = start;
        // A mark between digits belongs to the number.
        for (index, character) in text[start..].char_indices() {
            let at = start + index;
            let inside = ".,".contains(character) && text[at + 1..].starts_with(is_digit);
            if !is_digit(character) && !inside {
                break;
            }
            end = at + character.len_utf8();
        }
        let (before, mut after) = (&text[from..start], &text[end..]);
        from = end;
        if before.ends_with(|character: char| character.is_alphabetic() || character == '_') && !before.ends_with("CHF") {
            continue;
        }
        let digits: String = text[start..end].chars().filter(|&character| is_digit(character) || character == mark).collect();
        let digits = digits.replace(mark, ".");
        let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
        let mut scale =
            [(" bn", 1e9), (" tn", 1e12)].iter().find(|(word, _)| after.starts_with(word)).map_or(1.0, |found| found.1);
        if let Some(power) = after.strip_prefix('e') {
            let length = power.find(|character| !is_digit(character)).unwrap_or(power.len());
            scale = power[..length].parse().map_or(1.0, |power| 10.0_f64.powi(power));
            (after, from) = (&power[length..], text.len() - power.len() + length);
        }
        // Only a currency may stand between the sign and its number.
        let negative = before.rsplit_once('−').is_some_and(|(_, between)| !between.contains(' '));
        let Ok(value) = digits.parse::<f64>() else { continue };
        let half = 0.5 * 0.1_f64.powi(decimals) * scale;
        found.push(Printed {
            text: &text[start..end],
            before,
            after,
            value: if negative { -value } else { value } * scale,
            half,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, decimal: Decimal, values: &[f64]) {
        let found: Vec<f64> = printed(text, decimal).iter().map(|printed| printed.value).collect();
        assert_eq!(found, values, "{text}");
    }

    #[test]
    fn numbers_are_read_from_sentences() {
        let text = "Of July 2026, 36.1% (56 of 1,155), 95% interval 29.0–43.9%; between $1,847 and 24.5 points, never x7 or p_8.";
        check(text, Decimal::Point, &[2026.0, 36.1, 56.0, 1155.0, 95.0, 29.0, 43.9, 1847.0, 24.5]);
        assert!(printed(text, Decimal::Point)[0].is_year() && !printed(text, Decimal::Point)[3].is_year());
        check("−1.234,5\u{a0}€, −$3, +2,1\u{a0}pts", Decimal::Comma, &[-1234.5, -3.0, 2.1]);
        check("2.46 bn and 1.50e15 and 3 tn.", Decimal::Point, &[2.46e9, 1.5e15, 3e12]);
    }

    #[test]
    fn a_number_is_what_it_was_rounded_from() {
        assert!(printed("36.1%", Decimal::Point)[0].is(36.13) && !printed("36.1%", Decimal::Point)[0].is(36.16));
        assert!(printed("2.46 bn", Decimal::Point)[0].is(2_463_000_000.0));
        assert!(!printed("12", Decimal::Point)[0].is(-12.0) && printed("12", Decimal::Point)[0].is_size_of(-0.12));
    }
}
