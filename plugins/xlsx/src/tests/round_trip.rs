//! Any table reads back as it was written, whatever writes it.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Written {
    Nothing,
    Text(String),
    Number(f64),
    Truth(bool),
}

fn cell() -> impl Strategy<Value = Written> {
    prop_oneof![
        Just(Written::Nothing),
        "[ -~äß€日_&<>\"']{0,12}".prop_map(Written::Text),
        (-1_000_000_i64..1_000_000).prop_map(|number| Written::Number(number as f64 / 100.0)),
        any::<bool>().prop_map(Written::Truth),
    ]
}

/// The cell as it reads where text is wanted.
fn text(cell: &Written) -> String {
    match cell {
        Written::Text(text) if !text.trim().is_empty() => text.clone(),
        Written::Nothing | Written::Text(_) => "∅".to_owned(),
        Written::Number(number) => number.to_string(),
        Written::Truth(truth) => truth.to_string(),
    }
}

fn xlsx(rows: &[Vec<Written>], top: u32, left: u16) -> Workbook {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (index, header) in ["key", "b", "c"].into_iter().enumerate() {
        sheet.write(top, left + index as u16, header).unwrap();
    }
    for (row, cells) in (top + 1..).zip(rows) {
        sheet.write(row, left, format!("k{row}")).unwrap();
        for (column, cell) in (left + 1..).zip(cells) {
            match cell {
                Written::Nothing => {}
                Written::Text(text) => drop(sheet.write(row, column, text.as_str()).unwrap()),
                Written::Number(number) => drop(sheet.write(row, column, *number).unwrap()),
                Written::Truth(truth) => drop(sheet.write(row, column, *truth).unwrap()),
            }
        }
    }
    workbook
}

fn fods(rows: &[Vec<Written>], top: u32) -> String {
    let plain =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace("  ", " <text:s/>").replace("  ", " <text:s/>");
    let string =
        |text: &str| format!("<table:table-cell office:value-type='string'><text:p>{}</text:p></table:table-cell>", plain(text));
    let cell = |cell: &Written| match cell {
        Written::Nothing => "<table:table-cell/>".to_owned(),
        Written::Text(text) => string(text),
        Written::Number(number) => format!("<table:table-cell office:value-type='float' office:value='{number}'/>"),
        Written::Truth(truth) => format!("<table:table-cell office:value-type='boolean' office:boolean-value='{truth}'/>"),
    };
    let row = |cells: String| format!("<table:table-row>{cells}</table:table-row>");
    let header = row(["key", "b", "c"].map(string).concat());
    let rows = (top + 2..)
        .zip(rows)
        .map(|(key, cells)| row(string(&format!("k{}", key - 1)) + &cells.iter().map(cell).collect::<Vec<_>>().concat()));
    let above = if top == 0 { String::new() } else { format!("<table:table-row table:number-rows-repeated='{top}'/>") };
    let rows = rows.collect::<Vec<_>>().concat();
    format!(
        "<office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' office:mimetype='application/vnd.oasis.opendocument.spreadsheet'>\
         <office:body><office:spreadsheet><table:table table:name='S'>{above}{header}{rows}</table:table></office:spreadsheet></office:body></office:document>"
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_table_reads_back(
        rows in proptest::collection::vec(proptest::collection::vec(cell(), 2), 1..12),
        top in 0_u32..4,
        left in 0_u16..3,
    ) {
        let bench = Bench::new();
        bench.save("a.xlsx", xlsx(&rows, top, left));
        std::fs::write(bench.folder.path().join("a.fods"), fods(&rows, top)).unwrap();
        let key = |row: usize| format!("k{}", top as usize + 1 + row);
        let expect: Vec<Vec<String>> = rows
            .iter()
            .enumerate()
            .map(|(row, cells)| [vec![key(row)], cells.iter().map(text).collect()].concat())
            .collect();
        for name in ["a.xlsx", "a.fods"] {
            let config = json!({"path": name, "header": top + 1, "totals": "keep"});
            let columns = [("key", Kind::Text), ("b", Kind::Text), ("c", Kind::Text)];
            let scanned = bench.scan(config, &columns).unwrap();
            // A last row of its key alone may be a footer: it is counted, and not lost.
            let left_out = scanned.left_out.len();
            prop_assert!(scanned.rejected.is_empty() && left_out <= 1, "{} {:?} {:?}", name, scanned.rejected, scanned.left_out);
            if left_out == 0 {
                prop_assert_eq!(&scanned.rows, &expect, "{}", name);
            } else {
                prop_assert_eq!(&scanned.rows[..], &expect[..scanned.rows.len()], "{}", name);
            }
        }
    }
}
