//! The eight stages of the journey: their order, names, variants and the words that reports print about them.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::nearest::nearest;

/// One of the eight stages, in journey order: `Stage::Aware < Stage::Promote`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Stage {
    /// First sees or hears of the brand.
    Aware,
    /// Gives attention.
    Engage,
    /// Gives contact details and permission.
    Subscribe,
    /// Commits a little time or money.
    Convert,
    /// Has the "ah-ha" moment.
    Excite,
    /// Buys again or buys more.
    Ascend,
    /// Says something good when asked.
    Advocate,
    /// Brings customers actively.
    Promote,
}

impl Stage {
    /// All stages in journey order.
    pub const ALL: [Self; 8] =
        [Self::Aware, Self::Engage, Self::Subscribe, Self::Convert, Self::Excite, Self::Ascend, Self::Advocate, Self::Promote];

    /// Position in the journey, 0 to 7.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The key used in `cvj.toml`, `report.json` and defined names: `aware`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Aware => "aware",
            Self::Engage => "engage",
            Self::Subscribe => "subscribe",
            Self::Convert => "convert",
            Self::Excite => "excite",
            Self::Ascend => "ascend",
            Self::Advocate => "advocate",
            Self::Promote => "promote",
        }
    }

    /// The name as printed: `Aware`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Aware => "Aware",
            Self::Engage => "Engage",
            Self::Subscribe => "Subscribe",
            Self::Convert => "Convert",
            Self::Excite => "Excite",
            Self::Ascend => "Ascend",
            Self::Advocate => "Advocate",
            Self::Promote => "Promote",
        }
    }

    /// The noun that logs also use for this stage: `awareness`.
    pub fn variant(self) -> &'static str {
        match self {
            Self::Aware => "awareness",
            Self::Engage => "engagement",
            Self::Subscribe => "subscription",
            Self::Convert => "conversion",
            Self::Excite => "excitement",
            Self::Ascend => "ascension",
            Self::Advocate => "advocacy",
            Self::Promote => "promotion",
        }
    }

    /// What the buyer asks at this stage.
    pub fn buyer_asks(self) -> &'static str {
        match self {
            Self::Aware => "Who is this?",
            Self::Engage => "This looks useful, tell me more",
            Self::Subscribe => "Can you help with my problem?",
            Self::Convert => "Can you solve my problem?",
            Self::Excite => "Prove you solve it better than anyone",
            Self::Ascend => "How many ways can you help me?",
            Self::Advocate => "I want others to know",
            Self::Promote => "I will bring people, and here is why",
        }
    }

    /// When a person has reached this stage.
    pub fn reached_when(self) -> &'static str {
        match self {
            Self::Aware => "first sees or hears of the brand",
            Self::Engage => "gives attention: reads, watches, clicks, stays",
            Self::Subscribe => "gives contact details and permission",
            Self::Convert => "commits a little time or money",
            Self::Excite => "has the ah-ha moment: first value",
            Self::Ascend => "buys again or buys more",
            Self::Advocate => "says something good when asked",
            Self::Promote => "brings customers actively",
        }
    }

    /// Exports that would fill this stage when it is not measured.
    pub fn filled_by(self) -> &'static str {
        match self {
            Self::Aware => "an ad-platform or web-analytics export",
            Self::Engage => "a web-analytics or e-mail-click export",
            Self::Subscribe => "a newsletter or CRM contact export",
            Self::Convert => "a shop-order or CRM deal export",
            Self::Excite => "an onboarding or first-use export",
            Self::Ascend => "a shop-order or CRM deal export with repeat purchases",
            Self::Advocate => "a review or NPS export",
            Self::Promote => "a referral or affiliate export",
        }
    }

    /// Days allowed from the stage before to this one, unless `[window]` says otherwise; `None` for the first stage.
    pub fn default_window_days(self) -> Option<u32> {
        match self {
            Self::Aware => None,
            Self::Engage | Self::Subscribe | Self::Excite => Some(30),
            Self::Convert => Some(90),
            Self::Ascend | Self::Promote => Some(365),
            Self::Advocate => Some(180),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key())
    }
}

/// The text names no stage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a stage; the stages are aware, engage, subscribe, convert, excite, ascend, advocate, promote{}", nearest.map(|stage| format!(" (did you mean `{stage}`?)")).unwrap_or_default())]
pub struct UnknownStage {
    /// The text as given.
    pub given: String,
    /// The stage whose name is closest, if any is close.
    pub nearest: Option<Stage>,
}

impl FromStr for Stage {
    type Err = UnknownStage;

    /// Reads a stage's key or its noun, in any case, surrounding blanks ignored.
    fn from_str(text: &str) -> Result<Self, UnknownStage> {
        let trimmed = text.trim();
        Self::ALL
            .into_iter()
            .find(|stage| trimmed.eq_ignore_ascii_case(stage.key()) || trimmed.eq_ignore_ascii_case(stage.variant()))
            .ok_or_else(|| UnknownStage {
                given: trimmed.to_owned(),
                nearest: nearest(trimmed, Self::ALL.map(Self::key)).and_then(|key| key.parse().ok()),
            })
    }
}

impl<'de> Deserialize<'de> for Stage {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_keys_and_variants_in_any_case() {
        for stage in Stage::ALL {
            assert_eq!(stage.key().to_uppercase().parse(), Ok(stage));
            assert_eq!(format!("  {} ", stage.variant()).parse(), Ok(stage));
        }
    }

    #[test]
    fn names_the_nearest_stage() {
        let error = "subcribe".parse::<Stage>().unwrap_err();
        assert_eq!(error.nearest, Some(Stage::Subscribe));
        assert!(error.to_string().contains("did you mean `subscribe`?"));
    }
}
