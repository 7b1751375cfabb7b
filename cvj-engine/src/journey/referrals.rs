//! Who was brought by whom, per scope: looked up by the person who was brought.

use std::collections::BTreeSet;

use cvj_core::stats::{KaplanMeier, Waiting};
use hashbrown::HashMap;

use super::Bounds;
use crate::calendar::DAY;
use crate::people::{PersonId, Referral};
use crate::products::{ProductCode, UNASSIGNED};

/// The referrals of all scopes.
#[derive(Debug, Default)]
pub(super) struct Referrals {
    overall: ScopeReferrals,
    products: HashMap<ProductCode, ScopeReferrals>,
    none: ScopeReferrals,
}

impl Referrals {
    /// Sorts referrals by scope and person. Nobody brings themselves.
    pub(super) fn of(referrals: &[Referral], bounds: &Bounds<'_>) -> Self {
        let mut found = Self::default();
        for referral in referrals.iter().filter(|referral| referral.at < bounds.as_of && referral.referrer != referral.referred) {
            found.overall.see(referral, bounds);
            if referral.product != UNASSIGNED {
                found.products.entry(referral.product).or_default().see(referral, bounds);
            }
        }
        found
    }

    /// The referrals of a scope; `None`: overall.
    pub(super) fn of_scope(&self, product: Option<ProductCode>) -> &ScopeReferrals {
        match product {
            None => &self.overall,
            Some(product) => self.products.get(&product).unwrap_or(&self.none),
        }
    }
}

/// The referrals of one scope.
#[derive(Debug, Default)]
pub(super) struct ScopeReferrals {
    referred: HashMap<PersonId, Referred>,
    /// Pairs of referrer and referred, of the history.
    pairs: BTreeSet<(PersonId, PersonId)>,
}

/// When someone was brought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Referred {
    /// By the first referral ever.
    pub(super) ever: i64,
    /// By the first referral in the history.
    pub(super) in_history: Option<i64>,
}

impl ScopeReferrals {
    fn see(&mut self, referral: &Referral, bounds: &Bounds<'_>) {
        let at = referral.at;
        let referred = self.referred.entry(referral.referred).or_insert(Referred { ever: at, in_history: None });
        referred.ever = referred.ever.min(at);
        if bounds.place(at).is_some() {
            referred.in_history = Some(referred.in_history.map_or(at, |first| first.min(at)));
            self.pairs.insert((referral.referrer, referral.referred));
        }
    }

    /// When a person was brought; `None` where nobody did.
    pub(super) fn of(&self, person: PersonId) -> Option<Referred> {
        self.referred.get(&person).copied()
    }

    /// Counts them; `converted`: who was brought in the history and came to Convert at or after it, and how long that took.
    pub(super) fn count(&self, converted: &[(PersonId, i64)], bounds: &Bounds<'_>) -> ReferralCounts {
        let took: HashMap<PersonId, i64> = converted.iter().copied().collect();
        let referred = self.referred.iter().filter_map(|(person, referred)| Some((person, referred.in_history?)));
        let mut waits: Vec<Waiting> = referred
            .map(|(person, at)| match took.get(person) {
                Some(took) => Waiting::until_event(*took),
                None => Waiting::still(bounds.as_of - at),
            })
            .collect();
        let median = KaplanMeier::median(&mut waits);
        let mut referrers: Vec<PersonId> = self.pairs.iter().map(|(referrer, _)| *referrer).collect();
        referrers.dedup();
        ReferralCounts {
            referrers: referrers.len() as u64,
            invitations: self.pairs.len() as u64,
            referred: waits.len() as u64,
            converted: took.len() as u64,
            cycle_days: median.map(|micros| micros as f64 / DAY as f64),
        }
    }
}

/// The referrals of a scope in the history.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ReferralCounts {
    /// People who brought someone.
    pub(crate) referrers: u64,
    /// Distinct pairs of who brought and who was brought.
    pub(crate) invitations: u64,
    /// People who were brought.
    pub(crate) referred: u64,
    /// Those of them who came to Convert then.
    pub(crate) converted: u64,
    /// Median days until they did.
    pub(crate) cycle_days: Option<f64>,
}
