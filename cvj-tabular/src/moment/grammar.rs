//! The grammar of dates and times: one cell taken apart into date, time of day and zone, day and month left open where the
//! cell leaves them open.

use super::civil::{days_of, micros_of};
use super::digits::DigitForm;
use super::weekday::is_weekday;
use super::zone::{Zone, offset};
use super::{DateText, MICROS_PER_DAY, MomentFault, MomentText};
use crate::month::month_number;

/// Takes a cell apart; the fault says why it is no date in any order.
pub(crate) fn lex(cell: &str) -> Result<MomentText, MomentFault> {
    let text = cell.trim();
    if !(6..=64).contains(&text.len()) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(if is_longer_span(text) { MomentFault::Span } else { MomentFault::NotADate });
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && let Some(form) = DigitForm::of(text)
    {
        return Ok(MomentText { date: DateText::Digits(form), time: None, zone: None });
    }
    let mut cursor = Cursor { rest: text, at_time: false };
    let Some(date) = cursor.date() else {
        return Err(if is_longer_span(text) { MomentFault::Span } else { MomentFault::NotADate });
    };
    if cursor.rest.is_empty() {
        return Ok(MomentText { date, time: None, zone: None });
    }
    if matches!(date, DateText::Month(_)) {
        return Err(MomentFault::NotADate);
    }
    let run_on = text.bytes().take_while(u8::is_ascii_digit).count() > 8;
    let separated = run_on || cursor.between_date_and_time();
    let time = if separated { cursor.time() } else { None }.ok_or(MomentFault::NotADate)?;
    let zone = cursor.zone()?;
    Ok(MomentText { date, time: Some(time), zone })
}

/// A week or a quarter: `2026-W40`, `2026 Q3`, `Q3 2026`.
fn is_longer_span(text: &str) -> bool {
    let mut parts = [0; 2];
    let mut letters = 0;
    let mut at = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' if at < 2 => parts[at] += 1,
            b'W' | b'w' | b'Q' | b'q' if letters == 0 => {
                letters += 1;
                at = usize::from(parts[0] > 0);
            }
            b'-' | b' ' | b'/' => at = usize::from(parts[0] > 0),
            _ => return false,
        }
    }
    letters == 1 && matches!(parts, [4, 1 | 2] | [1 | 2, 4])
}

struct Cursor<'a> {
    rest: &'a str,
    /// The date ended where the time begins.
    at_time: bool,
}

impl<'a> Cursor<'a> {
    /// Up to `most` digits; `None` if there is none.
    fn number(&mut self, most: usize) -> Option<(u32, usize)> {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some((digits.parse().ok()?, length))
    }

    /// Two digits.
    fn two(&mut self) -> Option<u32> {
        self.number(2).filter(|(_, length)| *length == 2).map(|(number, _)| number)
    }

    fn digits(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    fn byte(&self) -> Option<u8> {
        self.rest.bytes().next()
    }

    fn eat(&mut self, expected: u8) -> bool {
        let found = self.byte() == Some(expected);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn spaces(&mut self) -> bool {
        let before = self.rest.len();
        self.rest = self.rest.trim_start();
        self.rest.len() < before
    }

    fn word(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Passes over one of these words, if a space or the end follows it.
    fn eat_word(&mut self, words: &[&str]) -> bool {
        for word in words {
            if let Some(rest) = self.rest.strip_prefix(word)
                && (rest.is_empty() || rest.starts_with(char::is_whitespace))
            {
                self.rest = rest.trim_start();
                return true;
            }
        }
        false
    }

    fn date(&mut self) -> Option<DateText> {
        match self.digits() {
            4 => self.year_first(),
            8 | 12 | 14 => {
                let (number, _) = self.number(8)?;
                Some(DateText::Fixed(days_of(number / 10_000, number / 100 % 100, number % 100)?))
            }
            1 | 2 => self.day_or_month_first(),
            0 => self.word_first(),
            _ => None,
        }
    }

    fn year_first(&mut self) -> Option<DateText> {
        let (year, _) = self.number(4)?;
        let separator = self.byte().filter(|byte| matches!(byte, b'-' | b'/' | b'.' | b' '))?;
        self.eat(separator);
        let named = self.digits() == 0;
        let month = if named { month_number(self.word())? } else { self.number(2)?.0 };
        if self.rest.is_empty() && (named || matches!(separator, b'-' | b'/')) {
            return Some(DateText::Month(days_of(year, month, 1)?));
        }
        if !self.eat(separator) || (separator == b' ' && !named) {
            return None;
        }
        let (day, _) = self.number(2)?;
        Some(DateText::Fixed(days_of(year, month, day)?))
    }

    fn day_or_month_first(&mut self) -> Option<DateText> {
        let (first, _) = self.number(2)?;
        let separator = self.byte()?;
        if matches!(separator, b'/' | b'.' | b'-') && self.rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            self.eat(separator);
            if self.digits() == 4 && separator != b'.' {
                let (year, _) = self.number(4)?;
                return self.rest.is_empty().then_some(DateText::Month(days_of(year, first, 1)?));
            }
            let (second, _) = self.number(2)?;
            if !self.eat(separator) {
                return None;
            }
            return self.numeric(first, second, separator == b'.');
        }
        if !matches!(separator, b'-' | b'/' | b'.' | b' ') && self.rest.starts_with(char::is_alphabetic) {
            let before = self.rest;
            if !matches!(self.word(), "st" | "nd" | "rd" | "th" | "er" | "º" | "ª") {
                // `1oct2026`
                self.rest = before;
            }
        }
        let _ = self.eat(b'.') || self.eat(b'-') || self.eat(b'/');
        self.spaces();
        self.eat_word(&["de", "of"]);
        let month = month_number(self.word())?;
        let _ = self.eat(b'.') || self.eat(b',') || self.eat(b'-') || self.eat(b'/');
        let _ = self.eat(b',');
        self.spaces();
        self.eat_word(&["de", "del"]);
        let year = self.year()?;
        Some(DateText::Fixed(days_of(year, month, first)?))
    }

    /// Two numbers were read, a year follows: the day or the month may come first, and with two digits so may the year.
    fn numeric(&mut self, first: u32, second: u32, dotted: bool) -> Option<DateText> {
        let digits = self.digits();
        let short = (digits == 2).then(|| self.rest[..2].parse().ok()).flatten();
        let year = self.year()?;
        let day_first = days_of(year, second, first);
        let month_first = days_of(year, first, second);
        let year_first = short.and_then(|third| days_of(full_year(first), second, third));
        let readable = day_first.is_some() || month_first.is_some() || year_first.is_some();
        readable.then_some(DateText::Numeric { dotted, day_first, month_first, year_first })
    }

    fn word_first(&mut self) -> Option<DateText> {
        let before = self.rest;
        let word = self.word();
        // A glance that spares most texts the search for a name.
        if word.is_empty() || !self.rest.starts_with(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '-' | '/')) {
            return None;
        }
        if is_weekday(word) {
            let _ = self.eat(b'.');
            let _ = self.eat(b',');
            self.spaces();
            // `mar` is a Tuesday or March.
            let date = if self.digits() > 0 { self.date_behind_weekday() } else { self.month_first() };
            if date.is_some() {
                return date;
            }
        }
        self.rest = before;
        self.month_first()
    }

    fn date_behind_weekday(&mut self) -> Option<DateText> {
        if self.digits() == 4 { self.year_first() } else { self.day_or_month_first() }
    }

    fn month_first(&mut self) -> Option<DateText> {
        let month = month_number(self.word())?;
        let _ = self.eat(b'.');
        let _ = self.eat(b'-') || self.eat(b',') || self.eat(b'/');
        self.spaces();
        self.eat_word(&["de", "del"]);
        if self.digits() == 4 {
            let (year, _) = self.number(4)?;
            return self.rest.is_empty().then_some(DateText::Month(days_of(year, month, 1)?));
        }
        let (day, _) = self.number(2)?;
        if self.byte().is_some_and(|byte| byte.is_ascii_alphabetic()) && !matches!(self.word(), "st" | "nd" | "rd" | "th") {
            return None;
        }
        let _ = self.eat(b',') || self.eat(b'-');
        self.spaces();
        let year = match self.year_at_the_end() {
            Some(year) => year,
            None => self.year()?,
        };
        Some(DateText::Fixed(days_of(year, month, day)?))
    }

    /// `Thu Oct  1 09:14:35 UTC 2026`, as Unix writes it.
    fn year_at_the_end(&mut self) -> Option<u32> {
        let digits = self.digits();
        if self.rest.as_bytes().get(digits) != Some(&b':') {
            return None;
        }
        let (before, year) = self.rest.rsplit_once(' ')?;
        let year = (year.len() == 4).then(|| year.parse().ok()).flatten()?;
        self.rest = before;
        self.at_time = true;
        Some(year)
    }

    /// Four digits, or two.
    fn year(&mut self) -> Option<u32> {
        match self.number(4)? {
            (year, 4) => Some(year),
            (year, 2) => Some(full_year(year)),
            _ => None,
        }
    }

    fn between_date_and_time(&mut self) -> bool {
        if self.at_time || self.eat(b'T') || self.eat(b't') {
            return true;
        }
        let comma = self.eat(b',');
        let spaces = self.spaces();
        if self.digits() > 0 {
            return comma || spaces;
        }
        let _ = self.eat_word(&["at", "um", "à", "a las", "alle ore", "alle", "om", "às", "-", "–", "|"]);
        comma || spaces
    }

    /// Microseconds since midnight. `24:00` is the midnight that ends the day.
    fn time(&mut self) -> Option<i64> {
        let compact = self.digits();
        let (mut hour, _) = self.number(2)?;
        let (mut minute, mut second, mut micros) = (0, 0, 0);
        let mut marked = matches!(compact, 4 | 6);
        if marked {
            minute = self.two()?;
            if compact == 6 {
                second = self.two()?;
                micros = self.fraction();
            }
        } else if let Some(mark) = self.byte().filter(|byte| matches!(byte, b':' | b'.' | b'h'))
            && self.rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
        {
            self.eat(mark);
            marked = true;
            minute = self.two()?;
            if self.eat(mark) {
                second = self.two()?;
                micros = self.fraction();
            }
        }
        let before = self.rest;
        self.spaces();
        if self.rest.is_empty() {
            // The common case.
        } else if let Some(afternoon) = self.half_of_day() {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if afternoon { 12 } else { 0 };
            marked = true;
        } else if !self.eat_word(&["Uhr", "uhr", "h", "uur"]) {
            self.rest = before;
        }
        let end_of_day = hour == 24 && minute == 0 && second == 0 && micros == 0;
        if !marked || (hour > 23 && !end_of_day) || minute > 59 || second > 59 {
            return None;
        }
        let time = i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + micros;
        (time <= MICROS_PER_DAY).then_some(time)
    }

    /// `am`, `PM`, `a.m.`, `p. m.`: whether it is the afternoon.
    fn half_of_day(&mut self) -> Option<bool> {
        let before = self.rest;
        let afternoon = match self.byte()?.to_ascii_lowercase() {
            b'a' => false,
            b'p' => true,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        let dotted = self.eat(b'.');
        if dotted {
            self.spaces();
        }
        let marked = (self.eat(b'm') || self.eat(b'M')) && (!dotted || self.eat(b'.') || self.rest.is_empty());
        // `America/Chicago` begins like it.
        if marked && !self.rest.starts_with(char::is_alphabetic) {
            return Some(afternoon);
        }
        self.rest = before;
        None
    }

    /// Nothing, or decimals of a second.
    fn fraction(&mut self) -> i64 {
        if !self.rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) || !(self.eat(b'.') || self.eat(b',')) {
            return 0;
        }
        let (digits, rest) = self.rest.split_at(self.digits());
        self.rest = rest;
        micros_of(digits.as_bytes())
    }

    /// All that stands behind the time.
    fn zone(&mut self) -> Result<Option<Zone>, MomentFault> {
        self.spaces();
        let mut rest = self.rest;
        if rest.is_empty() {
            return Ok(None);
        }
        // `(UTC)`, and `[Europe/Berlin]` as Java writes it.
        let bracketed = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        rest = bracketed.or_else(|| rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))).unwrap_or(rest);
        if let Some((seconds, rest)) = offset(rest) {
            return only_a_name_follows(rest).then_some(Some(Zone::Offset(seconds))).ok_or(MomentFault::NotADate);
        }
        if let Some(zone) = Zone::named(rest) {
            return Ok(Some(zone));
        }
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        let zone = Zone::abbreviated(word);
        if matches!(word, "UTC" | "GMT")
            && let Some((seconds, rest)) = offset(rest)
        {
            return only_a_name_follows(rest).then_some(Some(Zone::Offset(seconds))).ok_or(MomentFault::NotADate);
        }
        match zone {
            Some(zone) if only_a_name_follows(rest) => Ok(Some(zone)),
            None if rest.is_empty() && (2..=5).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                Err(MomentFault::ZoneName)
            }
            _ => Err(MomentFault::NotADate),
        }
    }
}

/// Behind an offset, the zone's name in brackets adds nothing: `GMT-0500 (Central Daylight Time)`, `-05:00[America/Chicago]`.
fn only_a_name_follows(rest: &str) -> bool {
    let rest = rest.trim_start();
    let inside = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let inside = inside.or_else(|| rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')));
    rest.is_empty() || inside.is_some_and(|name| name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '/' | '_' | '-')))
}

/// Two digits of a year: 00-68 are 2000-2068, as POSIX has it.
fn full_year(short: u32) -> u32 {
    if short <= 68 { 2000 + short } else { 1900 + short }
}
