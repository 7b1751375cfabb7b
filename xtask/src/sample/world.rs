//! What happened at Northwind Moving, row by row, as the platforms recorded it: the truth that exports are written from.
//!
//! Every row carries what it means (who, which product, when) beside what it says, so that the expected numbers need no parsing.

use jiff::civil::{Date, DateTime};

/// The products, in order of importance.
pub(super) const PRODUCTS: [&str; 3] = ["Local move", "Long distance", "Storage"];

/// Position in [`PRODUCTS`].
pub(super) type Product = usize;

/// Position in [`World::people`].
pub(super) type Person = usize;

/// The eight stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Aware,
    Engage,
    Subscribe,
    Convert,
    Excite,
    Ascend,
    Advocate,
    Promote,
}

impl Stage {
    pub(super) const ALL: [Self; 8] =
        [Self::Aware, Self::Engage, Self::Subscribe, Self::Convert, Self::Excite, Self::Ascend, Self::Advocate, Self::Promote];

    pub(super) fn key(self) -> &'static str {
        ["aware", "engage", "subscribe", "convert", "excite", "ascend", "advocate", "promote"][self as usize]
    }
}

/// What a cell says about the product, and which one is meant: none where it matches none.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) text: String,
    pub(super) product: Option<Product>,
}

/// An e-mail cell, and who is meant: nobody where it is empty.
#[derive(Clone)]
pub(super) struct Contact {
    pub(super) text: String,
    pub(super) person: Option<Person>,
}

/// A row of the engagement log. `at` is none where the cell cannot be read, `stage` where no stage is meant.
pub(super) struct LogEntry {
    pub(super) contact: Contact,
    pub(super) stage_text: String,
    pub(super) stage: Option<Stage>,
    pub(super) at: Option<DateTime>,
    pub(super) named: Named,
}

/// A newsletter sign-up; the volume in tenths of a cubic metre.
pub(super) struct SignUp {
    pub(super) contact: Contact,
    pub(super) at: Option<DateTime>,
    pub(super) named: Named,
    pub(super) volume: Volume,
}

/// The volume that a visitor typed into the quote form.
#[derive(Clone, Copy)]
pub(super) enum Volume {
    Tenths(i64),
    Empty,
    Unreadable,
}

/// A shop order.
pub(super) struct Order {
    pub(super) contact: Contact,
    pub(super) at: DateTime,
    pub(super) refunded: bool,
    pub(super) lines: Vec<Line>,
}

/// A line item; no price where its cell cannot be read.
pub(super) struct Line {
    pub(super) named: Named,
    pub(super) cents: Option<i64>,
}

/// A finished move. The date is none where none was entered.
pub(super) struct Move {
    pub(super) contact: Contact,
    pub(super) at: Option<DateTime>,
    pub(super) named: Named,
    pub(super) on_time: bool,
}

/// A review or a survey answer: stars or the likelihood to recommend. The date is none where none was entered.
pub(super) struct Answer {
    pub(super) contact: Contact,
    pub(super) at: Option<DateTime>,
    pub(super) named: Named,
    pub(super) score: i64,
}

/// A referral.
pub(super) struct Referral {
    pub(super) referrer: Contact,
    pub(super) referred: Contact,
    pub(super) at: DateTime,
    pub(super) named: Named,
    pub(super) reward_cents: i64,
}

/// A day of a landing page in web analytics.
pub(super) struct Visits {
    pub(super) day: Date,
    pub(super) named: Named,
    pub(super) medium: &'static str,
    pub(super) sessions: i64,
    pub(super) users: i64,
    pub(super) engaged: i64,
    pub(super) key_events: i64,
}

/// A day of an ad campaign; no amount where its cell cannot be read.
pub(super) struct AdDay {
    pub(super) day: Date,
    pub(super) named: Named,
    pub(super) impressions: i64,
    pub(super) clicks: i64,
    pub(super) cents: Option<i64>,
}

/// Everything that happened.
#[derive(Default)]
pub(super) struct World {
    /// E-mail addresses.
    pub(super) people: Vec<String>,
    pub(super) log: Vec<LogEntry>,
    pub(super) sign_ups: Vec<SignUp>,
    pub(super) orders: Vec<Order>,
    pub(super) moves: Vec<Move>,
    pub(super) reviews: Vec<Answer>,
    pub(super) surveys: Vec<Answer>,
    pub(super) referrals: Vec<Referral>,
    pub(super) visits: Vec<Visits>,
    pub(super) ads: Vec<AdDay>,
}
