//! Partitions: windows of ids, each of which another process could read hours later and get the same records, but for those
//! that were changed or deleted.

use cvj_core::source::Partition;
use cvj_core::{SourceError, Status, Task};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::catalogue::{Catalogue, Column, Part, Table};
use crate::client::{Client, Condition};
use crate::history::Changes;

/// Records in a window, about: what a run that was cut off has to read again at most.
const RECORDS: u64 = 10_000;

/// A partition's token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// The table, for messages and progress.
    pub(crate) table: String,
    pub(crate) model: String,
    pub(crate) columns: Vec<Column>,
    /// Ids above this one, ...
    pub(crate) after: i64,
    /// ... up to this one.
    pub(crate) upto: i64,
    /// Written at this moment or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    /// Ids of the stages that mean won.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) won: Vec<i64>,
    /// Rows wanted, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) most: Option<u64>,
    /// Where changes of stages are found, if the window is one of stage history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) changes: Option<Changes>,
}

impl Window {
    /// The window of a partition.
    pub(crate) fn of(partition: &Partition) -> Result<Self, SourceError> {
        serde_json::from_str(&partition.0)
            .map_err(|error| SourceError::new(Status::InvalidArgument, format!("not a partition of this plugin: {error}")))
    }

    pub(crate) fn token(&self) -> Result<Partition, SourceError> {
        let written = serde_json::to_string(self);
        written.map(Partition).map_err(|error| SourceError::new(Status::Internal, error.to_string()))
    }

    /// What a record after `last` has to meet.
    pub(crate) fn domain(&self, last: i64) -> Vec<Condition> {
        let mut domain = vec![json!(["id", ">", last]), json!(["id", "<=", self.upto])];
        domain.extend(written(self.since.as_deref()));
        domain
    }
}

/// The condition of having been written at this moment or later. Odoo compares with microseconds and shows none: a bound that
/// is in the answer is never lost for it.
fn written(since: Option<&str>) -> Option<Condition> {
    since.map(|since| json!(["write_date", ">=", since]))
}

/// Windows over all records of a table, and how many records Odoo says they hold.
pub(crate) fn plan(
    client: &Client,
    table: &Table,
    columns: Vec<Column>,
    catalogue: &Catalogue,
    since: Option<&str>,
    limit: Option<u64>,
    task: &Task,
) -> Result<(Vec<Window>, Option<u64>), SourceError> {
    let model = table.spec.model;
    let domain: Vec<Condition> = written(since).into_iter().collect();
    let whole = Window {
        table: table.spec.name.to_owned(),
        model: model.to_owned(),
        won: if columns.iter().any(|column| column.part == Part::Won) { catalogue.won.clone() } else { Vec::new() },
        columns,
        after: 0,
        upto: 0,
        since: since.map(ToOwned::to_owned),
        most: limit,
        changes: None,
    };
    let Some(upto) = client.highest(model, &domain, task)? else {
        return Ok((vec![whole], Some(0)));
    };
    let after = client.lowest(model, &domain, task)?.unwrap_or(upto) - 1;
    let whole = Window { after, upto, ..whole };
    let rows = client.count(model, &whole.domain(after), task)?;
    Ok((split(whole, rows), Some(rows)))
}

/// Splits a window that holds `rows` records into windows of equal width.
fn split(whole: Window, rows: u64) -> Vec<Window> {
    if whole.most.is_some() {
        return vec![whole];
    }
    let parts = rows.div_ceil(RECORDS).max(1) as i64;
    let width = ((whole.upto - whole.after + parts - 1) / parts).max(1);
    let mut windows = Vec::new();
    let mut after = whole.after;
    while after < whole.upto {
        let upto = after.saturating_add(width).min(whole.upto);
        windows.push(Window { after, upto, ..whole.clone() });
        after = upto;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(after: i64, upto: i64) -> Window {
        let (table, model) = ("leads".to_owned(), "crm.lead".to_owned());
        Window { table, model, columns: Vec::new(), after, upto, since: None, won: Vec::new(), most: None, changes: None }
    }

    #[test]
    fn windows_are_disjoint_and_complete() {
        for (after, upto, rows) in
            [(0, 1, 1), (6, 40_007, 25_000), (0, 3, 50_000), (0, 30_000, 30_000), (9, 1_000_000_009, 10_001)]
        {
            let windows = split(window(after, upto), rows);
            assert_eq!(windows.first().map(|window| window.after), Some(after));
            assert_eq!(windows.last().map(|window| window.upto), Some(upto));
            assert!(windows.windows(2).all(|pair| pair[0].upto == pair[1].after), "{windows:?}");
            assert!(windows.len() as u64 <= rows.div_ceil(RECORDS).max(1));
        }
    }

    #[test]
    fn a_token_can_be_read_again() {
        let window = Window { since: Some("2025-01-01 00:00:00".to_owned()), won: vec![4], most: Some(9), ..window(3, 9) };
        assert_eq!(Window::of(&window.token().expect("a token")), Ok(window));
    }
}
