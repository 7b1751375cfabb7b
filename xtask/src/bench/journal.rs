//! The touchpoint log: one row an event of one person, in order of time but for late arrivals, with notes that need quotes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::date;

use crate::sample::random::Random;

const SEED: u64 = 0x6265_6E63_6863_7376;

/// Days of the log, from the first of October 2025.
const DAYS: i64 = 365;

/// Events per person, on average.
const EVENTS: u64 = 5;

pub(super) const PRODUCTS: usize = 20;
pub(super) const STAGES: [&str; 8] = ["aware", "engage", "subscribe", "convert", "excite", "ascend", "advocate", "promote"];

/// How many of 100 events are at a stage or before it.
const UP_TO: [i64; 8] = [30, 52, 68, 80, 88, 94, 98, 100];
const CHANNELS: [&str; 6] = ["email", "organic", "paid social", "referral", "direct", "display"];
const COUNTRIES: [&str; 5] = ["US", "CA", "GB", "DE", "AU"];

/// A product's name.
pub(super) fn product(number: usize) -> String {
    format!("Service {number:02}")
}

/// Writes the log: the same bytes for the same number of rows.
pub(super) fn write(rows: u64, path: &Path) -> std::io::Result<()> {
    let mut random = Random::new(SEED);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let first = date(2025, 10, 1);
    // Late arrivals reach two days further.
    let days: Vec<String> = (0..DAYS + 2).map(|day| first.saturating_add(day.days()).to_string()).collect();
    let contacts = (rows / EVENTS).max(1) as i64;
    writeln!(out, "event_id,contact_id,product,stage,occurred_at,channel,revenue,country,utm_campaign,notes")?;
    for row in 0..rows {
        let contact = random.between(1, contacts);
        // Most people look at one product, some at a second.
        let number = (contact as usize * 7 + usize::from(random.chance(150))) % PRODUCTS;
        let drawn = random.between(1, 100);
        let stage = UP_TO.iter().position(|up_to| drawn <= *up_to).unwrap_or(0);
        let late = if random.chance(200) { random.between(0, 2 * 86_400 - 1) } else { 0 };
        let second = ((row as i64 * (DAYS - 2) * 86_400) / rows.max(1) as i64) + late;
        let (day, second) = (&days[(second / 86_400) as usize], second % 86_400);
        let cents = if matches!(stage, 3 | 5) { random.between(500, 99_999) } else { 0 };
        write!(
            out,
            "{row},c{contact:07},Service {number:02},{},{day}T{:02}:{:02}:{:02},{},{}.{:02},{},",
            STAGES[stage],
            second / 3600,
            second / 60 % 60,
            second % 60,
            random.pick(&CHANNELS),
            cents / 100,
            cents % 100,
            random.pick(&COUNTRIES),
        )?;
        write!(out, "campaign-{:02},", random.between(1, 40))?;
        match random.between(0, 99) {
            0 => out.write_all(b"\"called back,\nagreed to a visit\"\n")?,
            1..=4 => out.write_all(b"\"said \"\"maybe later\"\", asked for a price\"\n")?,
            5..=24 => out.write_all(b"\"opened twice, clicked once\"\n")?,
            25..=39 => out.write_all(b"imported\n")?,
            _ => out.write_all(b"\n")?,
        }
    }
    out.flush()
}

/// The client over the log: one touchpoint definition gives people, revenue and the journeys.
pub(super) fn config(file: &str) -> String {
    let mut text = "[client]\nname = \"Bench\"\ncurrency = \"USD\"\ntimezone = \"UTC\"\n\n\
                    [report]\nperiod = \"month\"\nhistory = 12\nas_of = \"2026-10-01\"\n\n"
        .to_owned();
    for number in 0..PRODUCTS {
        text.push_str("[[product]]\nname = \"");
        text.push_str(&product(number));
        text.push_str("\"\n\n");
    }
    text.push_str("[source.events]\nplugin = \"csv\"\npath = \"");
    text.push_str(file);
    text.push_str(
        "\"\n\n[[touchpoint]]\nstage = { column = \"stage\" }\nfrom = \"events\"\nperson = \"contact_id\"\nat = \"occurred_at\"\n\
         product = \"product\"\nvalue = \"revenue\"\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_the_same_every_time_and_has_what_makes_csv_hard() {
        let file = |name: &str| std::env::temp_dir().join(format!("cvj-bench-{name}-{}.csv", std::process::id()));
        let (one, two) = (file("one"), file("two"));
        let written = write(2000, &one).and_then(|()| write(2000, &two)).and_then(|()| std::fs::read(&one));
        let same = std::fs::read(&two).is_ok_and(|bytes| written.as_ref().is_ok_and(|first| *first == bytes));
        let _ = (std::fs::remove_file(&one), std::fs::remove_file(&two));
        assert!(same);
        let text = String::from_utf8(written.unwrap_or_default()).unwrap_or_default();
        for wanted in ["\"called back,\nagreed", "\"\"maybe later\"\"", ",2025-10-01T", ",2026-09-", ",promote,", "Service 19"] {
            assert!(text.contains(wanted), "{wanted}");
        }
        assert!((80..120).contains(&(text.len() / 2000)), "{} bytes a row", text.len() / 2000);
    }
}
