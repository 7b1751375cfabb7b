//! Names of the tables of a source: the source's own if no file has more than one, else each table's own.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cvj_core::columns::{column_names, snake_case};

/// What a table is named by.
#[derive(Clone, Debug)]
pub struct TableHead<'a> {
    /// The line above its header.
    pub title: Option<&'a str>,
    /// Its header as written.
    pub headers: &'a [String],
}

/// Names for the tables of each file, so that tables of one name are one table: `single` if no file has more than one; else a
/// title in snake case, else the first column that no file has in two tables.
pub fn table_names(files: &[Vec<TableHead<'_>>], single: &str) -> Vec<Vec<String>> {
    if files.iter().all(|tables| tables.len() <= 1) {
        return files.iter().map(|tables| tables.iter().map(|_| single.to_owned()).collect()).collect();
    }
    let columns = |table: &TableHead<'_>| column_names(table.headers.iter().map(String::as_str));
    let mut shared: BTreeSet<String> = BTreeSet::new();
    for tables in files {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for name in tables.iter().flat_map(columns) {
            *count.entry(name).or_default() += 1;
        }
        shared.extend(count.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name));
    }
    let name = |(index, table): (usize, &TableHead<'_>)| {
        let title = table.title.map(snake_case).filter(|title| !title.is_empty());
        let column = || columns(table).into_iter().find(|name| !shared.contains(name));
        title.or_else(column).unwrap_or_else(|| format!("table_{}", index + 1))
    };
    files
        .iter()
        .map(|tables| {
            let mut taken = HashSet::new();
            let unique = |base: String| {
                let mut name = base.clone();
                let mut number = 2;
                while !taken.insert(name.clone()) {
                    name = format!("{base}_{number}");
                    number += 1;
                }
                name
            };
            tables.iter().enumerate().map(name).map(unique).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_by_title_or_by_what_sets_them_apart() {
        let check = |files: &[&[(Option<&str>, &str)]], expect: &[&[&str]]| {
            let headers: Vec<Vec<Vec<String>>> = files
                .iter()
                .map(|tables| tables.iter().map(|(_, headers)| headers.split('|').map(str::to_owned).collect()).collect())
                .collect();
            let heads: Vec<Vec<_>> = files
                .iter()
                .zip(&headers)
                .map(|(tables, headers)| {
                    tables.iter().zip(headers).map(|((title, _), headers)| TableHead { title: *title, headers }).collect()
                })
                .collect();
            assert_eq!(table_names(&heads, "web"), expect, "{files:?}");
        };
        check(&[&[(Some("Title"), "a|b")], &[(None, "c")]], &[&["web"], &["web"]]);
        let (engaged, sessions) = ((None, "Nth day|Engaged"), (None, "Nth day|Sessions"));
        check(
            &[&[engaged, sessions], &[sessions], &[sessions, (None, "Event|Count")]],
            &[&["engaged", "sessions"], &["sessions"], &["sessions", "event"]],
        );
        check(&[&[(Some("By day"), "a|b"), (Some("By day"), "a|b|c"), (None, "a|b")]], &[&["by_day", "by_day_2", "table_3"]]);
    }
}
