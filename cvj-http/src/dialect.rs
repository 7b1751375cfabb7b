//! What a vendor's answers mean, where they differ from everyone else's.

use std::time::Duration;

use cvj_core::SourceError;

use crate::answer::Answer;

/// A vendor's manner of saying no.
pub trait Dialect: Send + Sync {
    /// What this answer means; `None` leaves it to the rules for all: 2xx is data, 429 and 502-504 are tried again after
    /// `Retry-After` or a growing pause, 500 twice, 401 asks for new credentials once, 403 and 404 and all else fail.
    fn judge(&self, _answer: &Answer) -> Option<Judgement> {
        None
    }

    /// The vendor's own words in an answer that failed, for the message: one line, without personal data.
    fn reason(&self, _answer: &Answer) -> Option<String> {
        None
    }

    /// How long nobody should ask, by what an answer's headers say is left: asked of every answer, good ones too.
    fn pause(&self, _answer: &Answer) -> Option<Duration> {
        None
    }
}

/// What to do with an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It is data.
    Accept,
    /// The same request may work later, after this pause or a growing one.
    Retry(Option<Duration>),
    /// The credentials have expired: get new ones, once.
    Reauthenticate,
    /// It failed, and trying again would not help: a daily quota is used up, a field does not exist.
    Fail(SourceError),
}

/// A vendor that does as all do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Dialect for Plain {}
