//! Numbers as text: grouped as the locale in force does, with a real minus sign, the unit beside them, and never wider than about
//! twelve characters.

use cvj_core::Unit;

use crate::locale;

/// Printed where a value is not known.
pub(crate) const UNKNOWN: &str = "–";

/// How the numbers of one metric are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberStyle<'a> {
    /// What the number is.
    pub(crate) unit: Unit,
    /// ISO 4217 code.
    pub(crate) currency: &'a str,
}

impl NumberStyle<'_> {
    /// A value: `5,120`, `$1,234`, `32.6%`, `12.5 days`.
    pub(crate) fn value(self, value: f64) -> String {
        if !value.is_finite() {
            return UNKNOWN.to_owned();
        }
        let text = self.magnitude(value.abs());
        if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { format!("−{text}") } else { text }
    }

    /// A difference, always signed; rates differ in percentage points: `+2.1 pts`.
    pub(crate) fn change(self, change: f64) -> String {
        if !change.is_finite() {
            return UNKNOWN.to_owned();
        }
        let text = match self.unit {
            Unit::Percent => format!("{} pts", grouped(change.abs() * 100.0, 1)),
            _ => self.magnitude(change.abs()),
        };
        if !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
            return format!("±{text}");
        }
        format!("{}{text}", if change < 0.0 { '−' } else { '+' })
    }

    /// A tick of an axis: short.
    pub(crate) fn tick(self, value: f64) -> String {
        let text = match self.unit {
            Unit::Percent => locale::percent(&short(value.abs() * 100.0)),
            Unit::Money => locale::money(symbol(self.currency), &short(value.abs())),
            _ => short(value.abs()),
        };
        if value < 0.0 { format!("−{text}") } else { text }
    }

    fn magnitude(self, size: f64) -> String {
        match self.unit {
            Unit::Percent if size < 1e5 => locale::percent(&grouped(size * 100.0, 1)),
            Unit::Percent => locale::percent(&long(size * 100.0).unwrap_or_else(|| grouped(size * 100.0, 0))),
            Unit::Money => {
                let digits = if size < 1000.0 { 2 } else { 0 };
                locale::money(symbol(self.currency), &long(size).unwrap_or_else(|| grouped(size, digits)))
            }
            Unit::Duration => {
                let number = long(size).unwrap_or_else(|| trimmed(size, 1));
                format!("{number} {}", if number == "1" { "day" } else { "days" })
            }
            Unit::Score | Unit::Nps => long(size).unwrap_or_else(|| grouped(size, 1)),
            Unit::Count | Unit::Number => long(size).unwrap_or_else(|| trimmed(size, 2)),
        }
    }
}

/// A count of people or rows: `12,345`.
pub(crate) fn count(count: u64) -> String {
    long(count as f64).unwrap_or_else(|| grouped(count as f64, 0))
}

/// A count with its noun: `1 row`, `12 rows`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Days to one decimal: `12.5`.
pub(crate) fn days(days: f64) -> String {
    NumberStyle { unit: Unit::Duration, currency: "" }.value(days)
}

/// A fraction as a percentage to one decimal.
pub(crate) fn percent(fraction: f64) -> String {
    NumberStyle { unit: Unit::Percent, currency: "" }.value(fraction)
}

/// The sign of a currency, or its code.
pub(crate) fn symbol(currency: &str) -> &str {
    match currency {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        "INR" => "₹",
        "CAD" => "CA$",
        "AUD" => "A$",
        "NZD" => "NZ$",
        code => code,
    }
}

/// From a billion up, words or powers instead of digits.
fn long(size: f64) -> Option<String> {
    match size {
        size if size >= 1e15 => Some(format!("{size:.2e}")),
        size if size >= 1e12 => Some(format!("{} tn", grouped(size / 1e12, 2))),
        size if size >= 1e9 => Some(format!("{} bn", grouped(size / 1e9, 2))),
        _ => None,
    }
}

fn short(size: f64) -> String {
    match size {
        size if size >= 1e15 => format!("{size:.0e}"),
        size if size >= 1e12 => format!("{}tn", trimmed(size / 1e12, 1)),
        size if size >= 1e9 => format!("{}bn", trimmed(size / 1e9, 1)),
        size if size >= 1e6 => format!("{}M", trimmed(size / 1e6, 1)),
        size if size >= 1e4 => format!("{}k", trimmed(size / 1e3, 1)),
        size => trimmed(size, 2),
    }
}

fn trimmed(size: f64, digits: usize) -> String {
    let text = format!("{size:.digits$}");
    locale::marked(if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text })
}

fn grouped(size: f64, digits: usize) -> String {
    locale::marked(&format!("{size:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unit: Unit, value: f64, printed: &str) {
        assert_eq!(NumberStyle { unit, currency: "USD" }.value(value), printed);
    }

    #[test]
    fn values_carry_their_unit() {
        check(Unit::Count, 5120.0, "5,120");
        check(Unit::Money, 12_345_678.0, "$12,345,678");
        check(Unit::Money, -12.5, "−$12.50");
        check(Unit::Percent, 0.326_315, "32.6%");
        check(Unit::Duration, 12.5, "12.5 days");
        check(Unit::Score, 30.0, "30.0");
        check(Unit::Number, 1.5, "1.5");
        check(Unit::Number, -0.001, "0");
        check(Unit::Count, f64::NAN, "–");
    }

    #[test]
    fn no_value_grows_without_bound() {
        for value in [1e9, 2.5e12, 1e15, 1e300, f64::MAX, -f64::MAX] {
            for unit in [Unit::Count, Unit::Money, Unit::Percent, Unit::Duration, Unit::Score, Unit::Nps, Unit::Number] {
                let style = NumberStyle { unit, currency: "CHF" };
                for text in [style.value(value), style.tick(value)] {
                    assert!(text.chars().count() <= 18, "{text}");
                }
            }
        }
    }

    #[test]
    fn a_change_of_a_rate_is_in_points() {
        let rate = NumberStyle { unit: Unit::Percent, currency: "USD" };
        assert_eq!(rate.change(-0.0213), "−2.1 pts");
        assert_eq!(rate.change(0.0), "±0.0 pts");
        assert_eq!(NumberStyle { unit: Unit::Money, currency: "CHF" }.change(12_000.0), "+CHF\u{a0}12,000");
    }
}
