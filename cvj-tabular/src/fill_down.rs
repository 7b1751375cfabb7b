//! Fill-down: columns whose value stands only in the first of the rows that it holds for, as order exports write an order's total.

use cvj_core::nearest::nearest;
use cvj_core::{SourceError, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::header::Header;
use crate::part::RowCells;

/// Columns whose value stands only in the first of the rows that it holds for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FillDown {
    /// The column that says which rows belong together: a row goes on with the one above if it has the same key, or none.
    /// Left out: every row does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The columns whose empty cells take the value above.
    pub columns: Vec<String>,
}

/// The same, as columns of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledColumns {
    /// The column that says which rows belong together.
    pub key: Option<usize>,
    /// The columns that are filled.
    pub columns: Vec<usize>,
}

impl FillDown {
    /// The columns of one of the source's tables; `None` if it lacks one. Fails if none of `all` has a column of this name.
    pub fn of(&self, table: &Header, all: &[&Header]) -> Result<Option<FilledColumns>, SourceError> {
        let column = |key: &str, name: &String| {
            if !all.iter().any(|header| column_of(header, name).is_some()) {
                let names = || all.iter().flat_map(|header| header.names().iter().map(String::as_str));
                let near = nearest(name, names()).map(|near| format!("did you mean `{near}`?"));
                let hint = near.unwrap_or_else(|| format!("its columns are {}", names().take(20).collect::<Vec<_>>().join(", ")));
                let message = format!("`fill_down.{key}` names `{name}`, and there is no column `{name}`");
                return Err(SourceError::new(Status::InvalidArgument, message).with_hint(hint));
            }
            Ok(column_of(table, name))
        };
        let key = self.key.as_ref().map(|name| column("key", name)).transpose()?;
        let columns = self.columns.iter().map(|name| column("columns", name)).collect::<Result<Option<Vec<_>>, _>>()?;
        Ok(match (key, columns) {
            (Some(None), _) | (_, None) => None,
            (key, Some(columns)) => Some(FilledColumns { key: key.flatten(), columns }),
        })
    }
}

fn column_of(header: &Header, name: &str) -> Option<usize> {
    let position = |names: &[String]| names.iter().position(|known| known == name);
    position(header.names()).or_else(|| position(header.headers()))
}

/// The values that stand above.
#[derive(Debug)]
pub(crate) struct Above {
    key: Option<usize>,
    last_key: String,
    /// By cell: what stands above it.
    values: Vec<(usize, Cell<'static>)>,
}

impl Above {
    /// Nothing stands above yet. Cells are those of a file's rows.
    pub(crate) fn new(key: Option<usize>, cells: impl Iterator<Item = usize>) -> Self {
        Self { key, last_key: String::new(), values: cells.map(|cell| (cell, Cell::Empty)).collect() }
    }

    /// Takes a row, and gives it with its empty cells filled.
    pub(crate) fn fill<'a, R: RowCells + ?Sized>(&'a mut self, row: &'a R) -> Result<FilledRow<'a, R>, SourceError> {
        if let Some(key) = self.key {
            let cell = row.cell(key)?;
            let key = cell.to_text();
            let key = key.trim();
            if !key.is_empty() && key != self.last_key {
                key.clone_into(&mut self.last_key);
                self.values.iter_mut().for_each(|(_, value)| *value = Cell::Empty);
            }
        }
        for (index, value) in &mut self.values {
            let cell = row.cell(*index)?;
            if !cell.is_blank() {
                *value = cell.into_owned();
            }
        }
        Ok(FilledRow { row, values: &self.values })
    }
}

/// A row whose empty cells take the value above.
pub(crate) struct FilledRow<'a, R: ?Sized> {
    row: &'a R,
    values: &'a [(usize, Cell<'static>)],
}

impl<R: RowCells + ?Sized> RowCells for FilledRow<'_, R> {
    fn width(&self) -> usize {
        self.row.width()
    }

    fn begins(&self, index: usize) -> Option<u8> {
        self.row.begins(index)
    }

    fn cell(&self, index: usize) -> Result<Cell<'_>, SourceError> {
        match self.values.iter().find(|(filled, _)| *filled == index) {
            Some((_, value)) => Ok(value.clone()),
            None => self.row.cell(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Header {
        let mut header = Header::default();
        header.add(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        header
    }

    #[test]
    fn rows_of_one_key_take_the_value_above() {
        let mut above = Above::new(Some(0), [1].into_iter());
        let mut check = |row: [&str; 3], expect: [&str; 3]| {
            let cells = row.map(Cell::text);
            let filled = above.fill(&cells[..]).unwrap();
            let found = [0, 1, 2].map(|index| filled.cell(index).unwrap().to_text().into_owned());
            assert_eq!(found, expect, "{row:?}");
        };
        check(["#1", "paid", "a"], ["#1", "paid", "a"]);
        check(["#1", "", ""], ["#1", "paid", ""]);
        check(["", " ", "c"], ["", "paid", "c"]);
        check(["#2", "", "d"], ["#2", "", "d"]);
        check(["#2", "open", "e"], ["#2", "open", "e"]);
        check(["#2", "", "f"], ["#2", "open", "f"]);
    }

    #[test]
    fn unknown_columns_are_errors_with_the_nearest_name() {
        let (orders, other) = (header(&["Name", "Paid at"]), header(&["x"]));
        let fill = |key: &str, column: &str| FillDown { key: Some(key.to_owned()), columns: vec![column.to_owned()] };
        let found = fill("name", "Paid at").of(&orders, &[&orders, &other]).unwrap();
        assert_eq!(found, Some(FilledColumns { key: Some(0), columns: vec![1] }));
        assert_eq!(fill("name", "Paid at").of(&other, &[&orders, &other]).unwrap(), None);
        let error = fill("name", "payd_at").of(&orders, &[&orders, &other]).unwrap_err();
        assert!(error.message.contains("`fill_down.columns` names `payd_at`"), "{}", error.message);
        assert_eq!(error.hint.as_deref(), Some("did you mean `paid_at`?"));
    }
}
