//! A touchpoint in few bytes: as a shard keeps it, and in one number that is put in order at once.

use super::Touch;
use crate::products::ProductCode;
use crate::segments::SegmentCode;

/// A time and a stage in one number, whose order is that of (time, stage).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64);

impl Moment {
    /// A stage is one of eight.
    const STAGE_BITS: u32 = 3;

    /// Times beyond 36,000 years from 1970 are taken as that far away.
    pub(super) fn new(at: i64, stage: u8) -> Self {
        let at = at.clamp(i64::MIN >> Self::STAGE_BITS, i64::MAX >> Self::STAGE_BITS);
        Self((at << Self::STAGE_BITS) | i64::from(stage))
    }

    pub(super) fn at(self) -> i64 {
        self.0 >> Self::STAGE_BITS
    }

    pub(super) fn stage(self) -> u8 {
        (self.0 & ((1 << Self::STAGE_BITS) - 1)) as u8
    }
}

/// A touchpoint with its person, as a shard keeps it: 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) moment: Moment,
    /// Its place in the shard, once looked up; till then the check of what the person is known by.
    pub(super) person: u32,
    pub(super) product: ProductCode,
    pub(super) segment: SegmentCode,
}

impl Entry {
    pub(super) fn new(person: u32, touch: Touch) -> Self {
        Self { moment: Moment::new(touch.at, touch.stage), person, product: touch.product, segment: touch.segment }
    }
}

/// A person's touchpoint in one number, whose order is that of (time, stage, product, segment); in the low bits is which of the
/// shard's amounts it has, counted from 1; 0: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Packed(u128);

impl Packed {
    /// Negative times come first.
    const SIGN: u64 = 1 << 63;

    pub(super) fn new(entry: Entry, amount: u32) -> Self {
        let moment = entry.moment.0.cast_unsigned() ^ Self::SIGN;
        let rest = (u64::from(entry.product) << 48) | (u64::from(entry.segment) << 32) | u64::from(amount);
        Self((u128::from(moment) << 64) | u128::from(rest))
    }

    /// `amounts`: the shard's, with a zero before them, so that there is no branch that cannot be foreseen.
    pub(super) fn touch(self, amounts: &[i64]) -> Touch {
        let moment = Moment((((self.0 >> 64) as u64) ^ Self::SIGN).cast_signed());
        let amount = amounts[self.0 as u32 as usize];
        let (product, segment) = ((self.0 >> 48) as ProductCode, (self.0 >> 32) as SegmentCode);
        Touch { at: moment.at(), product, segment, stage: moment.stage(), amount }
    }

    /// Whether two differ in nothing but the amount.
    pub(super) fn is_like(self, other: Self) -> bool {
        self.0 >> 32 == other.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::DAY;

    #[test]
    fn moments_keep_time_and_stage_in_order() {
        let far = 9_000_000_000_000_000_000 >> 3;
        let times = [-far, -DAY, -1, 0, 1, DAY, far];
        let written: Vec<(i64, u8)> = times.into_iter().flat_map(|at| (0..8).map(move |stage| (at, stage))).collect();
        let moments: Vec<Moment> = written.iter().map(|(at, stage)| Moment::new(*at, *stage)).collect();
        assert!(moments.is_sorted_by(|first, second| first < second));
        let read: Vec<(i64, u8)> = moments.iter().map(|moment| (moment.at(), moment.stage())).collect();
        assert_eq!(read, written);
        assert_eq!(Moment::new(i64::MAX, 7).stage(), 7);
        assert!(Moment::new(i64::MIN, 7) < Moment::new(-far, 0));
    }
}
