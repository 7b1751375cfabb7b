//! Headers of the files of one table: their union by column name, and where each file keeps each column.

use std::collections::HashMap;

use cvj_core::columns::column_names;

/// The columns of a table over all its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    headers: Vec<String>,
    names: Vec<String>,
    by_name: HashMap<String, usize>,
}

impl Header {
    /// Adds a file's headers and says which column of the table each of its fields is.
    pub fn add(&mut self, headers: &[String]) -> Vec<usize> {
        let names = column_names(headers.iter().map(String::as_str));
        let mut columns = Vec::with_capacity(names.len());
        for (name, header) in names.into_iter().zip(headers) {
            let column = *self.by_name.entry(name).or_insert_with_key(|name| {
                self.names.push(name.clone());
                self.headers.push(header.clone());
                self.names.len() - 1
            });
            columns.push(column);
        }
        columns
    }

    /// Headers as written, by column.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Names, by column.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// A header cell as a header: trimmed, without a byte order mark, on one line.
pub fn header_text(cell: &str) -> String {
    cell.trim_start_matches('\u{feff}').split_whitespace().collect::<Vec<_>>().join(" ")
}
