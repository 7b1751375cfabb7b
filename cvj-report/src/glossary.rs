//! What every report explains: the built-in metrics, and how to read verdicts, intervals and rates.
//!
//! One text for the worksheet and the page, so that both say the same.

/// A term and its meaning.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Term {
    /// The term as printed.
    pub(crate) term: &'static str,
    /// Its meaning.
    pub(crate) meaning: &'static str,
}

/// What cvj computes from touchpoints by itself.
pub(crate) const BUILT_IN: [Term; 7] = [
    Term {
        term: "People, any order",
        meaning: "People with a touchpoint at the stage before the end of the period, whatever the order.",
    },
    Term {
        term: "People, in order",
        meaning: "Forward only, as a CRM's lifecycle stage moves: a touchpoint counts if no later stage was touched before it. Skipped stages are allowed.",
    },
    Term {
        term: "People, every step",
        meaning: "In order at this stage and at every earlier measured stage. Each reading lies within the one before it.",
    },
    Term {
        term: "Step rate",
        meaning: "Of the people who entered the stage in the period and have had the whole window of follow-up (matured): the share who reached the next stage within the window.",
    },
    Term {
        term: "Skipped",
        meaning: "Matured people who did not reach the next stage within the window, but touched one beyond it.",
    },
    Term {
        term: "Median days",
        meaning: "Days until half of those who entered had reached the next stage, people still waiting included (Kaplan-Meier). “Over half still waiting” where fewer than half have.",
    },
    Term { term: "Revenue", meaning: "The money that touchpoints of the stage carry, in the period." },
];

/// How to read the numbers.
pub(crate) const HOW_TO_READ: [Term; 15] = [
    Term {
        term: "▲ up, ▼ down",
        meaning: "A rate moved since the period before by more than chance explains. The arrow is its direction; the colour says whether that is good news.",
    },
    Term {
        term: "▲ above, ▼ below its usual range",
        meaning: "A number lies outside the XmR limits of the earlier periods. It may have moved the other way since the period before.",
    },
    Term {
        term: "Too close to call",
        meaning: "The change lies within chance: nothing should be concluded from it. Rates: Newcombe's 95% interval of the difference includes 0. Other numbers: inside the XmR limits (mean ± 2.66 × mean moving range of the earlier periods).",
    },
    Term {
        term: "Too little history",
        meaning: "Fewer than six earlier periods: no limits can be drawn yet. “Not judged yet”: the period is not over.",
    },
    Term {
        term: "95% interval",
        meaning: "Where the true rate plausibly lies, given how few or many were counted (Wilson score).",
    },
    Term {
        term: "Matured, young",
        meaning: "Matured: has had all the days allowed for the step. A cohort is young until all of it is; its rate stands on the earlier part of its period.",
    },
    Term {
        term: "Getting better?",
        meaning: "A step's rate against the period before, of those who have had the whole window. Where they are too few: all who entered in each period, after as many days as both have been followed.",
    },
    Term {
        term: "Too few to call",
        meaning: "A rate over fewer than 20, now or in the period before: nothing is said of its change.",
    },
    Term {
        term: "Fix first",
        meaning: "Each step's rate in its newest matured period is held against its target, or else against the best earlier period that was better by more than chance explains, counting every such comparison of the report. What the gap is worth decides the order; a range takes every rate at its low and at its high end.",
    },
    Term {
        term: "Growth audit's score",
        meaning: "The mean of what can be judged: target, history and step, good 100, between 50, bad 0. What cannot be judged does not count.",
    },
    Term {
        term: "Doubtful dates",
        meaning: "Touchpoints that share their minute with very many others, as imports make them, or their moment with another stage of the same person.",
    },
    Term { term: "Counts only", meaning: "A rate over fewer than 20 is not printed as a percentage: “3 of 12”." },
    Term { term: "–", meaning: "Not known. It never means 0." },
    Term { term: "Not measured", meaning: "No source speaks for the stage. It is not 0, and no bottleneck is called over it." },
    Term { term: "Status", meaning: "Against the target: on track (reached), at risk (within 10%), off track (further away)." },
];
