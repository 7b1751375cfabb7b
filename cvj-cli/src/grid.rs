//! Tables of text on a terminal.

use std::fmt::Write;

/// Rows of cells in columns as wide as their widest cell.
pub(crate) fn write_grid(text: &mut String, rows: &[Vec<String>]) {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| shown(cell, usize::MAX)).collect()).collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|index| rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        let _ = writeln!(text, "      {}", cells.join("  ").trim_end());
    }
}

/// A cell on one line, without anything that a terminal would obey.
pub(crate) fn shown(cell: &str, limit: usize) -> String {
    let mut text: String = cell.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect();
    if text.chars().count() > limit {
        text = text.chars().take(limit.saturating_sub(1)).chain(['…']).collect();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_short_and_harmless() {
        assert_eq!(shown("a\u{1b}[31mb\nc", 20), "a\u{fffd}[31mb\u{fffd}c");
        assert_eq!(shown("abcdef", 4), "abc…");
        assert_eq!(shown("äöüß", 4), "äöüß");
    }
}
