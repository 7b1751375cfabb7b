//! A record in the making, of which only what is asked for is computed.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::Timestamp;

use super::generate::moment;
use super::record::{Change, Property, iso};
use super::schema::{DEAL_STAGES, LIFECYCLE_STAGES};

/// The properties of a record in the making: only those that are wanted are computed.
pub(super) struct Draft<'a> {
    pub(super) wanted: Option<&'a [String]>,
    pub(super) at: Timestamp,
    pub(super) properties: Vec<Property>,
}

impl Draft<'_> {
    pub(super) fn wants(&self, name: &str) -> bool {
        self.wanted.is_none_or(|wanted| wanted.iter().any(|other| other == name))
    }

    pub(super) fn set<V: Into<String>>(&mut self, name: &'static str, value: impl FnOnce() -> V) {
        let (at, source) = (self.at, "CRM_UI");
        self.with(name, || vec![Change { value: value().into(), at, source }]);
    }

    pub(super) fn with(&mut self, name: &'static str, changes: impl FnOnce() -> Vec<Change>) {
        if self.wants(name) {
            self.properties.push(Property { name: Cow::Borrowed(name), changes: changes() });
        }
    }

    /// A moment that HubSpot works out from the history of another property.
    pub(super) fn calculated(&mut self, name: &'static str, at: i64) {
        self.with(name, || {
            let at = moment(at);
            vec![Change { value: iso(at), at, source: "CALCULATED" }]
        });
    }

    /// A property that went through stages, and the properties in which HubSpot keeps when each was entered and left last.
    pub(super) fn stages(
        &mut self,
        name: &'static str,
        steps: &[(Option<usize>, i64)],
        stages: &'static [StageNames],
        source: impl Fn(usize) -> &'static str,
    ) {
        self.with(name, || {
            let change = |(step, (stage, at)): (usize, &(Option<usize>, i64))| Change {
                value: stage.map_or("", |stage| stages[stage].value).to_owned(),
                at: moment(*at),
                source: source(step),
            };
            steps.iter().enumerate().rev().map(change).collect()
        });
        for (stage, names) in stages.iter().enumerate() {
            let Some(step) = steps.iter().rposition(|(reached, _)| *reached == Some(stage)) else { continue };
            self.calculated(&names.entered, steps[step].1);
            if let Some((_, left)) = steps.get(step + 1) {
                self.calculated(&names.exited, *left);
            }
        }
    }
}

/// What a stage is called, and the properties that HubSpot makes of it.
pub(super) struct StageNames {
    value: &'static str,
    pub(super) became: String,
    entered: String,
    exited: String,
}

impl StageNames {
    fn of(value: &'static str) -> Self {
        Self {
            value,
            became: format!("hs_lifecyclestage_{value}_date"),
            entered: format!("hs_v2_date_entered_{value}"),
            exited: format!("hs_v2_date_exited_{value}"),
        }
    }
}

pub(super) static LIFECYCLE_NAMES: LazyLock<Vec<StageNames>> =
    LazyLock::new(|| LIFECYCLE_STAGES.iter().map(|(value, _)| StageNames::of(value)).collect());
pub(super) static DEAL_NAMES: LazyLock<Vec<StageNames>> =
    LazyLock::new(|| DEAL_STAGES.iter().map(|(_, value, ..)| StageNames::of(value)).collect());
