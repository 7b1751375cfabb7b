//! What sort of number a cell is, without its value: columns are settled from the sorts that they have, and a format says of each
//! sort whether it reads it. Evidence and reading ask the same [`NumberFormat::judge`], so they cannot disagree.

use serde::{Deserialize, Serialize};

use super::text::{Marks, NumberText};
use super::{DecimalMark, NumberFault, NumberFormat, NumberStore, Percent};
use crate::currency::compatible;

/// Digits of the longest number that is kept as a decimal: of the 38 that an Arrow decimal holds, eight are left for sums, which
/// do not notice when they overflow.
pub(crate) const LONGEST_DECIMAL: u32 = 30;
/// Digits of a short number. As many before the mark as behind it, and the two that a percent sign adds, make a decimal.
const SHORT: usize = 18;

/// How many digits numbers have. Numbers in exponents, and those that the file keeps as numbers, are short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// So few that they fit a decimal together with any other short number.
    Short,
    /// So few that they fit a decimal.
    Long,
    /// More than any decimal has.
    #[default]
    Endless,
}

/// The sort of a cell's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::struct_excessive_bools, reason = "each is there or not, independently")]
pub(crate) struct NumberShape {
    pub(crate) marks: Marks,
    /// What groups its thousands, whichever the decimal mark.
    pub(crate) group: Option<char>,
    pub(crate) percent: bool,
    pub(crate) zero: bool,
    pub(crate) currency: Option<&'static str>,
    pub(crate) leading_zeros: bool,
    pub(crate) exponent: bool,
    pub(crate) length: Length,
    /// Kept as a number by the file: it has no marks, and a percentage is a fraction already.
    pub(crate) typed: bool,
}

/// How much room a number needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NumberSize {
    /// Digits before the decimal mark.
    pub(crate) whole: u32,
    /// Digits behind it.
    pub(crate) decimals: u32,
}

impl NumberSize {
    /// Room for both.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { whole: self.whole.max(other.whole), decimals: self.decimals.max(other.decimals) }
    }
}

impl NumberShape {
    /// The sort of a number in text; `None` if its separators make no number.
    pub(crate) fn of(text: &NumberText<'_>) -> Option<Self> {
        let (marks, group) = text.marks()?;
        Some(Self {
            marks,
            group,
            percent: text.percent,
            zero: text.is_zero(),
            currency: text.currency,
            leading_zeros: text.has_leading_zeros(),
            exponent: text.exponent.is_some(),
            length: text.length(marks),
            typed: false,
        })
    }

    /// The sort of a number that the file keeps as one.
    pub(crate) fn typed(value: f64, currency: Option<&'static str>) -> Self {
        Self {
            marks: Marks::Plain,
            group: None,
            percent: false,
            zero: value == 0.0,
            currency,
            leading_zeros: false,
            exponent: false,
            length: Length::Short,
            typed: true,
        }
    }

    /// The room that numbers of this sort need under a decimal mark, of the room as it was counted with the last point or comma as
    /// the mark.
    pub(crate) fn size(&self, counted: NumberSize, decimal: DecimalMark) -> NumberSize {
        match self.marks {
            Marks::Either(mark) if mark != decimal => NumberSize { whole: counted.whole + counted.decimals, decimals: 0 },
            _ => counted,
        }
    }
}

impl NumberText<'_> {
    fn length(&self, marks: Marks) -> Length {
        if self.body.len() <= SHORT || self.exponent.is_some() {
            return Length::Short;
        }
        let size = self.size(marks);
        match size.whole + size.decimals {
            digits if digits as usize <= SHORT => Length::Short,
            digits if digits <= LONGEST_DECIMAL => Length::Long,
            _ => Length::Endless,
        }
    }

    /// The room it needs with its last point or comma as the decimal mark, if that can be one.
    pub(crate) fn size(&self, marks: Marks) -> NumberSize {
        let (whole, decimals) = match marks {
            Marks::Plain => (self.body, ""),
            Marks::Decided(mark) | Marks::Either(mark) => self.body.rsplit_once(mark.character()).unwrap_or((self.body, "")),
        };
        let count = |text: &str| text.bytes().filter(u8::is_ascii_digit).count() as i32;
        let leading = whole.bytes().take_while(|byte| *byte == b'0').count() as i32;
        let exponent = self.exponent.unwrap_or(0);
        NumberSize {
            whole: (count(whole) - leading + exponent).max(0).unsigned_abs(),
            decimals: (count(decimals) - exponent).max(0).unsigned_abs(),
        }
    }
}

impl NumberFormat {
    /// Whether this format reads numbers of this sort.
    pub(crate) fn judge(&self, shape: &NumberShape) -> Result<(), NumberFault> {
        if let Some(found) = shape.currency
            && !self.currency.as_deref().is_some_and(|currency| compatible(currency, found))
        {
            return Err(NumberFault::Currency(found));
        }
        if shape.typed {
            return Ok(());
        }
        if shape.length > self.longest {
            return Err(NumberFault::TooLarge);
        }
        if shape.leading_zeros && !self.leading_zeros && self.store == NumberStore::Integer {
            return Err(NumberFault::LeadingZeros);
        }
        let mut group = shape.group;
        match shape.marks {
            Marks::Decided(mark) if mark != self.decimal => return Err(NumberFault::OtherMark),
            Marks::Either(mark) if mark != self.decimal => group = Some(mark.character()),
            _ => {}
        }
        if let (Some(found), Some(meant)) = (group, self.thousands)
            && found != meant
        {
            return Err(NumberFault::OtherMark);
        }
        // Zero is zero with or without the sign.
        let percent = match self.percent {
            Percent::None => !shape.percent,
            Percent::Signed => shape.percent,
            Percent::Said => true,
        };
        if percent || shape.zero { Ok(()) } else { Err(NumberFault::Percent) }
    }
}
