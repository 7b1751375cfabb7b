use proptest::prelude::*;

use super::*;
use crate::settings::CellSettings;

/// Cells of lines divided by `|`, a blank line being a blank row and `# …` a comment.
fn outline(text: &str, change: impl Fn(&mut Rules)) -> Found {
    let mut rules = Rules::new(&LayoutSettings::default(), &CellSettings::default(), true);
    change(&mut rules);
    let mut outline = Outline::new(rules);
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            outline.blank();
            continue;
        }
        let cells: Vec<_> = line.split('|').map(Cell::text).collect();
        let comment = line.starts_with("# ");
        outline.row(&Row { number, cells: &cells, comment, merged: &[] });
    }
    outline.finish(true)
}

/// The numbers of the rows that are data, and what is left out.
fn rows(text: &str, table: &TableLayout) -> (Vec<u64>, Vec<(u64, LeftOut)>) {
    let (mut data, mut left_out) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<_> = line.split('|').map(Cell::text).collect();
        match table.sieve.judge(number, &cells[..], &CellSettings::default().nulls()).unwrap() {
            Verdict::Data => data.push(number),
            Verdict::LeftOut(LeftOut::Elsewhere) => {}
            Verdict::LeftOut(why) => left_out.push((number, why)),
            Verdict::Open => panic!("all rows were looked at"),
        }
    }
    (data, left_out)
}

/// Tables as `headers: rows of data; rows left out`.
fn shape(text: &str, change: impl Fn(&mut Rules)) -> Vec<String> {
    let describe = |table: &TableLayout| {
        let (data, left_out) = rows(text, table);
        let left_out: Vec<_> = left_out.into_iter().map(|(row, why)| format!("{row} {why:?}")).collect();
        format!("{}: {data:?}; {}", table.headers.join(" "), left_out.join(", "))
    };
    outline(text, change).tables.iter().map(describe).collect()
}

fn check(text: &str, expect: &[&str]) {
    assert_eq!(shape(text, |_| {}), expect, "{text}");
}

#[test]
fn a_table_is_its_header_and_the_rows_below() {
    check("a|b\n1|2\n3|4", &["a b: [2, 3]; "]);
    check("a|b", &["a b: []; "]);
    check("a\n1\n2", &["a: [2, 3]; "]);
    check("email\nx@y\n\nz@y", &["email: [2, 4]; "]);
    check("\n\na|b\n1|2\n\n3|4\n", &["a b: [4, 6]; "]);
    check("#1001|b\nname|c\n#1002|d", &["#1001 b: [2, 3]; "]);
    check("", &[]);
}

#[test]
fn lines_above_the_header_are_its_preamble() {
    let ads = "Campaign report\nOctober 1, 2026 - October 31, 2026\nCampaign|Budget name|Currency|Cost\nA| --|USD|5\nB| --|USD|6\nTotal: Campaigns| --|USD|7\nTotal: Account||USD|7";
    check(ads, &["Campaign Budget name Currency Cost: [4, 5]; 6 Total, 7 Total"]);
    let found = outline(ads, |_| {});
    assert_eq!(found.tables[0].preamble, ["Campaign report", "October 1, 2026 - October 31, 2026"]);
    assert_eq!(found.tables[0].title.as_deref(), Some("Campaign report"));
    assert_eq!(found.tables[0].range.unwrap().to_string(), "2026-10-01 to 2026-10-31");
    assert_eq!(shape(ads, |rules| rules.leave_out_totals = false), ["Campaign Budget name Currency Cost: [4, 5, 6, 7]; "]);
    check("Report||\n||\nName|Cost|Clicks\nx|1|2", &["Name Cost Clicks: [4]; "]);
    check("Account|Northwind\nProperty|www\n\nDate|Sessions|Users\n2026-10-01|1|2", &["Date Sessions Users: [5]; "]);
    check("# Account: x\n# \n\nDate|Sessions\n2026-10-01|1", &["Date Sessions: [5]; "]);
}

#[test]
fn the_header_may_be_said() {
    let text = "a|b\n1|2\nc|d\n3|4";
    assert_eq!(shape(text, |rules| rules.header = Some(3)), ["c d: [4]; "]);
    assert_eq!(shape(text, |rules| rules.skip = 2), ["c d: [4]; "]);
    assert_eq!(shape("1|2\n3|4", |rules| rules.header = Some(1)), ["1 2: [2]; "]);
    let found = outline("2026-10-01|5\n2026-10-02|6", |_| {});
    assert!(found.tables.is_empty());
    assert_eq!(found.values_at, Some(1));
}

#[test]
fn several_tables_stand_one_below_the_other() {
    let snapshot = "# Start date: 20261001\n# End date: 20261028\nNth day|Average\n0000|4.5\n0001|3.5\n\n# Start date: 20261001\n# End date: 20261028\nNth day|Sessions\n0000|0.3\n\n#  \nEvent name|Event count\nview|45\nclick|41";
    check(snapshot, &["Nth day Average: [4, 5]; ", "Nth day Sessions: [10]; ", "Event name Event count: [14, 15]; "]);
    let found = outline(snapshot, |_| {});
    assert!(found.tables.iter().all(|table| table.range.is_some()));
    // Told apart by width, by a title, by names over values.
    check("a|b\n1|2\n\nc|d|e\n3|4|5\n6|7|8", &["a b: [2]; ", "c d e: [5, 6]; "]);
    check("a|b|c\n1|2|x\n\nBy day\nd|e|f\n3|4|y", &["a b c: [2]; ", "d e f: [6]; "]);
    check("a|b\n1|2\n\nc|d\n3|4", &["a b: [2]; ", "c d: [5]; "]);
    // The same table goes on.
    check("name|b\nx|2\n\ny|4\nz|5", &["name b: [2, 4, 5]; "]);
    check("name|b\nx|2\n\ny|unknown\nz|5", &["name b: [2, 4, 5]; "]);
    check("name|mail\nx|2@x\n\ny|4@x\nz|5@x", &["name mail: [2, 4, 5]; "]);
    check("a|b\n1|2\n\na|b\n3|4", &["a b: [2, 5]; 4 RepeatedHeader"]);
    check("a|b\n1|2\na|b\n3|4", &["a b: [2, 4]; 3 RepeatedHeader"]);
    check("a|b|c\n1|2|3\n\nd|e\n3|4\n\na|b|c\n5|6|7", &["a b c: [2, 8]; 7 RepeatedHeader", "d e: [5]; "]);
    check("T\na|b|c\n1|2|3\n\nT\na|b|c\n4|5|6", &["a b c: [3, 7]; 5 Preamble, 6 RepeatedHeader"]);
}

#[test]
fn lines_behind_the_data_are_footers() {
    let opportunities = "Name|Stage|Amount\na|Won|1\nb|Lost|2\n\nOpportunity Report\nCopyright (c) 2026\n(2 records)";
    check(opportunities, &["Name Stage Amount: [2, 3]; 5 Footer, 6 Footer, 7 Footer"]);
    assert_eq!(outline(opportunities, |_| {}).tables[0].rows_expected, Some(2));
    check("a|b|c\n1|x|2\nGenerated by X", &["a b c: [2]; 3 Footer"]);
    check("a|b|c\n1|x|2\n\nGenerated by X||", &["a b c: [2]; 4 Footer"]);
    // Short rows are no footers: a cell of the last row may be missing, and between rows they are broken rows.
    check("a|b|c\n1|x|2\n3|y", &["a b c: [2, 3]; "]);
    check("a|b|c\n1|x|2\n3\n4|z|5", &["a b c: [2, 3, 4]; "]);
    check("a|b|c\n1|x|2\nBob||", &["a b c: [2, 3]; "]);
    check("a|b\n1|x\nBob", &["a b: [2, 3]; "]);
    check("a|b\n1|x\n\nBob", &["a b: [2]; 4 Footer"]);
    // A row that was cut off, and lines of two cells.
    check("a|b|c\n1|x|2\n30", &["a b c: [2, 3]; "]);
    check("a|b|c\n1|x|2\n\nFiltered by|Stage\nSorted by|Amount", &["a b c: [2]; 4 Footer, 5 Footer"]);
    // A comment between rows.
    check("a|b|c\n1|x|2\n\n# note\n3|y|4", &["a b c: [2, 5]; 4 Comment"]);
    check("a|b\n1|x\n\n# 7|y\n3|z", &["a b: [2, 4, 5]; "]);
}

#[test]
fn totals_are_known_by_label_or_sum() {
    check("|s\nd|s\n", &["d s: []; "]);
    check("day|name|clicks\n1|a|5\n2|b|7\n||12", &["day name clicks: [2, 3]; 4 Total"]);
    check("day|name|clicks\n||12\n1|a|5\n2|b|7", &["day name clicks: [3, 4]; 2 Total"]);
    check("day|name|clicks\n1|a|5\n2|b|7\n||13", &["day name clicks: [2, 3, 4]; "]);
    check("name|clicks\na|5\nTotal|5\nb|7\nTotal|7\nGrand total|12", &["name clicks: [2, 4]; 3 Total, 5 Total, 6 Total"]);
    check("name|plan|clicks\nTotal|pro|5\nb|free|7", &["name plan clicks: [2, 3]; "]);
    // One word may be a name: it is one between rows that it does not add up.
    check("name|cur|clicks\na|EUR|5\nTotal|EUR|500\nb|EUR|7\nc|EUR|10", &["name cur clicks: [2, 3, 4, 5]; "]);
    check("name|cur|clicks\na|EUR|5\nb|EUR|7\nTotal|EUR|12\nc|EUR|10", &["name cur clicks: [2, 3, 5]; 4 Total"]);
    check("name|clicks\nTotal|5\nb|7\nc|9", &["name clicks: [3, 4]; 2 Total"]);
    check("name|clicks\nb|7\nTotal|500\nc|9\nTotal|33", &["name clicks: [2, 3, 4]; 5 Total"]);
    check("name|clicks\nb|7\nc|9\nTotal|500\nTotal|33", &["name clicks: [2, 3, 4]; 5 Total"]);
    check("name|clicks\nb|7\nc|9\nSubtotal|15\nTotal|33", &["name clicks: [2, 3]; 4 Total, 5 Total"]);
    check("name|x|clicks|note\nb|y|7|\nc|z|9|\nTotal||15", &["name x clicks note: [2, 3]; 4 Total"]);
    check("name|clicks\nb|7\nTotal: b|500\nc|9", &["name clicks: [2, 4]; 3 Total"]);
    check("name|clicks\nTotal care|5\nb|7", &["name clicks: [2, 3]; "]);
}

#[test]
fn a_crowd_of_tables_is_none() {
    let tables = (0..1100).map(|table| format!("# t\na{table}|b{table}|c\n1|2|3\n"));
    let found = outline(&tables.collect::<Vec<_>>().join("\n"), |_| {});
    assert!(found.tables.is_empty() && found.crowded_at.is_some());
    // So many sums that are left out by number.
    let sections = "n|x|c\n\na|y|5\nb|y|7\n|y|12\n".repeat(900);
    assert!(outline(&sections, |_| {}).crowded_at.is_none());
    let found = outline(&format!("n|c\n{}", "a|5\nTotal|5\n".repeat(10_001)), |_| {});
    assert!(found.tables.is_empty() && found.crowded_at == Some(20_003));
    let found = outline(&"n|x|c\na|y|5\nb|y|7\n|y|12\n".repeat(10_001), |_| {});
    assert!(found.tables.is_empty() && found.crowded_at.is_some());
    let found = outline(&"a|b\n1|2\n\na|b|c\n1|2|3\n\n".repeat(1100), |_| {});
    assert!(found.tables.is_empty() && found.crowded_at.is_some());
}

#[test]
fn sheets_count_filled_cells() {
    let sheet = |text: &str| shape(text, |rules| rules.ragged = false);
    assert_eq!(sheet("Report\n\n||a|b|c\n||1|x|2\n||3|y\n||4"), ["a b c: [4, 5, 6]; "]);
    assert_eq!(sheet("a|b|c\n1|x|2\n\nNote"), ["a b c: [2]; 4 Footer"]);
}

#[test]
fn what_was_not_seen_is_asked_for() {
    let feed = |outline: &mut Outline, rows: &[(u64, &str)]| {
        for (number, line) in rows {
            let cells: Vec<_> = line.split('|').map(Cell::text).collect();
            outline.row(&Row { number: *number, cells: &cells, comment: false, merged: &[] });
        }
    };
    let rules = || Rules::new(&LayoutSettings::default(), &CellSettings::default(), true);
    let mut outline = Outline::new(rules());
    feed(&mut outline, &[(1, "name|clicks|x"), (2, "a|5|y"), (3, "b|6|y")]);
    outline.gap();
    feed(&mut outline, &[(90, "y|5|y"), (91, "z|6|y"), (92, "Made by X")]);
    let found = outline.finish(true);
    assert!(!found.wants_all);
    assert_eq!(found.tables[0].footers, ["Made by X"]);
    let unseen: Vec<_> = [3, 4, 89, 90].into_iter().filter(|row| found.tables[0].sieve.is_unseen(*row)).collect();
    assert_eq!(unseen, [4, 89]);
    let mut outline = Outline::new(rules());
    feed(&mut outline, &[(1, "name|clicks"), (2, "a|5"), (3, "b|6")]);
    outline.gap();
    feed(&mut outline, &[(90, "y|5"), (91, "|600")]);
    assert!(outline.finish(true).wants_all);
    let mut outline = Outline::new(rules());
    feed(&mut outline, &[(1, "name|clicks"), (2, "a|5"), (3, "b|6")]);
    let found = outline.finish(false);
    assert!(found.tables[0].sieve.is_unseen(4) && !found.tables[0].sieve.is_unseen(3));
    assert!(found.tables[0].sieve.lacks_key(&[Cell::Empty, Cell::text("7")][..]));
}

/// A line of a made-up file.
#[derive(Clone, Debug)]
enum Line {
    Blank,
    Data(Vec<String>),
    Other(String),
}

fn width_and_kinds() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0_u8..3, 2..5)
}

/// A text, a number or a day; the first column is always filled, another may be empty.
fn cell(kind: u8, value: u32, first: bool) -> String {
    match kind {
        _ if !first && value.is_multiple_of(5) => String::new(),
        0 => format!("x{}", value % 50),
        1 => (value % 100_000).to_string(),
        _ => format!("2026-{:02}-{:02}", value % 12 + 1, value % 28 + 1),
    }
}

fn file() -> impl Strategy<Value = (Vec<Line>, usize)> {
    let before = proptest::collection::vec(0_u8..5, 0..6);
    let rows = proptest::collection::vec((proptest::collection::vec(any::<u32>(), 5), 0_u8..12), 2..40);
    (width_and_kinds(), before, rows, proptest::collection::vec(0_u8..3, 0..5)).prop_map(|(mut kinds, before, rows, behind)| {
        kinds.insert(0, 0);
        kinds.push(1);
        let width = kinds.len();
        let header = (0..width).map(|column| format!("Column {column}")).collect::<Vec<_>>().join("|");
        let mut lines: Vec<_> = before
            .into_iter()
            .map(|kind| match kind {
                0 => Line::Blank,
                1 => Line::Other("Sales report".to_owned()),
                2 => Line::Other("October 1, 2026 - October 31, 2026".to_owned()),
                3 => Line::Other("# Account: Northwind".to_owned()),
                _ => Line::Other(format!("Report{}", "|".repeat(width - 1))),
            })
            .collect();
        lines.push(Line::Other(header.clone()));
        for (index, (values, event)) in rows.into_iter().enumerate() {
            match event {
                0 if index > 0 => lines.push(Line::Blank),
                1 if index > 0 => lines.push(Line::Other(header.clone())),
                2 if index > 0 => lines.extend([Line::Blank, Line::Other("# a note".to_owned())]),
                3 if index > 0 => lines.extend([Line::Blank, Line::Other("October".to_owned()), Line::Other(header.clone())]),
                4 => lines.push(Line::Other(format!("Total: all{}{}", "|".repeat(width - 1), values[0]))),
                5 => lines.push(Line::Other("|".repeat(width - 1))),
                _ => {}
            }
            let cells = kinds.iter().zip(&values).enumerate().map(|(column, (kind, value))| cell(*kind, *value, column == 0));
            let mut cells: Vec<_> = cells.collect();
            cells.resize_with(width - 1, || "x".to_owned());
            cells.push((values[0] % 9999 + 1).to_string());
            lines.push(Line::Data(cells));
        }
        for kind in behind {
            lines.push(match kind {
                0 => Line::Blank,
                1 => Line::Other("Copyright (c) 2026".to_owned()),
                _ => Line::Other("(17 records)".to_owned()),
            });
        }
        (lines, width)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever stands around and between the rows, each of them is data exactly once.
    #[test]
    fn rows_are_data_exactly_once((lines, width) in file()) {
        let text: Vec<_> = lines.iter().map(|line| match line {
            Line::Blank => String::new(),
            Line::Data(cells) => cells.join("|"),
            Line::Other(text) => text.clone(),
        }).collect();
        let text = text.join("\n");
        let expect: Vec<_> = (1..).zip(&lines).filter(|(_, line)| matches!(line, Line::Data(_))).map(|(number, _)| number).collect::<Vec<u64>>();
        let found = outline(&text, |_| {});
        prop_assert_eq!(found.tables.len(), 1, "{}\n{:#?}", text, found);
        prop_assert_eq!(found.tables[0].headers.len(), width, "{}", text);
        prop_assert_eq!(rows(&text, &found.tables[0]).0, expect, "{}", text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever rows come, no row is data of two tables, and none is lost: what is no data is said, or stands above a header.
    #[test]
    fn any_rows_are_survived(
        lines in proptest::collection::vec(proptest::collection::vec(0_usize..10, 0..5), 0..120),
        ragged: bool,
        header in proptest::option::of(1_u64..6),
        seen in proptest::option::of(0_usize..120),
        fill_short_rows: bool,
    ) {
        const CELLS: [&str; 10] = ["", "name", "x", "7", "12", "Total", "2026-10-01", "# note", "--", "12/1/2026"];
        let text = lines.iter().map(|cells| cells.iter().map(|cell| CELLS[*cell]).collect::<Vec<_>>().join("|"));
        let text = text.collect::<Vec<_>>().join("\n");
        let change = |rules: &mut Rules| {
            *rules = Rules { header, fill_short_rows, ragged, ..rules.clone() };
        };
        let found = outline(&text, change);
        let mut data = std::collections::BTreeMap::new();
        let mut above = std::collections::BTreeSet::new();
        for table in &found.tables {
            let (rows, left_out) = rows(&text, table);
            for row in rows.into_iter().chain(left_out.into_iter().map(|(row, _)| row)) {
                *data.entry(row).or_insert(0) += 1;
            }
            above.insert(table.header_row);
        }
        prop_assert!(data.values().all(|tables| *tables == 1), "{}\n{:#?}", text, found);
        let lines_above: usize = found.tables.iter().map(|table| table.preamble.len()).sum();
        let all = text.lines().filter(|line| !line.replace('|', "").trim().is_empty()).count();
        let blank = (1..).zip(text.lines()).filter(|(_, line)| line.replace('|', "").trim().is_empty());
        let blank: std::collections::BTreeSet<u64> = blank.map(|(row, _)| row).collect();
        if !found.tables.is_empty() {
            let read = data.keys().filter(|row| !blank.contains(row)).count();
            prop_assert!(read + above.len() + lines_above + found.lines.len() >= all, "{}\n{:#?}", text, found);
        }
        if let Some(seen) = seen {
            let head: Vec<_> = text.lines().take(seen).collect();
            let mut open = Outline::new(Rules::new(&LayoutSettings::default(), &CellSettings::default(), ragged));
            for (number, line) in (1..).zip(head) {
                let cells: Vec<_> = line.split('|').map(Cell::text).collect();
                open.row(&Row { number, cells: &cells, comment: false, merged: &[] });
            }
            open.gap();
            open.row(&Row { number: 500, cells: &[Cell::text("x")], comment: false, merged: &[] });
            open.finish(false);
        }
    }
}
