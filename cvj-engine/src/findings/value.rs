//! What customers are worth and cost, as `docs/journeys.md` defines it.

use cvj_core::report::{MetricReport, StageReport, ValueMetric};
use cvj_core::stats::wilson;
use cvj_core::{Stage, Unit};

use crate::assemble::Material;
use crate::journey::Orders;
use crate::products::ProductCode;

/// Days of a year.
const YEAR: f64 = 365.25;

/// Why a number is not measured: what would fill it.
type Missing = String;

/// A number with what it is made of.
#[derive(Clone, Copy, Debug)]
struct Number {
    value: f64,
    parts: Option<(f64, f64)>,
    interval: Option<[f64; 2]>,
}

impl Number {
    fn plain(value: f64) -> Self {
        Self { value, parts: None, interval: None }
    }

    fn ratio(numerator: f64, denominator: f64, interval: Option<[f64; 2]>) -> Self {
        Self { value: numerator / denominator, parts: Some((numerator, denominator)), interval }
    }
}

/// The numbers of a scope with these stages, in the order of the documentation.
pub(super) fn value(material: &Material<'_>, product: Option<ProductCode>, stages: &[StageReport]) -> Vec<ValueMetric> {
    let orders = &material.journeys.of_scope(product).orders;
    let period = material.calendar.period(*material.bounds.periods.end()).label();
    let scope = Scope { material, product, stages, orders, period };
    let settings = &material.config.value;
    let days = material.bounds.repeat_days;
    let spend = settings.spend.join(" + ");
    let spend = if spend.is_empty() { "Spend".to_owned() } else { spend };
    let before = match settings.lag {
        0 => format!(" in {}", scope.period),
        lag => format!(", {lag} {} before {}", if lag == 1 { "period" } else { "periods" }, scope.period),
    };
    let margin = settings.margin.map_or_else(|| "the gross margin".to_owned(), |margin| margin.to_string());
    let lifespan = settings.lifespan.map_or_else(|| "the years a customer stays".to_owned(), |years| format!("{years} years"));
    let period = &scope.period;
    let metrics = [
        (
            "Repeat purchase rate",
            Unit::Percent,
            format!(
                "Customers who ordered again within {days} days of their first order, of those whose first order lies in the history and is that old."
            ),
            scope.repeat_rate(days),
        ),
        (
            "Average order value",
            Unit::Money,
            "Revenue of the orders in the history ÷ their number.".to_owned(),
            scope.order_value(),
        ),
        (
            "Purchase frequency",
            Unit::Number,
            "Orders in the history ÷ the customers who placed them.".to_owned(),
            scope.frequency(),
        ),
        (
            "Customer lifetime value (simple)",
            Unit::Money,
            format!("Average order value × orders a customer and year, from the first period with an order on × {lifespan}."),
            scope.lifetime_value(),
        ),
        (
            "Acquisition cost (CAC)",
            Unit::Money,
            format!("{spend}{before} ÷ the people who entered Convert in {period}."),
            scope.acquisition_cost(),
        ),
        (
            "Acquisition cost without referrals",
            Unit::Money,
            format!("{spend}{before} ÷ the people who entered Convert in {period} and had not been referred by then."),
            scope.acquisition_cost_without_referrals(),
        ),
        (
            "Entry-offer break-even",
            Unit::Money,
            format!(
                "Revenue at Convert in {period} ÷ the people who entered it × {margin} − acquisition cost: what is left of a new customer's first order."
            ),
            scope.break_even(),
        ),
        (
            "Referral rate",
            Unit::Percent,
            format!("People who referred someone in the history ÷ customers before the end of {period}."),
            scope.referral_rate(),
        ),
        (
            "k-factor",
            Unit::Number,
            format!(
                "Invitations in the history ÷ customers before the end of {period} × the share of referred people who then came to Convert."
            ),
            scope.k_factor(),
        ),
        (
            "Referral cycle time",
            Unit::Duration,
            "Median days from someone's first referral in the history to their first touchpoint at Convert from then on."
                .to_owned(),
            scope.cycle_time(),
        ),
    ];
    metrics.into_iter().map(|(name, unit, definition, number)| metric(name, unit, definition, number)).collect()
}

fn metric(name: &str, unit: Unit, definition: String, number: Result<Number, Missing>) -> ValueMetric {
    let (number, missing) = match number {
        Ok(number) => (Some(number), None),
        Err(missing) => (None, Some(missing)),
    };
    let parts = number.and_then(|number| number.parts);
    ValueMetric {
        name: name.to_owned(),
        unit,
        value: number.map(|number| number.value),
        numerator: parts.map(|parts| parts.0),
        denominator: parts.map(|parts| parts.1),
        interval: number.and_then(|number| number.interval),
        definition,
        missing,
    }
}

struct Scope<'a> {
    material: &'a Material<'a>,
    product: Option<ProductCode>,
    stages: &'a [StageReport],
    orders: &'a Orders,
    /// The reported period.
    period: String,
}

impl Scope<'_> {
    fn repeat_rate(&self, days: u32) -> Result<Number, Missing> {
        self.ordering()?;
        let (repeated, all) = self.orders.repeated;
        if all == 0 {
            return Err(format!("No first order of the history is {days} days old."));
        }
        let (repeated, all) = (repeated as f64, all as f64);
        Ok(Number::ratio(repeated, all, wilson(repeated, all)))
    }

    fn order_value(&self) -> Result<Number, Missing> {
        self.ordering()?;
        if !self.feeds(&[Stage::Convert, Stage::Ascend], true) {
            return Err("Needs a `value` on the touchpoints at Convert and Ascend.".to_owned());
        }
        let orders = self.ordered()?;
        Ok(Number::ratio(self.orders.money(), orders, self.orders.money_interval()))
    }

    fn frequency(&self) -> Result<Number, Missing> {
        self.ordering()?;
        Ok(Number::ratio(self.ordered()?, self.orders.placing as f64, None))
    }

    fn lifetime_value(&self) -> Result<Number, Missing> {
        let (order_value, frequency) = (self.order_value()?, self.frequency()?);
        let years = self.material.config.value.lifespan.ok_or("Needs `lifespan` in [value].")?;
        let days = self.orders.days(&self.material.bounds).ok_or("Needs a history of a day or more.")?;
        Ok(Number::plain(order_value.value * frequency.value * (YEAR / days) * years))
    }

    fn acquisition_cost(&self) -> Result<Number, Missing> {
        let (spend, entered) = (self.spend()?, self.entered()?);
        Ok(Number::ratio(spend, entered, None))
    }

    fn acquisition_cost_without_referrals(&self) -> Result<Number, Missing> {
        let (spend, entered) = (self.spend()?, self.entered()?);
        self.referring()?;
        let unreferred = entered - self.orders.entered_referred as f64;
        if unreferred <= 0.0 {
            return Err(format!("Everybody who entered Convert in {} had been referred.", self.period));
        }
        Ok(Number::ratio(spend, unreferred, None))
    }

    fn break_even(&self) -> Result<Number, Missing> {
        let margin = self.material.config.value.margin.ok_or("Needs `margin` in [value].")?;
        if !self.feeds(&[Stage::Convert], true) {
            return Err("Needs a `value` on the touchpoints at Convert.".to_owned());
        }
        let (cost, entered) = (self.acquisition_cost()?, self.entered()?);
        let revenue = self.at_convert("Revenue").ok_or_else(|| self.not_known())?;
        Ok(Number::plain(revenue / entered * margin - cost.value))
    }

    fn referral_rate(&self) -> Result<Number, Missing> {
        self.referring()?;
        Ok(Number::ratio(self.orders.referrals.referrers as f64, self.customers()?, None))
    }

    fn k_factor(&self) -> Result<Number, Missing> {
        self.referring()?;
        let (customers, referred) = (self.customers()?, self.referred()?);
        let referrals = &self.orders.referrals;
        Ok(Number::plain(referrals.invitations as f64 / customers * (referrals.converted as f64 / referred)))
    }

    fn cycle_time(&self) -> Result<Number, Missing> {
        self.referring()?;
        self.referred()?;
        let days =
            self.orders.referrals.cycle_days.ok_or("Less than half of the people who were referred have come to Convert.")?;
        Ok(Number::plain(days))
    }

    /// Whether a definition gives the scope touchpoints at one of these stages, perhaps only with money.
    fn feeds(&self, stages: &[Stage], with_value: bool) -> bool {
        stages.iter().any(|stage| self.material.feeding(*stage, self.product).any(|feed| feed.has_value || !with_value))
    }

    fn ordering(&self) -> Result<(), Missing> {
        let ordering = self.feeds(&[Stage::Convert, Stage::Ascend], false);
        ordering.then_some(()).ok_or_else(|| "Needs touchpoints at Convert or Ascend.".to_owned())
    }

    fn referring(&self) -> Result<(), Missing> {
        let referring = self.material.referring.iter().any(|scope| scope.holds(self.product));
        referring.then_some(()).ok_or_else(|| "Needs `referred` on the touchpoint of those who refer others.".to_owned())
    }

    /// Orders in the history.
    fn ordered(&self) -> Result<f64, Missing> {
        positive(self.orders.placed).ok_or_else(|| "The history has no order.".to_owned())
    }

    fn customers(&self) -> Result<f64, Missing> {
        self.ordering()?;
        positive(self.orders.customers).ok_or_else(|| "There is no customer yet.".to_owned())
    }

    fn referred(&self) -> Result<f64, Missing> {
        positive(self.orders.referrals.referred).ok_or_else(|| "Nobody was referred in the history.".to_owned())
    }

    /// What was spent on the customers of the reported period.
    fn spend(&self) -> Result<f64, Missing> {
        let settings = &self.material.config.value;
        if settings.spend.is_empty() {
            return Err("Needs `spend` in [value].".to_owned());
        }
        let mut sum = 0.0;
        for name in &settings.spend {
            let parts = self.material.metrics.iter().map(|metric| metric.bound);
            let mut parts = parts.filter(|bound| bound.metric.name == *name && bound.metric.unit == Unit::Money);
            if self.product.is_some() && parts.any(|bound| bound.row.product.is_none()) {
                return Err(format!("`{name}` has no `product`, so it cannot be told apart by products."));
            }
            let metrics = self.stages.iter().flat_map(|stage| &stage.metrics);
            let metrics = metrics.filter(|metric| !metric.built_in && metric.name == *name && metric.unit == Unit::Money);
            let spent =
                |metric: &MetricReport| metric.series.iter().rev().nth(settings.lag as usize).and_then(|point| point.value);
            let spent: Vec<Option<f64>> = metrics.map(spent).collect();
            let spent = spent.iter().copied().sum::<Option<f64>>().filter(|_| !spent.is_empty());
            sum += spent.ok_or_else(|| {
                let period = self.material.bounds.periods.end() - settings.lag as i32;
                format!("`{name}` is not known in {}.", self.material.calendar.period(period).label())
            })?;
        }
        Ok(sum)
    }

    /// People who entered Convert in the reported period.
    fn entered(&self) -> Result<f64, Missing> {
        if !self.feeds(&[Stage::Convert], false) {
            return Err("Needs touchpoints at Convert.".to_owned());
        }
        let entered = self.at_convert("People").ok_or_else(|| self.not_known())?;
        if entered > 0.0 { Ok(entered) } else { Err(format!("Nobody entered Convert in {}.", self.period)) }
    }

    /// A built-in metric of Convert in the reported period.
    fn at_convert(&self, name: &str) -> Option<f64> {
        let metrics = &self.stages[Stage::Convert.index()].metrics;
        metrics.iter().find(|metric| metric.built_in && metric.name == name)?.actual
    }

    fn not_known(&self) -> Missing {
        format!("The sources of Convert have no rows in {}.", self.period)
    }
}

fn positive(count: u64) -> Option<f64> {
    (count > 0).then_some(count as f64)
}
