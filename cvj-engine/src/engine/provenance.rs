//! What a report says of the data that it rests on: sources, doubtful dates, notes.

use std::collections::BTreeSet;

use cvj_core::Period;
use cvj_core::report::{BulkMinute, CurrentStage, DateTrust};
use jiff::Timestamp;
use jiff::civil::Date;

use super::Attempt;
use crate::accounts::{self, Extent, TableReading};
use crate::gathered::Gathered;
use crate::journey::DateCounts;
use crate::relation::Relation;
use crate::sources::OpenSource;

impl Attempt<'_> {
    pub(super) fn sources(&self, extent: &Extent<'_>, period_end: &str, dates: &[DateCounts]) -> Vec<cvj_core::report::Source> {
        let open = self.client.sources.iter().map(|source| (source.name.as_str(), source.plugin.as_str()));
        let views = self.views.iter().map(|(view, _)| (view.name.as_str(), "view"));
        open.chain(views)
            .map(|(name, plugin)| {
                let parts: Vec<_> = self.of_source(name).collect();
                let read: BTreeSet<&str> = parts.iter().map(|(relation, _)| relation.table.as_str()).collect();
                let behind = |table: &str| self.behind_views.get(&(name.to_owned(), table.to_owned()));
                let files = |table: &str| accounts::files(&self.client.sources, name, table);
                let counted = |table: &str| accounts::counted(&self.client.sources, name, table);
                let mut tables: Vec<_> = parts
                    .iter()
                    .map(|(relation, gathered)| {
                        let counted = counted(&relation.table);
                        let views = behind(&relation.table);
                        let reading = TableReading { relation: Some((relation, gathered)), views, counted };
                        reading.account(&relation.table, files(&relation.table), extent)
                    })
                    .collect();
                for ((_, table), views) in self.behind_views.iter().filter(|((source, _), _)| source == name) {
                    if !read.contains(table.as_str()) {
                        let reading = TableReading { relation: None, views: Some(views), counted: counted(table) };
                        tables.push(reading.account(table, files(table), extent));
                    }
                }
                let mut source = accounts::source(name, plugin, &parts, tables, self.pulled_until(&parts), period_end, extent);
                source.dates = self.dates(name, dates);
                source
            })
            .collect()
    }

    /// The local day on which everything behind these relations was pulled; none where something is not pulled.
    fn pulled_until(&self, parts: &[(&Relation, &Gathered)]) -> Option<Date> {
        let planned = |source: &str, table: &str| {
            self.client.sources.iter().find(|open| open.name == source).and_then(OpenSource::pull)?.planned(table)
        };
        let of_part = |(relation, gathered): &(&Relation, &Gathered)| {
            if relation.is_table() {
                return planned(&relation.source, &relation.table);
            }
            let tables: Option<Vec<Timestamp>> = gathered.behind.iter().map(|(source, table)| planned(source, table)).collect();
            tables?.into_iter().min()
        };
        let pulled: Option<Vec<Timestamp>> = parts.iter().map(of_part).collect();
        pulled?.into_iter().min().map(|moment| self.calendar.date(moment.as_microsecond()))
    }

    /// What is doubtful about the dates of a source's touchpoints; `counts`: per source of the segments.
    fn dates(&self, source: &str, counts: &[DateCounts]) -> Option<DateTrust> {
        let place = self.segments.sources().iter().position(|name| name == source)?;
        let counts = counts.get(place)?;
        let (people, disagree) = counts.current;
        let mut touchpoints = self.of_source(source).flat_map(|(relation, _)| &relation.touchpoints);
        let named = touchpoints.any(|bound| bound.touchpoint.current.is_some());
        Some(DateTrust {
            touchpoints: counts.touchpoints,
            bulk: counts.bulk,
            bulk_minutes: counts
                .bulk_minutes
                .iter()
                .map(|minute| BulkMinute {
                    minute: self.calendar.rfc3339(minute.at),
                    stage: minute.stage,
                    touchpoints: minute.touchpoints,
                })
                .collect(),
            same_instant: counts.same_instant,
            before_first: counts.before_first,
            future: self.of_source(source).map(|(_, gathered)| gathered.future_touchpoints).sum(),
            current: named.then_some(CurrentStage { people, disagree }),
        })
    }

    pub(super) fn notes(&self, sources: &[cvj_core::report::Source], period: Period, complete: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if !complete {
            notes.push(format!("Period {period} is not over: its numbers will still change."));
        }
        if !self.client.request.products.is_empty() {
            notes.push(format!(
                "Of the products, only {} was asked for; Overall holds all.",
                self.client.request.products.join(", ")
            ));
        }
        for source in sources.iter().filter(|source| source.ends_early) {
            let until = source
                .covers
                .as_ref()
                .map_or_else(|| "has no row with a time".to_owned(), |covers| format!("ends before {}", covers.to));
            notes.push(format!("Source {} {until}, earlier than the period does ({}).", source.name, period.end()));
        }
        let reported = self.calendar.index_of(period);
        if !self.gathered.iter().any(|gathered| gathered.presence.contains_key(&reported)) {
            notes.push(format!("No source has a row in {period}."));
        }
        let future: u64 = self.gathered.iter().map(|gathered| gathered.future_rows).sum();
        if future > 0 && self.explicit_as_of().is_none() {
            let dated = self.parts().filter(|(_, gathered)| gathered.future_rows > 0);
            let dated: Vec<&str> = dated.map(|(relation, _)| relation.source.as_str()).collect();
            notes.push(format!(
                "{future} uses of rows dated after now were ignored ({}); set `as_of` in [report] for a report that can be repeated.",
                dated.join(", ")
            ));
        }
        notes
    }
}
