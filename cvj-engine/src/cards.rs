//! Definition cards: one printed definition per number, so that nobody argues what a word means.

use cvj_core::report::{DefinitionCard, DefinitionKind, StageReport, Trail};
use cvj_core::{Metric, Occurrence, StageOf, Touchpoint, Unit};

use crate::relation::touchpoint_label;
use crate::session::Declared;

/// One card per definition in order, then one per built-in metric in use. `trail`: of the definition at a place.
pub(crate) fn cards(
    declared: &[Declared],
    trail: impl Fn(usize) -> Option<Trail>,
    overall: &[StageReport],
) -> Vec<DefinitionCard> {
    let mut cards: Vec<DefinitionCard> = declared
        .iter()
        .enumerate()
        .map(|(number, definition)| {
            let origin = definition.origin().printed();
            let card = match definition {
                Declared::Metric(metric, _) => metric_card(metric, origin),
                Declared::Touchpoint(touchpoint, _) => touchpoint_card(touchpoint, origin),
            };
            DefinitionCard { trail: trail(number), ..card }
        })
        .collect();
    let built_in = [
        ("People", "people who reached the stage in the period, going forward: no later stage touched before"),
        ("Step rate", "of those with a whole window of follow-up, the share with a touchpoint at the next stage within it"),
        ("Revenue", "sum of the values of the stage's touchpoints in the period"),
    ];
    for (name, formula) in built_in {
        if overall.iter().flat_map(|stage| &stage.metrics).any(|metric| metric.built_in && metric.name == name) {
            cards.push(DefinitionCard {
                kind: DefinitionKind::BuiltIn,
                stage: None,
                name: name.to_owned(),
                formula: formula.to_owned(),
                from: "touchpoints".to_owned(),
                at: String::new(),
                product: None,
                origin: "cvj".to_owned(),
                trail: None,
            });
        }
    }
    cards
}

fn metric_card(metric: &Metric, origin: String) -> DefinitionCard {
    let per = metric.per.as_ref().map(|per| format!(" ÷ {per}")).unwrap_or_default();
    let condition = metric.filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
    DefinitionCard {
        kind: DefinitionKind::Metric,
        stage: Some(metric.stage),
        name: metric.name.clone(),
        formula: match metric.unit {
            Unit::Nps => format!("% of {0} from 9 to 10 less % of {0} from 0 to 6{condition}", metric.value),
            _ => format!("{}{per}{condition}", metric.value),
        },
        from: metric.from.clone(),
        at: metric.at.clone(),
        product: metric.product.clone(),
        origin,
        trail: None,
    }
}

fn touchpoint_card(touchpoint: &Touchpoint, origin: String) -> DefinitionCard {
    let alike = touchpoint.order.as_ref().map(|order| format!("rows with the same `{order}` are one"));
    let which = match touchpoint.occurrence {
        Occurrence::All => "",
        Occurrence::First => "only the first",
        Occurrence::Later => "all but the first",
    };
    let occurrence = match (which, alike) {
        ("", None) => String::new(),
        ("", Some(alike)) => format!(", {alike}"),
        (which, None) => format!(", {which}"),
        (which, Some(alike)) => format!(", {which} ({alike})"),
    };
    let value = touchpoint.value.as_ref().map(|value| format!(", value {value}")).unwrap_or_default();
    let by = if touchpoint.by.is_empty() { String::new() } else { format!(", by {}", touchpoint.by.join(", ")) };
    let current = touchpoint.current.as_ref().map(|current| format!(", now at {current}")).unwrap_or_default();
    let referred = touchpoint.referred.as_ref().map(|referred| format!(", who referred {referred}")).unwrap_or_default();
    let condition = touchpoint.filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
    let formula = format!("a person ({}){occurrence}{value}{by}{current}{referred}{condition}", touchpoint.person);
    DefinitionCard {
        kind: DefinitionKind::Touchpoint,
        stage: if let StageOf::Fixed(stage) = touchpoint.stage { Some(stage) } else { None },
        name: touchpoint_label(touchpoint),
        formula,
        from: touchpoint.from.clone(),
        at: touchpoint.at.clone(),
        product: touchpoint.product.clone(),
        origin,
        trail: None,
    }
}

/// A sentence for each definition that used none of the rows there are: it may be written wrongly, or its rows were all rejected.
pub(crate) fn unused(cards: &[DefinitionCard]) -> impl Iterator<Item = String> {
    cards.iter().filter_map(|card| {
        let trail = card.trail.as_ref().filter(|trail| trail.rows_used == 0 && trail.rows_read > 0)?;
        let rejected = match trail.rows_rejected {
            0 => "none was rejected".to_owned(),
            1 => "1 was rejected".to_owned(),
            rows => format!("{rows} were rejected"),
        };
        Some(format!("{} (from {}) used none of {} rows; {rejected}.", card.name, card.from, trail.rows_read))
    })
}
