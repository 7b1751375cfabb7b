//! Rejected rows, counted: by reason, by when they happened, and with the first few as samples. It takes the room of what there is
//! to tell, not of the rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cvj_core::report::{Reject, RejectReason};

/// Samples of rejected rows listed per table.
const SAMPLES: usize = 20;
/// Characters of a value shown in a sample.
const SHOWN: usize = 40;
/// Different reasons told apart.
const REASONS: usize = 1000;

/// Where a row stands; line 0 where it has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u64,
}

/// What decides whether a rejection counts, once the history and its end are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct When {
    /// Metrics reject only rows of the history's periods.
    pub(crate) is_metric: bool,
    /// The period and the local day (since 1970-01-01) of the row; `None`: it counts whatever the history.
    pub(crate) day: Option<(i32, i64)>,
}

impl When {
    /// It counts whatever the history.
    pub(crate) const ALWAYS: Self = Self { is_metric: false, day: None };
}

/// One definition's rejection of a row.
#[derive(Clone, Debug)]
pub(crate) struct Rejection {
    pub(crate) when: When,
    pub(crate) sample: Sample,
}

/// A rejection as it is told, in the order in which samples are listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sample {
    pub(crate) place: Place,
    pub(crate) definition: String,
    pub(crate) column: String,
    pub(crate) why: String,
    pub(crate) value: String,
}

/// What a row is known by where several scans of a table tell of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RowKey {
    Place(Place),
    /// A row without a place, by its number in the scan.
    Number(u64),
}

impl RowKey {
    pub(crate) fn new(place: &Place, number: u64) -> Self {
        if place.line > 0 { Self::Place(place.clone()) } else { Self::Number(number) }
    }
}

/// The rejected rows of a scan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rejections {
    /// Rejections by definition, column and reason.
    reasons: BTreeMap<(String, String, String), BTreeMap<When, u64>>,
    /// Rejections for reasons beyond those.
    other_reasons: BTreeMap<When, u64>,
    /// Rows by all that decides whether they count.
    rows: HashMap<BTreeSet<When>, u64>,
    /// The first few of each time.
    samples: BTreeMap<When, BTreeSet<Sample>>,
    /// Every row, only for tables of which several scans tell.
    by_row: Option<HashMap<RowKey, BTreeSet<When>>>,
}

impl Rejections {
    /// An account that also knows every row, to be merged with those of other scans of the table.
    pub(crate) fn knowing_rows() -> Self {
        Self { by_row: Some(HashMap::new()), ..Self::default() }
    }

    /// Enters a row with its rejections, at least one.
    pub(crate) fn enter_row(&mut self, key: RowKey, rejections: impl IntoIterator<Item = Rejection>) {
        let mut whens = BTreeSet::new();
        for Rejection { when, sample } in rejections {
            whens.insert(when);
            let key = (sample.definition.clone(), sample.column.clone(), sample.why.clone());
            self.enter_reason(key, BTreeMap::from([(when, 1)]));
            keep_first(self.samples.entry(when).or_default(), sample);
        }
        if let Some(by_row) = &mut self.by_row {
            by_row.entry(key).or_default().extend(whens.iter().copied());
        }
        *self.rows.entry(whens).or_default() += 1;
    }

    /// Counts rejections for a reason. Of too many, the first by name are told apart: which these are does not depend on the order
    /// in which they come.
    fn enter_reason(&mut self, key: (String, String, String), whens: BTreeMap<When, u64>) {
        let known = self.reasons.entry(key).or_default();
        for (when, rows) in whens {
            *known.entry(when).or_default() += rows;
        }
        if self.reasons.len() > REASONS
            && let Some((_, whens)) = self.reasons.pop_last()
        {
            for (when, rows) in whens {
                *self.other_reasons.entry(when).or_default() += rows;
            }
        }
    }

    /// Adds what another part of the same scan rejected.
    pub(crate) fn add(&mut self, part: Self) {
        for (key, whens) in part.reasons {
            self.enter_reason(key, whens);
        }
        for (when, rows) in part.other_reasons {
            *self.other_reasons.entry(when).or_default() += rows;
        }
        for (whens, rows) in part.rows {
            *self.rows.entry(whens).or_default() += rows;
        }
        for (when, samples) in part.samples {
            let known = self.samples.entry(when).or_default();
            for sample in samples {
                keep_first(known, sample);
            }
        }
        if let (Some(known), Some(more)) = (&mut self.by_row, part.by_row) {
            for (key, whens) in more {
                known.entry(key).or_default().extend(whens);
            }
        }
    }
}

fn keep_first(samples: &mut BTreeSet<Sample>, sample: Sample) {
    if samples.len() < SAMPLES {
        samples.insert(sample);
    } else if samples.last().is_some_and(|last| sample < *last) && samples.insert(sample) {
        samples.pop_last();
    }
}

/// What was rejected of a table in one or several scans, as far as it counts.
pub(crate) struct Told {
    pub(crate) rows: u64,
    pub(crate) by_reason: Vec<RejectReason>,
    pub(crate) samples: Vec<Reject>,
}

impl Told {
    /// Tells of the scans of one table. A row that several scans reject is one row.
    pub(crate) fn of(scans: &[&Rejections], counts: impl Fn(&When) -> bool) -> Self {
        let any = |whens: &BTreeSet<When>| whens.iter().any(&counts);
        let rows = match scans {
            [scan] => scan.rows.iter().filter(|(whens, _)| any(whens)).map(|(_, rows)| rows).sum(),
            scans => {
                let known = scans.iter().filter_map(|scan| scan.by_row.as_ref()).flatten();
                let counted: std::collections::HashSet<&RowKey> =
                    known.filter(|(_, whens)| any(whens)).map(|(key, _)| key).collect();
                counted.len() as u64
            }
        };
        let mut reasons: BTreeMap<&(String, String, String), u64> = BTreeMap::new();
        let mut samples: BTreeSet<&Sample> = BTreeSet::new();
        for scan in scans {
            for (key, whens) in &scan.reasons {
                let rows: u64 = whens.iter().filter(|(when, _)| counts(when)).map(|(_, rows)| rows).sum();
                if rows > 0 {
                    *reasons.entry(key).or_default() += rows;
                }
            }
            samples.extend(scan.samples.iter().filter(|(when, _)| counts(when)).flat_map(|(_, samples)| samples));
        }
        let others = scans.iter().flat_map(|scan| &scan.other_reasons).filter(|(when, _)| counts(when));
        let others: u64 = others.map(|(_, rows)| rows).sum();
        let other = ("all definitions".to_owned(), String::new(), "other reasons".to_owned());
        if others > 0 {
            reasons.insert(&other, others);
        }
        let reason = |((definition, column, why), rows): (&(String, String, String), u64)| RejectReason {
            definition: definition.clone(),
            column: column.clone(),
            why: why.clone(),
            rows,
        };
        Self {
            rows,
            by_reason: reasons.into_iter().map(reason).collect(),
            samples: samples.into_iter().take(SAMPLES).map(listed).collect(),
        }
    }
}

fn listed(sample: &Sample) -> Reject {
    let mut value: String = sample.value.chars().take(SHOWN).collect();
    if value.len() < sample.value.len() {
        value.push('…');
    }
    Reject {
        definition: sample.definition.clone(),
        place: match sample.place.line {
            0 => sample.place.file.clone(),
            line => format!("{}:{line}", sample.place.file),
        },
        column: sample.column.clone(),
        why: if value.is_empty() { sample.why.clone() } else { format!("{}: `{value}`", sample.why) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(line: u64, definition: &str, when: When) -> Rejection {
        let place = Place { file: "a.csv".to_owned(), line };
        let text = str::to_owned;
        Rejection {
            when,
            sample: Sample {
                place,
                definition: text(definition),
                column: text("x"),
                why: text("not a number"),
                value: text("?"),
            },
        }
    }

    fn key(line: u64) -> RowKey {
        RowKey::new(&Place { file: "a.csv".to_owned(), line }, line)
    }

    #[test]
    fn a_row_counts_once_and_only_if_one_of_its_rejections_does() {
        let in_march = When { is_metric: true, day: Some((3, 70)) };
        let mut scan = Rejections::default();
        scan.enter_row(key(2), [rejection(2, "Orders", in_march), rejection(2, "Buyers", When::ALWAYS)]);
        scan.enter_row(key(3), [rejection(3, "Orders", in_march)]);
        let all = Told::of(&[&scan], |_| true);
        assert_eq!((all.rows, all.by_reason.len(), all.samples.len()), (2, 2, 3));
        let always = Told::of(&[&scan], |when| when.day.is_none());
        assert_eq!((always.rows, always.by_reason.len(), always.samples.len()), (1, 1, 1));
    }

    #[test]
    fn a_million_rejections_take_little_room_and_the_first_are_shown() {
        let mut scan = Rejections::default();
        for line in (2..100_000).rev() {
            scan.enter_row(key(line), [rejection(line, "Orders", When::ALWAYS)]);
        }
        assert!(scan.samples.values().map(BTreeSet::len).sum::<usize>() == SAMPLES && scan.rows.len() == 1);
        let told = Told::of(&[&scan], |_| true);
        assert_eq!(told.rows, 99_998);
        assert_eq!(told.samples[0].place, "a.csv:2");
        assert_eq!(told.samples[19].place, "a.csv:21");
    }

    #[test]
    fn rows_of_several_scans_are_united() {
        let (mut own, mut view) = (Rejections::knowing_rows(), Rejections::knowing_rows());
        own.enter_row(key(2), [rejection(2, "Orders", When::ALWAYS)]);
        view.enter_row(key(2), [rejection(2, "view v", When::ALWAYS)]);
        view.enter_row(key(5), [rejection(5, "view v", When::ALWAYS)]);
        assert_eq!(Told::of(&[&own, &view], |_| true).rows, 2);
    }
}
