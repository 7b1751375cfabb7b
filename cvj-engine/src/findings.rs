//! What a scope's journey says beyond its numbers, as `docs/journeys.md` defines it.

mod audit;
mod breakdowns;
mod gaps;
mod ladder;
mod skip_costs;
mod value;

pub use audit::judge_activities;
use cvj_core::report::{Findings, StageReport};

use crate::assemble::Material;
use crate::products::ProductCode;
use crate::segments::SegmentTable;

pub(crate) use ladder::{ladder, rungs, unknown_rung_products};

/// The fewest people that a rate stands on where something is claimed of it.
pub(crate) const FEWEST: u64 = 20;

/// The findings of a scope with these stages; `None`: overall.
pub(crate) fn of_scope(
    material: &Material<'_>,
    product: Option<ProductCode>,
    segments: &SegmentTable,
    stages: &[StageReport],
) -> Findings {
    let journey = material.journeys.of_scope(product);
    let has_money = material.has_money(product);
    let gaps = gaps::gaps(stages, &material.config.step_targets, has_money, material.is_complete());
    Findings {
        audit: audit::audit(stages, &gaps),
        gaps,
        skip_costs: journey.skips.iter().map(|skip| skip_costs::skip_cost(skip, has_money)).collect(),
        breakdowns: breakdowns::breakdowns(journey, segments),
        value: value::value(material, product, stages),
    }
}
