//! The panel that names the step to fix first, or what prevents a claim.

use serde::Serialize;

use super::mark::Mark;
use crate::words::{self, FixFirst, Told};

/// The panel of one scope.
#[derive(Serialize)]
pub(super) struct FixFirstView<'a> {
    claimed: bool,
    headline: String,
    why: String,
    basis: Option<String>,
    answers: Vec<AnswerView<'a>>,
    others: Vec<(String, String)>,
}

#[derive(Serialize)]
struct AnswerView<'a> {
    question: &'static str,
    text: String,
    mark: Option<Mark<'a>>,
}

impl<'a> FixFirstView<'a> {
    pub(super) fn new(told: Told<'a>) -> Self {
        let words: FixFirst = words::fix_first(told);
        let answer = |answer: words::Answer| AnswerView {
            question: answer.question,
            text: answer.text,
            mark: words
                .step
                .zip(answer.claim)
                .map(|((from, _), (of, verdict))| Mark::verdict(told.scope.slug, from, of, verdict)),
        };
        Self {
            claimed: words.step.is_some(),
            headline: words.headline,
            why: words.why,
            basis: words.basis,
            answers: words.answers.into_iter().map(answer).collect(),
            others: words.others,
        }
    }
}
