//! The grammar of dates and times: one cell taken apart into date, time of day and offset, day and month left open where the
//! cell leaves them open.

use super::{DateText, MomentText, new_date};
use crate::month::month_number;

/// Takes a cell apart; `None` if it is no date in any order.
pub(crate) fn lex(cell: &str) -> Option<MomentText> {
    let text = cell.trim();
    if !(6..=45).contains(&text.len()) {
        return None;
    }
    let mut cursor = Cursor { rest: text };
    let date = cursor.date()?;
    if matches!(date, DateText::Numeric { day_first: None, month_first: None }) {
        return None;
    }
    if cursor.rest.is_empty() {
        return Some(MomentText { date, time: None, offset: None });
    }
    cursor.between_date_and_time()?;
    let time = cursor.time()?;
    let offset = cursor.offset()?;
    cursor.rest.is_empty().then_some(MomentText { date, time: Some(time), offset })
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// Up to `most` digits; `None` if there is none.
    fn number(&mut self, most: usize) -> Option<(u32, usize)> {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some((digits.parse().ok()?, length))
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

    fn date(&mut self) -> Option<DateText> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        match digits {
            4 => self.year_first(),
            8 => {
                let (number, _) = self.number(8)?;
                Some(DateText::Compact(new_date(number / 10_000, number / 100 % 100, number % 100)?))
            }
            1 | 2 => self.day_or_month_first(),
            0 => self.word_first(),
            _ => None,
        }
    }

    fn year_first(&mut self) -> Option<DateText> {
        let (year, _) = self.number(4)?;
        let separator = self.byte().filter(|byte| matches!(byte, b'-' | b'/' | b'.'))?;
        self.eat(separator);
        let (month, _) = self.number(2)?;
        if !self.eat(separator) {
            return None;
        }
        let (day, _) = self.number(2)?;
        Some(DateText::Fixed(new_date(year, month, day)?))
    }

    fn day_or_month_first(&mut self) -> Option<DateText> {
        let (first, _) = self.number(2)?;
        let separator = self.byte()?;
        if matches!(separator, b'/' | b'.' | b'-') && self.rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            self.eat(separator);
            let (second, _) = self.number(2)?;
            if !self.eat(separator) {
                return None;
            }
            let year = self.year()?;
            let day_first = new_date(year, second, first);
            // Points mean that the day comes first.
            return Some(if separator == b'.' {
                DateText::Fixed(day_first?)
            } else {
                DateText::Numeric { day_first, month_first: new_date(year, first, second) }
            });
        }
        if !matches!(separator, b'-' | b'/' | b'.') && self.rest.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
            let ordinal = self.word();
            if !matches!(ordinal, "st" | "nd" | "rd" | "th") {
                return None;
            }
        } else {
            let _ = self.eat(b'.') || self.eat(b'-') || self.eat(b'/');
        }
        self.spaces();
        let month = month_number(self.word())?;
        let _ = self.eat(b'.') || self.eat(b',') || self.eat(b'-') || self.eat(b'/');
        self.spaces();
        let year = self.year()?;
        Some(DateText::Fixed(new_date(year, month, first)?))
    }

    fn word_first(&mut self) -> Option<DateText> {
        let mut word = self.word();
        if !word.is_empty() && month_number(word).is_none() && (self.eat(b',') || self.eat(b'.')) {
            // A weekday.
            let _ = self.eat(b',');
            self.spaces();
            if self.byte()?.is_ascii_digit() {
                return self.day_or_month_first();
            }
            word = self.word();
        }
        let month = month_number(word)?;
        let _ = self.eat(b'.') || self.eat(b'-');
        self.spaces();
        let (day, _) = self.number(2)?;
        if self.byte().is_some_and(|byte| byte.is_ascii_alphabetic()) && !matches!(self.word(), "st" | "nd" | "rd" | "th") {
            return None;
        }
        let _ = self.eat(b',') || self.eat(b'-');
        self.spaces();
        let year = self.year()?;
        Some(DateText::Fixed(new_date(year, month, day)?))
    }

    /// Four digits, or two: 00-68 are 2000-2068.
    fn year(&mut self) -> Option<u32> {
        match self.number(4)? {
            (year, 4) => Some(year),
            (year @ 0..=68, 2) => Some(2000 + year),
            (year, 2) => Some(1900 + year),
            _ => None,
        }
    }

    fn between_date_and_time(&mut self) -> Option<()> {
        if self.eat(b'T') || self.eat(b't') {
            return Some(());
        }
        let comma = self.eat(b',');
        let spaces = self.spaces();
        for word in ["at ", "um "] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest.trim_start();
            }
        }
        (comma || spaces).then_some(())
    }

    fn time(&mut self) -> Option<i64> {
        let (mut hour, _) = self.number(2)?;
        let mut minute = 0;
        let mut second = 0;
        let mut micros = 0;
        let mut marked = false;
        if self.eat(b':') {
            marked = true;
            minute = self.two()?;
            if self.eat(b':') {
                second = self.two()?;
                if self.eat(b'.') || self.eat(b',') {
                    micros = self.fraction()?;
                }
            }
        }
        let before = self.rest;
        self.spaces();
        let half = self.rest.get(..2).filter(|half| half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm"));
        if let Some(half) = half {
            self.rest = &self.rest[2..];
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if half.eq_ignore_ascii_case("pm") { 12 } else { 0 };
            marked = true;
        } else {
            self.rest = before;
        }
        if !marked || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + micros)
    }

    fn two(&mut self) -> Option<u32> {
        self.number(2).filter(|(_, length)| *length == 2).map(|(number, _)| number)
    }

    /// Decimals of a second as microseconds, what is finer cut off.
    fn fraction(&mut self) -> Option<i64> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        if digits.is_empty() {
            return None;
        }
        let mut micros = 0;
        for place in 0..6 {
            micros = micros * 10 + digits.as_bytes().get(place).map_or(0, |digit| i64::from(digit - b'0'));
        }
        Some(micros)
    }

    /// The outer `None`: something stands there that is no offset.
    #[expect(clippy::option_option, reason = "no offset and a wrong one are different things")]
    fn offset(&mut self) -> Option<Option<i32>> {
        self.spaces();
        match self.byte() {
            None => Some(None),
            Some(sign @ (b'+' | b'-')) => {
                self.eat(sign);
                let hours = self.two()?;
                let _ = self.eat(b':');
                let minutes = if self.rest.is_empty() { 0 } else { self.two()? };
                if hours > 18 || minutes > 59 {
                    return None;
                }
                let seconds = (hours * 3600 + minutes * 60) as i32;
                Some(Some(if sign == b'-' { -seconds } else { seconds }))
            }
            Some(_) => {
                let word = self.word();
                (matches!(word, "Z" | "z" | "UTC" | "GMT")).then_some(Some(0))
            }
        }
    }
}
