//! A number as it stands in a cell, taken apart: sign, currency, digits with their separators, percent sign, exponent.

use super::{DecimalMark, NumberFault};
use crate::currency::currency;

/// A number as it stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberText<'a> {
    pub(crate) negative: bool,
    /// Digits, marks and grouping characters.
    pub(crate) body: &'a str,
    pub(crate) percent: bool,
    pub(crate) currency: Option<&'static str>,
    pub(crate) exponent: Option<i32>,
}

/// What the separators of a number say about the decimal mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Marks {
    /// No decimals whichever the mark.
    Plain,
    /// Only this mark makes sense.
    Decided(DecimalMark),
    /// One separator with three digits behind it, this one: a decimal mark or a grouping.
    Either(DecimalMark),
}

/// Longer cells are no numbers.
const LONGEST: usize = 80;

/// Takes a cell apart; the fault says why it is no number.
pub(crate) fn lex(text: &str) -> Result<NumberText<'_>, NumberFault> {
    const NOT: NumberFault = NumberFault::NotANumber;
    let mut rest = text.trim();
    if rest.len() > LONGEST {
        return Err(NOT);
    }
    if is_not_finite(rest) {
        return Err(NumberFault::NotFinite);
    }
    let (mut signed, mut negative, mut dash, mut plus, mut percent) = (false, false, false, false, false);
    let mut money = None;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        rest = inner.trim();
        (signed, negative) = (true, true);
    }
    loop {
        // Accounting formats write zero as `$-`.
        let Some(first) = rest.chars().next() else {
            let nothing = NumberText { negative: false, body: "0", percent: false, currency: money, exponent: None };
            return if dash && money.is_some() { Ok(nothing) } else { Err(NOT) };
        };
        match first {
            '0'..='9' | '.' | ',' => break,
            '-' | '\u{2212}' | '–' | '+' if !signed => {
                signed = true;
                plus = first == '+';
                (dash, negative) = (!plus, !plus);
                rest = &rest[first.len_utf8()..];
            }
            _ if first.is_whitespace() => rest = rest.trim_start(),
            _ if money.is_none() => {
                let ends = |c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '-' | '\u{2212}' | '–' | '+' | '(');
                let end = rest.find(ends).unwrap_or(rest.len());
                // The point of `Rs.500` is none of the number's; that of `$.50` is.
                let end = if rest[..end].ends_with(['.', ','])
                    && currency(&rest[..end - 1]).is_some()
                    && currency(&rest[..end]).is_none()
                {
                    end - 1
                } else {
                    end
                };
                money = Some(currency(&rest[..end]).ok_or(NOT)?);
                rest = &rest[end..];
                if let Some(inner) = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|_| !signed) {
                    rest = inner.trim();
                    (signed, negative) = (true, true);
                }
            }
            _ => return Err(NOT),
        }
    }
    loop {
        let last = rest.chars().next_back().ok_or(NOT)?;
        match last {
            '0'..='9' => break,
            '%' if !percent => {
                percent = true;
                rest = &rest[..rest.len() - 1];
            }
            '-' | '\u{2212}' | '–' | '—' if rest[..rest.len() - last.len_utf8()].ends_with(['.', ',']) => {
                // `12.-` and `0,–`: no cents.
                rest = &rest[..rest.len() - last.len_utf8() - 1];
            }
            '-' | '\u{2212}' if !signed => {
                (signed, negative) = (true, true);
                rest = &rest[..rest.len() - last.len_utf8()];
            }
            _ if last.is_whitespace() => rest = rest.trim_end(),
            _ if is_rounded(rest) => return Err(NumberFault::Rounded),
            _ if money.is_none() => {
                let start = rest
                    .rfind(|c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '-' | '–' | '—'))
                    .map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
                money = Some(currency(&rest[start..]).ok_or(NOT)?);
                rest = &rest[..start];
            }
            _ => return Err(NOT),
        }
    }
    let (body, exponent) = split_exponent(rest).ok_or(NOT)?;
    if body.is_empty() || !body.chars().all(|c| c.is_ascii_digit() || is_separator(c)) {
        return Err(NOT);
    }
    let number = NumberText { negative, body, percent, currency: money, exponent };
    // A long run of digits behind a plus sign is a telephone number.
    if plus && number.digit_count() > 6 && !body.contains([',', '.']) { Err(NOT) } else { Ok(number) }
}

fn is_not_finite(text: &str) -> bool {
    if text.len() > 9 || text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let unsigned = text.trim_start_matches(['-', '+']);
    ["nan", "inf", "infinity", "∞"].iter().any(|word| unsigned.eq_ignore_ascii_case(word))
}

/// `1.2K`, `3M`, `1,4 Mio`: what screens show, rounded.
fn is_rounded(text: &str) -> bool {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &text[letters.len()..];
    let number = letters.trim_end();
    number.ends_with(|c: char| c.is_ascii_digit())
        && number.bytes().filter(u8::is_ascii_digit).count() <= 6
        && ["k", "m", "b", "bn", "mio", "mrd", "mln", "tsd"].iter().any(|word| word.eq_ignore_ascii_case(suffix))
}

/// `1.5e-3` and `1E+15` have exponents; `12E45` is a code.
fn split_exponent(text: &str) -> Option<(&str, Option<i32>)> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return Some((text, None)) };
    let meant = exponent.starts_with(['+', '-']) || mantissa.contains(['.', ',']);
    let exponent: i32 = exponent.parse().ok()?;
    if meant && (-300..=300).contains(&exponent) && mantissa.ends_with(|c: char| c.is_ascii_digit()) {
        Some((mantissa, Some(exponent)))
    } else {
        None
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | ',') || group_class(c).is_some()
}

/// The grouping character that this one is a form of: spaces and apostrophes come in several.
pub(crate) fn group_class(c: char) -> Option<char> {
    match c {
        '\'' | '\u{2019}' => Some('\''),
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => Some(' '),
        '.' | ',' => Some(c),
        _ => None,
    }
}

impl NumberText<'_> {
    pub(crate) fn has_leading_zeros(&self) -> bool {
        let bytes = self.body.as_bytes();
        bytes.len() > 1 && bytes[0] == b'0' && bytes.iter().all(u8::is_ascii_digit)
    }

    pub(crate) fn digit_count(&self) -> usize {
        self.body.bytes().filter(u8::is_ascii_digit).count()
    }

    pub(crate) fn is_zero(&self) -> bool {
        !self.body.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
    }

    /// Weighs the separators; `None` if they make no number. With them comes the character that groups thousands whichever the
    /// mark is.
    pub(crate) fn marks(&self) -> Option<(Marks, Option<char>)> {
        let body = self.body;
        let Some(last_at) = body.rfind(is_separator) else { return Some((Marks::Plain, None)) };
        let last = body[last_at..].chars().next()?;
        let (whole, tail) = (&body[..last_at], &body[last_at + last.len_utf8()..]);
        let mark = match last {
            '.' => DecimalMark::Point,
            ',' => DecimalMark::Comma,
            _ => return Some((Marks::Plain, Some(grouped(body)?))),
        };
        if whole.contains(last) {
            // The same mark twice groups thousands, so the other one is the decimal mark.
            return Some((Marks::Decided(mark.other()), Some(grouped(body)?)));
        }
        if whole.contains(is_separator) {
            return Some((Marks::Decided(mark), Some(grouped(whole)?)));
        }
        let groups = tail.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0') && self.exponent.is_none();
        Some((if groups { Marks::Either(mark) } else { Marks::Decided(mark) }, None))
    }
}

/// The one character that groups these digits in threes, or in twos and a last three, as India does with commas; `None` if they
/// are not so grouped.
fn grouped(text: &str) -> Option<char> {
    let separator = text.chars().find(|c| is_separator(*c))?;
    let (head, last) = text.rsplit_once(separator)?;
    let (first, inner) = head.split_once(separator).unwrap_or((head, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let in_groups =
        |length: usize| head.len() == first.len() || inner.split(separator).all(|group| group.len() == length && digits(group));
    let threes = (1..=3).contains(&first.len()) && in_groups(3);
    let twos = separator == ',' && (1..=2).contains(&first.len()) && !inner.is_empty() && in_groups(2);
    let digits = digits(first) && digits(last);
    let proper = digits && last.len() == 3 && !first.starts_with('0') && (threes || twos);
    if proper { group_class(separator) } else { None }
}
