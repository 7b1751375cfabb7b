//! The CSV exports, each in the shape in which its kind of platform writes it.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::calendar::Calendar;
use super::world::{Volume, World};

/// A file: its name in `exports/`, its bytes.
pub(super) type File = (String, Vec<u8>);

/// A cell as a spreadsheet program would quote it.
fn quoted(cell: &str, delimiter: char) -> String {
    if cell.contains([delimiter, '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

fn line(out: &mut String, cells: &[&str], delimiter: char) {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell, delimiter)).collect();
    out.push_str(&cells.join(&delimiter.to_string()));
    out.push('\n');
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Every CSV export.
pub(super) fn csv_exports(world: &World, calendar: &Calendar) -> Result<Vec<File>, String> {
    let mut files = landing_pages(world);
    files.push(("meta-ads.csv".to_owned(), ads(world)));
    files.push(("events.csv".to_owned(), events(world, calendar)?));
    files.push(("newsletter.csv".to_owned(), newsletter(world)));
    files.push(("shop-orders.csv".to_owned(), orders(world, calendar)?));
    files.push(("onboarding.csv".to_owned(), onboarding(world)));
    files.push(("referrals.csv".to_owned(), referrals(world)));
    Ok(files)
}

/// Web analytics, a file per calendar quarter: `ga4-landing-pages-2026-q4.csv`.
fn landing_pages(world: &World) -> Vec<File> {
    let mut files: Vec<(String, String)> = Vec::new();
    for row in &world.visits {
        let name = format!("ga4-landing-pages-{}-q{}.csv", row.day.year(), (row.day.month() - 1) / 3 + 1);
        if files.last().is_none_or(|(last, _)| *last != name) {
            files.push((name, "Date,Landing page,Session medium,Sessions,Total users,Engaged sessions,Key events\n".to_owned()));
        }
        if let Some((_, text)) = files.last_mut() {
            let numbers = [row.sessions, row.users, row.engaged, row.key_events].map(|number| number.to_string());
            let [sessions, users, engaged, key_events] = numbers.each_ref().map(String::as_str);
            line(text, &[&row.day.to_string(), &row.named.text, row.medium, sessions, users, engaged, key_events], ',');
        }
    }
    files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// An ad platform: byte-order mark, every cell quoted, CR LF.
fn ads(world: &World) -> Vec<u8> {
    let mut out = "\u{feff}\"Day\",\"Campaign name\",\"Impressions\",\"Link clicks\",\"Amount spent (USD)\"\r\n".to_owned();
    for row in &world.ads {
        let spent = row.cents.map_or_else(|| "pending".to_owned(), money);
        let _ = write!(out, "\"{}\",\"{}\",\"{}\",\"{}\",\"{spent}\"\r\n", row.day, row.named.text, row.impressions, row.clicks);
    }
    out.into_bytes()
}

/// The CRM's engagement log: times in UTC, the stage in a column.
fn events(world: &World, calendar: &Calendar) -> Result<Vec<u8>, String> {
    let mut out = "contact_email,stage,occurred_at,product\n".to_owned();
    for row in &world.log {
        let at = match row.at {
            Some(at) => calendar.zoned(at)?.with_time_zone(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            None => "unknown".to_owned(),
        };
        line(&mut out, &[&row.contact.text, &row.stage_text, &at, &row.named.text], ',');
    }
    Ok(out.into_bytes())
}

/// A European newsletter tool: semicolons, day.month.year, decimal commas.
fn newsletter(world: &World) -> Vec<u8> {
    let mut out = "E-Mail;Signed up;Interest;Quote volume (m3);Source\n".to_owned();
    for (number, row) in world.sign_ups.iter().enumerate() {
        let at = row.at.map_or_else(|| "n/a".to_owned(), |at| at.strftime("%d.%m.%Y %H:%M").to_string());
        let volume = match row.volume {
            Volume::Tenths(tenths) => format!("{},{}", tenths / 10, tenths % 10),
            Volume::Empty => String::new(),
            Volume::Unreadable => "a lot".to_owned(),
        };
        let source = ["Website form", "Moving checklist", "Quote calculator"][number % 3];
        line(&mut out, &[&row.contact.text, &at, &row.named.text, &volume, source], ';');
    }
    out.into_bytes()
}

/// A shop: a row per line item, times with the shop's offset.
fn orders(world: &World, calendar: &Calendar) -> Result<Vec<u8>, String> {
    let mut out =
        "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price\n".to_owned();
    for (number, order) in world.orders.iter().enumerate() {
        let name = format!("#{}", 1001 + number);
        let status = if order.refunded { "refunded" } else { "paid" };
        let total = money(order.lines.iter().filter_map(|line| line.cents).sum());
        let at = calendar.zoned(order.at)?.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        for item in &order.lines {
            let price = item.cents.map_or_else(|| "to be quoted".to_owned(), money);
            line(&mut out, &[&name, &order.contact.text, status, "USD", &total, &at, "1", &item.named.text, &price], ',');
        }
    }
    Ok(out.into_bytes())
}

/// The crews' job sheet: month/day/year.
fn onboarding(world: &World) -> Vec<u8> {
    let mut out = "Customer email,Service,Completed at,Arrival\n".to_owned();
    for row in &world.moves {
        let at = row.at.map_or_else(|| "not scheduled".to_owned(), |at| at.strftime("%-m/%-d/%Y %-H:%M").to_string());
        line(&mut out, &[&row.contact.text, &row.named.text, &at, if row.on_time { "on time" } else { "late" }], ',');
    }
    out.into_bytes()
}

/// The referral programme.
fn referrals(world: &World) -> Vec<u8> {
    let mut out = "Referrer email,Referred email,Referred on,Service,Reward (USD)\n".to_owned();
    for row in &world.referrals {
        let at = row.at.strftime("%Y-%m-%d %H:%M").to_string();
        line(&mut out, &[&row.referrer.text, &row.referred.text, &at, &row.named.text, &money(row.reward_cents)], ',');
    }
    out.into_bytes()
}
