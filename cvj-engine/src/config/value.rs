//! `[value]` and `[[rung]]`: what customers are worth and cost, and the ladder that they climb.

use cvj_core::nearest::nearest;
use cvj_core::{Metric, Unit};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, LONGEST_WINDOW, Step};
use crate::error::EngineError;
use crate::products::{Products, UNASSIGNED};

/// `[value]`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ValueSettings {
    /// Names of money metrics that together are the spend on sales and marketing.
    pub spend: Vec<String>,
    /// Periods from spend to the customers it wins (default 0: the same period).
    pub lag: u32,
    /// Gross margin of the entry offer, a fraction.
    pub margin: Option<f64>,
    /// Years that a customer stays.
    pub lifespan: Option<f64>,
    /// Days from the first order within which a second makes a repeat purchase; left out: the window into Ascend.
    pub repeat_days: Option<u32>,
}

/// `[[rung]]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// The rung's name.
    pub name: String,
    /// Products on it: names or aliases.
    pub products: Vec<String>,
    /// Its price in the client's currency.
    pub price: Option<f64>,
}

impl Config {
    /// Checks what can be checked without the plugins' own definitions.
    pub(super) fn check_value(&self) -> Result<(), EngineError> {
        let fail = |key, message: String, hint: &str| {
            Err(self.error(&[Step::Key("value"), Step::Key(key)], message, Some(hint.to_owned())))
        };
        let settings = &self.value;
        if let Some(margin) = settings.margin.filter(|margin| !(0.0..=1.0).contains(margin)) {
            return fail("margin", format!("{margin} is no margin"), "a margin is a fraction: 0.35 is 35 %");
        }
        if let Some(years) = settings.lifespan.filter(|years| !(*years > 0.0 && years.is_finite())) {
            return fail("lifespan", format!("{years} years are no time that a customer stays"), "write the years: 3 or 2.5");
        }
        if let Some(days) = settings.repeat_days.filter(|days| !(1..=LONGEST_WINDOW).contains(days)) {
            let hint = format!("from 1 to {LONGEST_WINDOW} are allowed");
            return fail("repeat_days", format!("a repeat purchase cannot have {days} days"), &hint);
        }
        if settings.lag >= self.report.history {
            let message =
                format!("the history of {} has no period that lies {} before the last", self.report.history, settings.lag);
            return fail("lag", message, "`history` in [report] says how many periods are computed");
        }
        for (index, name) in settings.spend.iter().enumerate() {
            if settings.spend[..index].contains(name) {
                let path = [Step::Key("value"), Step::Key("spend"), Step::Index(index)];
                return Err(self.error(&path, format!("`{name}` is named twice"), Some("remove one".to_owned())));
            }
        }
        self.check_rungs()
    }

    fn check_rungs(&self) -> Result<(), EngineError> {
        let products = Products::new(self.products.iter().map(|product| (product.name.as_str(), product.aliases.as_slice())));
        let mut seen = Vec::new();
        for (index, rung) in self.rungs.iter().enumerate() {
            let path = |key| [Step::Key("rung"), Step::Index(index), Step::Key(key)];
            if self.rungs[..index].iter().any(|other| other.name == rung.name) {
                let hint = "give each rung a name of its own".to_owned();
                return Err(self.error(&path("name"), format!("rung `{}` is declared twice", rung.name), Some(hint)));
            }
            if rung.products.is_empty() {
                let hint = "name the products on it".to_owned();
                return Err(self.error(&path("products"), format!("rung `{}` has no product", rung.name), Some(hint)));
            }
            if rung.price.is_some_and(|price| !(price >= 0.0 && price.is_finite())) {
                let hint = "remove it where there is none".to_owned();
                return Err(self.error(&path("price"), "a price is not below 0".to_owned(), Some(hint)));
            }
            for (place, name) in rung.products.iter().enumerate() {
                let fail = |message: String, hint: String| {
                    let path = [&path("products")[..], &[Step::Index(place)]].concat();
                    Err(self.error(&path, message, Some(hint)))
                };
                let product = products.resolve(name);
                if product == UNASSIGNED {
                    let names = || self.products.iter().map(|product| product.name.as_str());
                    let hint = nearest(name, names()).map_or_else(
                        || format!("the products are {}", names().collect::<Vec<_>>().join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    return fail(format!("there is no product `{name}`"), hint);
                }
                if seen.contains(&product) {
                    return fail(
                        format!("`{name}` is on two rungs"),
                        "a product is on one rung: remove it from the other".to_owned(),
                    );
                }
                seen.push(product);
            }
        }
        Ok(())
    }

    /// Checks that the spend is made of metrics of money; `metrics`: those in force.
    pub(crate) fn check_spend<'a>(&self, metrics: &(impl Iterator<Item = &'a Metric> + Clone)) -> Result<(), EngineError> {
        for (index, name) in self.value.spend.iter().enumerate() {
            let fail = |message: String, hint: String| {
                Err(self.error(&[Step::Key("value"), Step::Key("spend"), Step::Index(index)], message, Some(hint)))
            };
            let mut named = metrics.clone().filter(|metric| metric.name == *name).peekable();
            if named.peek().is_none() {
                let money = || metrics.clone().filter(|metric| metric.unit == Unit::Money).map(|metric| metric.name.as_str());
                let near = nearest(name, money());
                let hint = near.map_or_else(
                    || "name a [[metric]] with unit = \"money\"".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                return fail(format!("there is no metric `{name}`"), hint);
            }
            if named.any(|metric| metric.unit != Unit::Money) {
                return fail(format!("metric `{name}` is no money"), "spend is made of metrics with unit = \"money\"".to_owned());
            }
        }
        Ok(())
    }
}
