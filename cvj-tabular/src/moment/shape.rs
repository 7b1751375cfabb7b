//! What sort of moment a cell is, without its value: columns are settled from the sorts that they have, and a format says of each
//! sort whether it reads it. Evidence and reading ask the same [`MomentFormat::judge`], so they cannot disagree.

use super::{DateOrder, DateText, DigitForm, MICROS_PER_DAY, MomentFault, MomentFormat, MomentStore, MomentText};

/// The sort of a cell's moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MomentShape {
    pub(crate) date: DateShape,
    /// It has a time of day other than midnight.
    pub(crate) has_clock: bool,
    /// It has a time of day.
    pub(crate) has_time: bool,
    pub(crate) has_zone: bool,
}

/// The sort of its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DateShape {
    Fixed,
    Month,
    Digits(DigitForm),
    /// Three numbers, and which orders make a date of them.
    Numeric {
        dotted: bool,
        day_first: bool,
        month_first: bool,
        year_first: bool,
        /// Day and month are the same number.
        same: bool,
    },
}

impl MomentShape {
    /// The sort of a cell of digits.
    pub(crate) fn digits(form: DigitForm) -> Self {
        let has_time = form.has_time();
        Self { date: DateShape::Digits(form), has_clock: has_time, has_time, has_zone: form.is_epoch() }
    }

    /// The sort of a cell's moment.
    pub(crate) fn of(text: &MomentText) -> Self {
        let date = match text.date {
            DateText::Fixed(_) => DateShape::Fixed,
            DateText::Month(_) => DateShape::Month,
            DateText::Digits(form) => return Self::digits(form),
            DateText::Numeric { dotted, day_first, month_first, year_first } => DateShape::Numeric {
                dotted,
                day_first: day_first.is_some(),
                month_first: month_first.is_some(),
                year_first: year_first.is_some(),
                same: day_first.is_some() && day_first == month_first,
            },
        };
        let has_clock = text.time.is_some_and(|time| time % MICROS_PER_DAY != 0 || time == MICROS_PER_DAY);
        Self { date, has_clock, has_time: text.time.is_some(), has_zone: text.zone.is_some() }
    }
}

impl MomentFormat {
    /// Whether this format reads moments of this sort.
    pub(crate) fn judge(&self, shape: MomentShape) -> Result<(), MomentFault> {
        let is_month = matches!(shape.date, DateShape::Month | DateShape::Digits(DigitForm::Month));
        if is_month != self.months {
            return Err(MomentFault::Month);
        }
        let mut has_zone = shape.has_zone;
        match shape.date {
            DateShape::Fixed | DateShape::Month => {}
            DateShape::Digits(found) => match self.digits {
                Some(form) if form == found => {}
                // Some ten digits can be either; the column's others tell.
                Some(DigitForm::EpochSeconds) if found == DigitForm::Hour => has_zone = true,
                _ => return Err(MomentFault::Digits),
            },
            DateShape::Numeric { dotted, day_first, month_first, year_first, same } => {
                let reads = match self.order {
                    Some(DateOrder::DayMonthYear) => day_first,
                    Some(DateOrder::MonthDayYear) => month_first,
                    Some(DateOrder::YearMonthDay) => year_first,
                    None => same || (dotted && day_first),
                };
                if !reads {
                    return Err(MomentFault::Order);
                }
            }
        }
        match (self.store, has_zone) {
            (MomentStore::Utc, false) if self.header_zone.is_none() => Err(MomentFault::NoZone),
            (MomentStore::Local, true) => Err(MomentFault::HasZone),
            (MomentStore::Date, true) => Err(MomentFault::HasTime),
            (MomentStore::Date, false) if shape.has_clock => Err(MomentFault::HasTime),
            _ => Ok(()),
        }
    }
}
