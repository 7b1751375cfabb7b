//! Finds the header in the first rows of a block: the first row of names as wide as the table is.

use std::collections::HashSet;

use super::date_range::DateRange;
use super::look::{Kept, Look, comparable};
use crate::cell::Cell;
use crate::header::header_text;

/// A header among rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// The row in which its groups begin: the same as `row`, or one above.
    pub(super) begins: usize,
    /// The row in which the names stand.
    pub(super) row: usize,
    /// Blank columns left of the table.
    pub(super) left: usize,
    /// The names as written, from there on.
    pub(super) names: Vec<String>,
}

/// What the first rows of a block are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A table with a header.
    Table(Heading),
    /// Rows of values as wide as a table, the first of which is this one, and no header before them.
    Values(usize),
    /// Lines of text.
    Lines,
}

/// Looks for a header. `ragged`: the number of cells means something; otherwise only filled ones count.
pub(super) fn find(rows: &[Kept], ragged: bool) -> Block {
    let Some(width) = usual_width(rows, ragged) else { return Block::Lines };
    let left = if ragged { 0 } else { (0..width).position(|column| wide(rows).any(|row| filled(row, column))).unwrap_or(0) };
    let mut best: Option<(usize, usize)> = None;
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| !row.comment) {
        let cells = (left..width).filter(|column| filled(row, *column)).count();
        if cells < 2 {
            continue;
        }
        if is_key_value(row) {
            continue;
        }
        if is_names(row, &rows[index + 1..], left) {
            // One that is not named everywhere is a header all the same where it has the width; a line about the table has not.
            let mostly = ragged && row.cells.len() == width && cells * 2 > width;
            if cells == width - left || mostly {
                best = Some((index, cells));
                break;
            }
            if best.is_none_or(|(_, most)| cells > most) {
                best = Some((index, cells));
            }
        } else if cells * 2 >= width - left && DateRange::in_lines(&[row.line()], None).is_none() {
            break;
        }
    }
    match best {
        Some((row, _)) => Block::Table(heading(rows, row, left, if ragged { rows[row].cells.len() } else { width })),
        None if wide(rows).all(is_key_value) => Block::Lines,
        None => Block::Values(rows.iter().position(|row| !row.comment && row.filled() >= 2).unwrap_or(0)),
    }
}

/// The header that stands in this row, whatever its cells look like. It has `width` columns, or more if more have names.
pub(super) fn heading(rows: &[Kept], row: usize, left: usize, width: usize) -> Heading {
    let mut begins = row;
    while begins > 0
        && !rows[begins - 1].comment
        && rows[begins - 1].merged.iter().any(|(first, last)| last > first && *last >= left)
    {
        begins -= 1;
    }
    let end = rows[begins..=row].iter().map(Kept::filled_width).max().unwrap_or(0).max(width);
    let names = (left..end).map(|column| {
        let mut parts: Vec<String> = Vec::new();
        for level in &rows[begins..=row] {
            let from =
                level.merged.iter().find(|(first, last)| (*first..=*last).contains(&column)).map_or(column, |(first, _)| *first);
            let part = level.cells.get(from).map(|cell| header_text(&cell.to_text())).unwrap_or_default();
            if !part.is_empty() && parts.last() != Some(&part) {
                parts.push(part);
            }
        }
        parts.join(" ")
    });
    Heading { begins, row, left, names: names.collect() }
}

/// The width that most rows of more than one filled cell have; `None` if these are strays among rows of one.
fn usual_width(rows: &[Kept], ragged: bool) -> Option<usize> {
    let first = rows.iter().position(|row| !row.comment && row.filled() >= 2)?;
    let last = rows.iter().rposition(|row| !row.comment && row.filled() >= 2)?;
    let all = rows[first..=last].iter().filter(|row| !row.comment).count();
    let widths: Vec<_> = wide(rows).map(|row| if ragged { row.cells.len() } else { row.filled_width() }).collect();
    if widths.len() * 2 < all || (widths.len() == 1 && last + 1 < rows.len()) {
        return None;
    }
    let reached = wide(rows).map(Kept::filled_width).max().unwrap_or(0);
    let width = if ragged {
        let count = |width: usize| widths.iter().filter(|other| **other == width).count();
        widths.iter().copied().max_by_key(|width| (count(*width), *width))?
    } else {
        // Cells at the end of a row may be empty: the widest that a third of the rows reach.
        let mut sorted = widths.clone();
        sorted.sort_unstable_by_key(|width| std::cmp::Reverse(*width));
        sorted[(sorted.len() - 1) / 3]
    };
    Some(width.min(reached))
}

fn wide(rows: &[Kept]) -> impl Iterator<Item = &Kept> {
    rows.iter().filter(|row| !row.comment && row.filled() >= 2)
}

fn filled(row: &Kept, column: usize) -> bool {
    row.looks.get(column).is_some_and(|look| !look.is_blank())
}

/// Whether the cells are names: texts, mostly distinct, the first of them no value. Days may be names where the values below are
/// numbers, and so may years that follow each other.
pub(super) fn is_names(row: &Kept, below: &[Kept], left: usize) -> bool {
    let mut names = HashSet::new();
    let mut years = Vec::new();
    for (column, look) in row.looks.iter().enumerate().skip(left).filter(|(_, look)| !look.is_blank()) {
        let cell = &row.cells[column];
        let named = match look {
            Look::Text => true,
            _ if names.is_empty() || !only_numbers(below, column) => false,
            Look::Date => true,
            Look::Number => year(cell).map(|year| years.push(year)).is_some(),
            _ => false,
        };
        if !named {
            return false;
        }
        names.insert(comparable(cell));
    }
    let follow = years.len() != 1 && years.windows(2).all(|pair| pair[0].abs_diff(pair[1]) == 1);
    !names.is_empty() && names.len() * 2 > row.looks.iter().skip(left).filter(|look| !look.is_blank()).count() && follow
}

/// `Account: | Northwind`
pub(super) fn is_key_value(row: &Kept) -> bool {
    row.filled() == 2
        && row.cells.iter().find(|cell| !cell.is_blank()).is_some_and(|cell| cell.to_text().trim_end().ends_with(':'))
}

fn only_numbers(below: &[Kept], column: usize) -> bool {
    let mut looks = below.iter().filter_map(|row| row.looks.get(column)).filter(|look| look.has_value()).peekable();
    looks.peek().is_some() && looks.all(|look| *look == Look::Number)
}

fn year(cell: &Cell<'_>) -> Option<u32> {
    cell.to_text().trim().parse().ok().filter(|year| (1900..=2100).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Row;
    use crate::settings::CellSettings;

    fn kept(rows: &[&str]) -> Vec<Kept> {
        let nulls = CellSettings::default().nulls();
        let row = |(number, row): (u64, &&str)| {
            let cells: Vec<_> = row.split('|').map(Cell::text).collect();
            Kept::of(&Row { number, cells: &cells, comment: row.starts_with("# "), merged: &[] }, &nulls)
        };
        (1..).zip(rows).map(row).collect()
    }

    #[test]
    fn headers_are_the_first_names_as_wide_as_the_table() {
        let check = |rows: &[&str], row: usize, names: &[&str]| match find(&kept(rows), true) {
            Block::Table(heading) => {
                assert_eq!(heading.row, row, "{rows:?}");
                assert_eq!(heading.names, names, "{rows:?}");
            }
            other => panic!("{rows:?}: {other:?}"),
        };
        check(&["a|b", "1|2"], 0, &["a", "b"]);
        check(&["a|b"], 0, &["a", "b"]);
        check(&["Report", "October 1, 2026 - October 31, 2026", "Name|Cost|Clicks", "x|1|2"], 2, &["Name", "Cost", "Clicks"]);
        check(&["Report", "October 1| 2026 - October 31| 2026", "Name|Cost|Clicks", "x|1|2"], 2, &["Name", "Cost", "Clicks"]);
        check(&["Report||", "Name|Cost|Clicks", "x|1|2"], 1, &["Name", "Cost", "Clicks"]);
        check(&["Account:|Northwind|", "Name|Cost|Clicks", "x|1|2"], 1, &["Name", "Cost", "Clicks"]);
        check(&["# Account: x|y", "Name|Cost", "x|1"], 1, &["Name", "Cost"]);
        check(&["|Cost|Clicks", "0|1|2", "1|3|4"], 0, &["", "Cost", "Clicks"]);
        check(&["Name|Email", "Ada|a@x.org", "Bo|b@x.org"], 0, &["Name", "Email"]);
        check(&["Name||City", "Ada|x|Berlin", "Bo|y|Oslo"], 0, &["Name", "", "City"]);
        check(&["Name|Cost||", "x|1||", "y|2||"], 0, &["Name", "Cost", "", ""]);
        check(&["Product|2026-10-01|2026-10-02", "x|5|6"], 0, &["Product", "2026-10-01", "2026-10-02"]);
        check(&["Product|2025|2026", "x|5|6"], 0, &["Product", "2025", "2026"]);
        check(&["Email|Name|Email", "a@x|Ada|"], 0, &["Email", "Name", "Email"]);
        check(&["|Name|Cost", "|x|1", "|y|2"], 0, &["", "Name", "Cost"]);
    }

    #[test]
    fn values_are_no_header() {
        assert_eq!(find(&kept(&["2026-10-01|5", "2026-10-02|6"]), true), Block::Values(0));
        assert_eq!(find(&kept(&["x|5", "y|6"]), true), Block::Values(0));
        assert_eq!(find(&kept(&["x|1990", "y|12"]), true), Block::Values(0));
        assert_eq!(find(&kept(&["Report", "October"]), true), Block::Lines);
        assert_eq!(find(&kept(&["Account:|Northwind", "Currency:|USD"]), true), Block::Lines);
        assert_eq!(find(&kept(&["hello", "hello| world", "again", "and again"]), true), Block::Lines);
    }

    #[test]
    fn a_table_off_the_first_column_is_found() {
        let Block::Table(heading) = find(&kept(&["Report", "||Name|Cost", "||x|1|", "||y|2"]), false) else { panic!() };
        assert_eq!((heading.row, heading.left), (1, 2));
        assert_eq!(heading.names, ["Name", "Cost"]);
    }

    #[test]
    fn groups_above_names_are_part_of_them() {
        let mut rows = kept(&["Report", "Date|Web||Ads|", "|Sessions|Users|Cost|Clicks", "2026-10-01|1|2|3|4"]);
        rows[1].merged = vec![(1, 2), (3, 4)];
        let Block::Table(heading) = find(&rows, false) else { panic!() };
        assert_eq!((heading.begins, heading.row), (1, 2));
        assert_eq!(heading.names, ["Date", "Web Sessions", "Web Users", "Ads Cost", "Ads Clicks"]);
    }
}
