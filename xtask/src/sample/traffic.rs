//! The aggregate exports: a web analytics platform's landing pages and an ad platform's campaigns, day by day.

use jiff::ToSpan;
use jiff::civil::Weekday;

use super::calendar::{MONTHS, as_of, month_of, month_start};
use super::random::Random;
use super::world::{AdDay, Named, Product, Visits, World};

/// A landing page: sessions on an ordinary day, growth a month, engaged sessions and key events, of 1000 each.
struct Page {
    path: &'static str,
    product: Option<Product>,
    sessions: i64,
    growth: i64,
    engaged: i64,
    key_events: i64,
}

const fn page(path: &'static str, product: Option<Product>, sessions: i64, growth: i64, engaged: i64, key_events: i64) -> Page {
    Page { path, product, sessions, growth, engaged, key_events }
}

const PAGES: [Page; 6] = [
    page("/local-move", Some(0), 120, 2, 540, 62),
    page("/local-move/quote", Some(0), 34, 2, 660, 118),
    page("/long-distance", Some(1), 38, 75, 590, 84),
    page("/storage", Some(2), 45, 0, 520, 70),
    page("/blog/packing-tips", None, 22, 5, 610, 12),
    page("(not set)", None, 2, 0, 200, 0),
];

/// Campaigns: name, product, clicks on an ordinary day, growth a month in permille, cents a click.
const CAMPAIGNS: [(&str, Option<Product>, i64, i64, i64); 4] = [
    ("Local move | prospecting", Some(0), 38, 0, 118),
    ("Local move | retargeting", Some(0), 11, 0, 86),
    ("Long distance | prospecting", Some(1), 16, 50, 164),
    ("Brand | always on", None, 6, 0, 45),
];

/// Moves are a summer business: permille of an ordinary month, from September.
const SEASON: [i64; MONTHS as usize + 1] = [1040, 1000, 900, 820, 800, 850, 950, 1020, 1100, 1180, 1200, 1150, 1060, 1010, 900];

/// Adds every day's visits and ads to the world.
pub(super) fn add_traffic(random: &mut Random, world: &mut World) {
    let mut day = month_start(0);
    while day < as_of() {
        let month = month_of(day);
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let level = SEASON[month as usize] * if weekend { 72 } else { 108 } / 100;
        for Page { path, product, sessions, growth, engaged, key_events } in PAGES {
            let expected = sessions * level / 1000 * (1000 + growth * month) / 1000;
            if expected == 0 || path == "(not set)" && random.chance(700) {
                continue;
            }
            let sessions = (expected * random.between(880, 1120) / 1000).max(1);
            let users = sessions * random.between(800, 940) / 1000;
            // A new moving guide lifts the long-distance page's opt-ins in the last month.
            let lift = if product == Some(1) && month >= MONTHS - 1 { 320 } else { 0 };
            let named = Named { text: path.to_owned(), product };
            world.visits.push(Visits {
                day,
                named: named.clone(),
                medium: random.pick(&["organic", "organic", "cpc", "referral"]),
                sessions,
                users,
                engaged: sessions * (engaged + random.between(-40, 40)) / 1000,
                key_events: (users * key_events * (1000 + lift) / 1000 + random.between(0, 999)) / 1000,
            });
            if path == "/local-move" && random.chance(300) {
                let sessions = random.between(2, 9);
                world.visits.push(Visits { day, named, medium: "internal", sessions, users: 2, engaged: 2, key_events: 0 });
            }
        }
        for (campaign, product, base, growth, price) in CAMPAIGNS {
            let clicks = (base * level / 1000 * (1000 + growth * month) / 1000 * random.between(800, 1200) / 1000).max(1);
            // The auction has become dearer since September 2026.
            let dearer = if product == Some(0) && month >= MONTHS - 1 { 240 } else { 0 };
            let cents = clicks * price * (1000 + dearer) / 1000 + random.between(-90, 90);
            let named = Named { text: campaign.to_owned(), product };
            let impressions = clicks * random.between(48, 90);
            world.ads.push(AdDay { day, named, impressions, clicks, cents: Some(cents.max(10)) });
        }
        day = day.saturating_add(1.day());
    }
}
