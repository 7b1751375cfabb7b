//! Number formats of an xlsx: what each style makes of a number.

use std::collections::HashMap;
use std::io::Read;

use cvj_core::SourceError;
use cvj_tabular::currency::currency;

use crate::serial::Reading;
use crate::xml::{Token, Xml, local};

/// Reads `styles.xml`: the reading of each cell style, by its number.
pub fn readings<R: Read>(mut xml: Xml<R>) -> Result<Vec<Reading>, SourceError> {
    let mut own = HashMap::new();
    let mut readings = Vec::new();
    let mut within = false;
    while let Some(token) = xml.token()? {
        match token {
            Token::Open(tag) => match tag.local() {
                b"numFmt" => {
                    if let (Some(id), Some(code)) = (tag.number("numFmtId"), tag.text("formatCode")) {
                        own.insert(id, reading(&code));
                    }
                }
                b"cellXfs" => within = !tag.empty,
                b"xf" if within => {
                    let id = tag.number("numFmtId").unwrap_or(0);
                    readings.push(own.get(&id).copied().unwrap_or_else(|| built_in(id)));
                }
                _ => {}
            },
            Token::Close(name) if local(name) == b"cellXfs" => within = false,
            _ => {}
        }
    }
    Ok(readings)
}

/// The formats that every program knows by number (ECMA-376, part 1, 18.8.30), those of East Asia included.
fn built_in(id: u64) -> Reading {
    match id {
        14..=17 | 22 | 27..=31 | 34..=36 | 50..=54 | 57 | 58 => Reading::Date,
        18..=21 | 32 | 33 | 45 | 47 | 55 | 56 => Reading::Time,
        46 => Reading::Span,
        _ => Reading::Number,
    }
}

/// What a format code makes of a positive number.
fn reading(code: &str) -> Reading {
    let mut characters = code.chars().peekable();
    let mut letters = String::new();
    let mut money = None;
    let mut digits = false;
    while let Some(character) = characters.next() {
        let mut found = None;
        match character {
            ';' => break,
            '"' => {
                let literal: String = characters.by_ref().take_while(|character| *character != '"').collect();
                found = Some(literal);
            }
            '\\' => found = characters.next().map(String::from),
            '_' | '*' => {
                characters.next();
            }
            '[' => {
                let inner: String = characters.by_ref().take_while(|character| *character != ']').collect();
                if ["h", "hh", "m", "mm", "s", "ss"].iter().any(|unit| inner.eq_ignore_ascii_case(unit)) {
                    return Reading::Span;
                }
                // `[$€-407]`: a currency and a locale.
                found = inner.strip_prefix('$').and_then(|inner| inner.split('-').next()).map(str::to_owned);
            }
            '#' | '?' => digits = true,
            // Only fractions of seconds have digits in a date.
            '0' if !letters.ends_with(['.', ',', '0']) || !letters.contains(['s', 'S']) => digits = true,
            'e' | 'E' if characters.peek().is_some_and(|next| matches!(next, '+' | '-')) => digits = true,
            '$' | '€' | '£' | '¥' => found = Some(character.into()),
            _ => letters.push(character),
        }
        money = money.or_else(|| currency(found?.trim()));
    }
    let letters = letters.to_ascii_lowercase();
    let has = |wanted: &[char]| letters.contains(wanted);
    match money {
        Some(currency) if digits || letters.trim() == "general" => Reading::Money(currency),
        _ if digits || letters.trim() == "general" => Reading::Number,
        _ if has(&['y', 'd', 'e', 'g', 'b']) || (has(&['m']) && !has(&['h', 's'])) => Reading::Date,
        _ if has(&['h', 's']) => Reading::Time,
        _ => Reading::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_say_what_a_number_is() {
        let check = |expect: Reading, codes: &[&str]| {
            for code in codes {
                assert_eq!(reading(code), expect, "{code}");
            }
        };
        check(
            Reading::Date,
            &["yyyy-mm-dd", "d/m/yy h:mm", "[$-409]mmm d, yyyy;@", "mmm", "[$-F800]dddd\\,\\ mmmm\\ dd", "MMM\\ YYYY"],
        );
        check(Reading::Date, &["[Red]dd\".\"mm\".\"yyyy", "ggge\"x\"m", "yyyy\\-mm\\-dd\\Thh:mm:ss.000", "DD.MM.YYYY"]);
        check(Reading::Time, &["h:mm", "hh:mm:ss AM/PM", "mm:ss.0", "[$-409]h:mm:ss"]);
        check(Reading::Span, &["[h]:mm", "[HH]:mm:ss", "[mm]:ss"]);
        check(
            Reading::Number,
            &["General", "0", "#,##0.00", "0.00E+00", "0%", "@", "[Red]-0.0", "#,##0 \"days\"", "0 \\d", "\"Day\" 0"],
        );
        check(
            Reading::Money("EUR"),
            &["[$\u{20ac}-407] #,##0.00", "#,##0.00 \"EUR\"", "#,##0\\ \u{20ac}", "_-* #,##0.00\\ [$\u{20ac}-1]_-;-"],
        );
        check(Reading::Money("$"), &["\"$\"#,##0.00_);[Red]\\(\"$\"#,##0.00\\)", "$#,##0", "[$$-409]0.00", "\\$0"]);
        check(Reading::Number, &["_-* #,##0.00_-;-* #,##0.00_-", "# ?/?", "#,##0.00 USD", "", "General;[Red]-General"]);
    }
}
