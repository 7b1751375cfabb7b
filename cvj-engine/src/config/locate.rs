//! Where a value stands in the text of `cvj.toml`.

use std::ops::Range;

use toml_edit::{Document, Item, Key, Table};

/// One step of the way to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A key of a table.
    Key(&'a str),
    /// A place in an array, counted from 0.
    Index(usize),
}

/// The bytes of the value at `path`; of the nearest parent that has a place where the value itself has none.
pub(super) fn value(text: &str, path: &[Step<'_>]) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let mut item: &Item = document.as_item();
    let mut found = None;
    for step in path {
        let Some(next) = child(item, *step) else { break };
        item = next;
        found = item.span().or_else(|| header(item.as_table()?)).or(found);
    }
    found
}

/// The bytes of the key at `path`.
pub(super) fn key(text: &str, path: &[Step<'_>]) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let (last, parents) = path.split_last()?;
    let mut item: &Item = document.as_item();
    for step in parents {
        item = child(item, *step)?;
    }
    let Step::Key(name) = last else { return value(text, path) };
    let (key, _) = item.as_table_like()?.get_key_value(name)?;
    key.span().or_else(|| value(text, path))
}

/// The bytes of a part of the string at `path`; all of it where the string is written with escapes.
pub(super) fn within(text: &str, path: &[Step<'_>], part: Range<usize>) -> Option<Range<usize>> {
    let whole = value(text, path)?;
    let written = text.get(whole.clone())?;
    let quotes = if written.starts_with("\"\"\"") || written.starts_with("'''") { 3 } else { 1 };
    let literal = written.starts_with('\'');
    let start = whole.start + quotes + part.start;
    let end = (whole.start + quotes + part.end).min(whole.end.saturating_sub(quotes));
    let plain = (literal || !written.contains('\\')) && quotes == 1 && start < end && text.is_char_boundary(start);
    Some(if plain && text.is_char_boundary(end) { start..end } else { whole })
}

fn child<'a>(item: &'a Item, step: Step<'_>) -> Option<&'a Item> {
    match step {
        Step::Key(key) => item.get(key),
        Step::Index(index) => item.get(index),
    }
}

fn header(table: &Table) -> Option<Range<usize>> {
    table.iter().next().and_then(|(name, _)| table.key(name)).and_then(Key::span)
}
