//! From what happened to what counts: touchpoints, metric observations, rejected rows and unassigned values.
//!
//! This is the generator's own reading of `examples/northwind/cvj.toml`, hand-written row kind by row kind; it parses no file.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::{Calendar, Seconds};
use super::world::{Named, Person, Product, Stage, Volume, World};

/// The sources, in the order of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Web,
    Ads,
    Events,
    Newsletter,
    Shop,
    Onboarding,
    Feedback,
    Referrals,
}

impl Source {
    pub(super) fn name(self) -> &'static str {
        ["web", "ads", "events", "newsletter", "shop", "onboarding", "feedback", "referrals"][self as usize]
    }
}

/// One person reaching one stage.
#[derive(Clone)]
pub(super) struct Touch {
    pub(super) person: Person,
    pub(super) stage: Stage,
    pub(super) product: Option<Product>,
    pub(super) at: Seconds,
    pub(super) cents: i64,
}

/// One row's part of a metric.
pub(super) struct Observation {
    pub(super) at: Seconds,
    pub(super) product: Option<Product>,
    /// What is summed, in the metric's smallest unit.
    pub(super) amount: i64,
    /// What it is divided by.
    pub(super) weight: i64,
    /// The order it belongs to.
    pub(super) order: usize,
}

/// What one export's table gives.
pub(super) struct Table {
    pub(super) source: Source,
    /// The table's name where the source has several.
    pub(super) name: &'static str,
    pub(super) rows_read: usize,
    pub(super) rows_rejected: usize,
    /// Every readable time, used or not.
    pub(super) times: Vec<Seconds>,
    /// By lower-cased value: first spelling, rows.
    pub(super) unassigned: BTreeMap<String, (String, usize)>,
}

impl Table {
    fn new(source: Source, name: &'static str) -> Self {
        Self { source, name, rows_read: 0, rows_rejected: 0, times: Vec::new(), unassigned: BTreeMap::new() }
    }

    /// Counts a row: whether some definition rejects it, and whether one that wants a product uses it. A rejected row is not also
    /// unassigned.
    fn row(&mut self, at: Option<Seconds>, rejected: bool, named: &Named, used: bool) {
        self.rows_read += 1;
        self.rows_rejected += usize::from(rejected);
        self.times.extend(at);
        if used && !rejected && named.product.is_none() {
            let spelling = named.text.trim();
            self.unassigned.entry(spelling.to_lowercase()).or_insert_with(|| (spelling.to_owned(), 0)).1 += 1;
        }
    }
}

/// Everything that counts.
#[derive(Default)]
pub(super) struct Truth {
    pub(super) tables: Vec<Table>,
    pub(super) touches: Vec<Touch>,
    pub(super) sessions: Vec<Observation>,
    pub(super) engagement: Vec<Observation>,
    pub(super) opt_ins: Vec<Observation>,
    pub(super) spend: Vec<Observation>,
    pub(super) volumes: Vec<Observation>,
    pub(super) paid_lines: Vec<Observation>,
    pub(super) order_lines: Vec<Observation>,
    pub(super) on_time: Vec<Observation>,
    pub(super) stars: Vec<Observation>,
    pub(super) answers: Vec<Observation>,
    pub(super) rewards: Vec<Observation>,
}

/// One person's orders of one product: the cents of each, by time and number.
type Orders = BTreeMap<(Seconds, usize), i64>;

fn observed(at: Seconds, product: Option<Product>, amount: i64, weight: i64) -> Observation {
    Observation { at, product, amount, weight, order: 0 }
}

impl Truth {
    /// Reads the world as the configuration says.
    pub(super) fn of(world: &World, calendar: &Calendar) -> Result<Self, String> {
        let history = calendar.history()?;
        let in_history =
            |at: Seconds| history.first().is_some_and(|first| first.0 <= at) && history.last().is_some_and(|last| at < last.1);
        let mut truth = Self::default();
        truth.traffic(world, calendar, &in_history)?;
        truth.log(world, calendar)?;
        truth.sign_ups(world, calendar, &in_history)?;
        truth.orders(world, calendar, &in_history)?;
        truth.operations(world, calendar)?;
        truth.referrals(world, calendar)?;
        Ok(truth)
    }

    fn touch(&mut self, person: Option<Person>, stage: Stage, product: Option<Product>, at: Seconds) {
        if let Some(person) = person {
            self.touches.push(Touch { person, stage, product, at, cents: 0 });
        }
    }

    fn traffic(&mut self, world: &World, calendar: &Calendar, in_history: &impl Fn(Seconds) -> bool) -> Result<(), String> {
        let mut web = Table::new(Source::Web, "web");
        for row in &world.visits {
            let at = calendar.midnight(row.day)?;
            let kept = row.medium != "internal";
            web.row(Some(at), false, &row.named, kept && in_history(at));
            if kept {
                let product = row.named.product;
                self.sessions.push(observed(at, product, row.sessions, 0));
                self.engagement.push(observed(at, product, row.engaged, row.sessions));
                self.opt_ins.push(observed(at, product, row.key_events, row.users));
            }
        }
        let mut ads = Table::new(Source::Ads, "ads");
        for row in &world.ads {
            let at = calendar.midnight(row.day)?;
            ads.row(Some(at), row.cents.is_none() && in_history(at), &row.named, row.cents.is_some() && in_history(at));
            if let Some(cents) = row.cents {
                self.spend.push(observed(at, row.named.product, cents, row.clicks));
            }
        }
        self.tables.extend([web, ads]);
        Ok(())
    }

    fn log(&mut self, world: &World, calendar: &Calendar) -> Result<(), String> {
        let mut table = Table::new(Source::Events, "events");
        for row in &world.log {
            let at = row.at.map(|at| calendar.instant(at)).transpose()?;
            let used = at.is_some() && row.contact.person.is_some() && row.stage.is_some();
            table.row(at, !used, &row.named, used);
            if let (Some(at), Some(stage)) = (at, row.stage) {
                self.touch(row.contact.person, stage, row.named.product, at);
            }
        }
        self.tables.push(table);
        Ok(())
    }

    fn sign_ups(&mut self, world: &World, calendar: &Calendar, in_history: &impl Fn(Seconds) -> bool) -> Result<(), String> {
        let mut table = Table::new(Source::Newsletter, "newsletter");
        for row in &world.sign_ups {
            let at = row.at.map(|at| calendar.instant(at)).transpose()?;
            let Some(at) = at else {
                table.row(None, true, &row.named, false);
                continue;
            };
            let touches = row.contact.person.is_some();
            let unreadable = matches!(row.volume, Volume::Unreadable);
            table.row(Some(at), !touches || unreadable && in_history(at), &row.named, touches || !unreadable && in_history(at));
            self.touch(row.contact.person, Stage::Subscribe, row.named.product, at);
            if let Volume::Tenths(tenths) = row.volume {
                self.volumes.push(observed(at, row.named.product, tenths, 1));
            }
        }
        self.tables.push(table);
        Ok(())
    }

    /// A person's first paid order of a product converts, later ones ascend; an order's lines of one product are one occurrence.
    fn orders(&mut self, world: &World, calendar: &Calendar, in_history: &impl Fn(Seconds) -> bool) -> Result<(), String> {
        let mut table = Table::new(Source::Shop, "shop");
        let mut buyers: BTreeMap<(Person, Option<Product>), Orders> = BTreeMap::new();
        for (number, order) in world.orders.iter().enumerate() {
            let at = calendar.instant(order.at)?;
            for line in &order.lines {
                let kept = !order.refunded;
                let complete = order.contact.person.is_some() && line.cents.is_some();
                table.row(Some(at), kept && !complete, &line.named, kept && (complete || in_history(at)));
                if !kept {
                    continue;
                }
                let product = line.named.product;
                self.order_lines.push(Observation { at, product, amount: 0, weight: 0, order: number });
                if let Some(cents) = line.cents {
                    self.paid_lines.push(Observation { at, product, amount: cents, weight: 0, order: number });
                }
                if let (Some(person), Some(cents)) = (order.contact.person, line.cents) {
                    *buyers.entry((person, product)).or_default().entry((at, number)).or_default() += cents;
                }
            }
        }
        for ((person, product), orders) in buyers {
            for (rank, ((at, _), cents)) in orders.into_iter().enumerate() {
                let stage = if rank == 0 { Stage::Convert } else { Stage::Ascend };
                self.touches.push(Touch { person, stage, product, at, cents });
            }
        }
        self.tables.push(table);
        Ok(())
    }

    fn operations(&mut self, world: &World, calendar: &Calendar) -> Result<(), String> {
        let mut onboarding = Table::new(Source::Onboarding, "onboarding");
        for row in &world.moves {
            let at = row.at.map(|at| calendar.instant(at)).transpose()?;
            onboarding.row(at, at.is_none() || row.contact.person.is_none(), &row.named, true);
            if let Some(at) = at {
                self.touch(row.contact.person, Stage::Excite, row.named.product, at);
                self.on_time.push(observed(at, row.named.product, i64::from(row.on_time), 1));
            }
        }
        let mut reviews = Table::new(Source::Feedback, "reviews");
        for row in &world.reviews {
            let at = row.at.map(|at| calendar.instant(at)).transpose()?;
            reviews.row(at, at.is_none() || row.score >= 4 && row.contact.person.is_none(), &row.named, true);
            let Some(at) = at else { continue };
            self.stars.push(observed(at, row.named.product, row.score, 1));
            if row.score >= 4 {
                self.touch(row.contact.person, Stage::Advocate, row.named.product, at);
            }
        }
        let mut surveys = Table::new(Source::Feedback, "nps");
        for row in &world.surveys {
            let at = row.at.map(|at| calendar.instant(at)).transpose()?;
            surveys.row(at, at.is_none(), &row.named, true);
            let Some(at) = at else { continue };
            self.answers.push(observed(at, row.named.product, row.score, 1));
            if row.score >= 9 {
                self.touch(row.contact.person, Stage::Advocate, row.named.product, at);
            }
        }
        self.tables.extend([onboarding, reviews, surveys]);
        Ok(())
    }

    fn referrals(&mut self, world: &World, calendar: &Calendar) -> Result<(), String> {
        let mut table = Table::new(Source::Referrals, "referrals");
        for row in &world.referrals {
            let at = calendar.instant(row.at)?;
            table.row(Some(at), row.referrer.person.is_none() || row.referred.person.is_none(), &row.named, true);
            self.touch(row.referrer.person, Stage::Promote, row.named.product, at);
            self.touch(row.referred.person, Stage::Aware, row.named.product, at);
            self.rewards.push(observed(at, row.named.product, row.reward_cents, 1));
        }
        self.tables.push(table);
        Ok(())
    }

    /// Whether a source has any row in `[start, end)`.
    pub(super) fn has_rows(&self, source: Source, (start, end): (Seconds, Seconds)) -> bool {
        self.tables
            .iter()
            .filter(|table| table.source == source)
            .any(|table| table.times.iter().any(|at| (start..end).contains(at)))
    }

    /// Distinct orders among observations.
    pub(super) fn distinct_orders(observations: &[&Observation]) -> i64 {
        observations.iter().map(|observation| observation.order).collect::<BTreeSet<_>>().len() as i64
    }
}
