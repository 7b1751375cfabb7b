//! Preambles, several tables, totals, footers and rows that are too short, read in one part and in many.

use std::io::Write as _;

use super::*;

/// Rows of a table, in one part of a file looked at completely, and in many of one looked at in places.
fn read(files: &[(&str, &[u8])], config: &Value, table: &str) -> Scanned {
    let mut bench = bench(files, config.clone());
    let mut scan = |sizes: Sizes, partitions: usize| {
        bench.source.sizes = sizes;
        *bench.source.survey.lock().unwrap() = None;
        let shape = |request: &mut ScanRequest| {
            table.clone_into(&mut request.table);
            request.target_partitions = partitions;
        };
        bench.trial.scan(&bench.source, &bench.task, &[], shape).unwrap()
    };
    let whole = scan(Sizes::default(), 1);
    let split = scan(TINY, 6);
    assert_eq!(whole.rows, split.rows);
    assert_eq!(whole.rejected, split.rejected);
    assert_eq!(samples::summed(&whole.left_out), samples::summed(&split.left_out));
    whole
}

fn columns(scanned: &Scanned, names: &[&str]) -> Vec<Vec<String>> {
    let places: Vec<_> = names.iter().map(|name| scanned.schema.index_of(name).unwrap()).collect();
    scanned.rows.iter().map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect()
}

#[test]
fn files_of_one_glob_may_differ_in_all_but_their_names() {
    let files: [(&str, &[u8]); 4] = [
        ("1.csv", b"Report\nOctober 1, 2026 - October 31, 2026\nname,clicks,cost\na,1,2\nTotal,1,2\n"),
        ("2.csv", b"Name;Clicks\nb;2\n"),
        ("3.csv", b"# Start date: 20261201\n# End date: 20261231\n\nclicks\tname\tnew\n3\tc\tx\n"),
        ("4.csv", b"Name;Clicks\nb;2\n"),
    ];
    let scanned = read(&files, &json!({}), "demo");
    let rows = columns(&scanned, &["name", "clicks", "cost", "new", "_file", "_line", "_from", "_to"]);
    assert_eq!(
        rows,
        [
            ["a", "1", "2", "∅", "1.csv", "4", "2026-10-01", "2026-10-31"],
            ["b", "2", "∅", "∅", "2.csv", "2", "∅", "∅"],
            ["c", "3", "∅", "x", "3.csv", "5", "2026-12-01", "2026-12-31"],
        ]
    );
    assert_eq!(samples::summed(&scanned.left_out), ["1 × 4.csv is a copy of 2.csv", "1 × total row"]);
    let bench = bench(&files, json!({}));
    let details = bench.source.tables(&bench.task).unwrap().remove(0).details;
    assert_eq!(
        details.format,
        [
            "1.csv: comma, UTF-8, header on line 3, 2026-10-01 to 2026-10-31",
            "2.csv: semicolon, UTF-8, header on line 1, the same as 4.csv",
            "3.csv: tab, UTF-8, header on line 4, 2026-12-01 to 2026-12-31",
        ]
    );
    assert_eq!(details.preamble, ["Report", "October 1, 2026 - October 31, 2026"]);
}

#[test]
fn tables_of_one_name_are_joined_over_files() {
    let october: &[u8] = b"# a\nDay,Sessions\n1,10\n2,20\n\n# b\nDay,Users\n1,7\n";
    let november: &[u8] = b"# b\nDay,Users\n3,8\n\n# a\nDay,Sessions,New\n3,30,4\n\n# a\nDay,Sessions,New\n4,40,5\n";
    let files = [("10.csv", october), ("11.csv", november)];
    let bench = bench(&files, json!({}));
    let names: Vec<_> = bench.source.tables(&bench.task).unwrap().into_iter().map(|table| table.name).collect();
    assert_eq!(names, ["sessions", "users"]);
    let sessions = read(&files, &json!({}), "sessions");
    assert_eq!(
        columns(&sessions, &["day", "sessions", "new", "_line"]),
        [["1", "10", "∅", "3"], ["2", "20", "∅", "4"], ["3", "30", "4", "7"], ["4", "40", "5", "11"],]
    );
    assert_eq!(samples::summed(&sessions.left_out), ["1 × line before a header", "1 × repeated header"]);
    assert_eq!(columns(&read(&files, &json!({}), "users"), &["day", "users"]), [["1", "7"], ["3", "8"]]);
    // One without rows is a table all the same.
    let empty: &[u8] = b"# a\nDay,Sessions\n1,10\n\n# b\nDay,Users\n";
    assert_eq!(read(&[("a.csv", empty)], &json!({}), "users").rows.len(), 0);
    let error = bench.trial.scan(&bench.source, &bench.task, &[], |scan| "session".clone_into(&mut scan.table)).unwrap_err();
    assert_eq!(error.status, Status::NotFound);
}

#[test]
fn lines_outside_of_tables_are_said() {
    let bench = bench(&[("a.csv", b"Day,Sessions\n\nDay,Users,New\n1,10,3\n")], json!({}));
    let details = bench.source.tables(&bench.task).unwrap().remove(0).details;
    assert_eq!((details.headers.len(), details.preamble), (3, vec!["Day, Sessions".to_owned()]));
    let bench = self::bench(&[("a.csv", b"Day,Users,New\n1,10,3\n\nWeek,Users\n\nBy X\n")], json!({}));
    let details = bench.source.tables(&bench.task).unwrap().remove(0).details;
    assert_eq!(details.format, ["a.csv: comma, UTF-8, header on line 1, footer on line 4, footer on line 6"]);
}

/// A report of some thousand rows with subtotals in it, a total below, and footers.
fn report(rows: u32, total: &str) -> (String, u32) {
    let mut text = "Sales report\n\nRegion,Product,Currency,Amount,Note\n".to_owned();
    let mut sum = 0;
    for row in 0..rows {
        let amount = row * 7 % 1000 + 1;
        sum += amount;
        let _ = writeln!(text, "r{},p{},USD,{amount},\"a\nb\"", row % 9, row % 50);
        if row % 100 == 99 {
            let _ = writeln!(text, "Subtotal: r,,USD,{amount},");
        }
    }
    let _ = write!(text, "{}", total.replace("SUM", &sum.to_string()));
    (text, sum)
}

#[test]
fn totals_and_footers_of_large_files_are_known_in_every_part() {
    let check = |end: &str, left_out: &[&str]| {
        let (text, sum) = report(1000, end);
        let scanned = read(&[("a.csv", text.as_bytes())], &json!({}), "demo");
        let total: u32 = columns(&scanned, &["amount"]).iter().map(|row| row[0].parse::<u32>().unwrap()).sum();
        assert_eq!((scanned.rows.len(), total), (1000, sum), "{end}");
        assert_eq!(samples::summed(&scanned.left_out), left_out, "{end}");
        assert_eq!(scanned.rejected, [""; 0]);
    };
    check("", &["10 × total row"]);
    check("Grand total,,USD,SUM,\n", &["11 × total row"]);
    // Without a label, only the sum of all rows tells.
    check(",,USD,SUM,\n", &["11 × total row"]);
    check("\nMade by X\n(1000 records)\n", &["2 × footer", "10 × total row"]);
    check("Made by X\n", &["1 × footer", "10 × total row"]);
}

#[test]
fn a_row_that_adds_up_to_nothing_is_data() {
    let (text, _) = report(1000, ",,USD,17,\n");
    let scanned = read(&[("a.csv", text.as_bytes())], &json!({}), "demo");
    assert_eq!(scanned.rows.len(), 1001);
    let (text, _) = report(300, "Grand total,,USD,SUM,\n");
    let kept = read(&[("a.csv", text.as_bytes())], &json!({"totals": "keep"}), "demo");
    assert_eq!((kept.rows.len(), kept.left_out), (304, Vec::new()));
}

#[test]
fn a_name_like_one_of_totals_is_judged_by_all_rows() {
    let mut text = "company,currency,amount,day\n".to_owned();
    for row in 1..=1000 {
        let _ = writeln!(text, "c{row},EUR,{row},2026-10-01");
        if row % 500 == 250 {
            text.push_str("Total,EUR,500,2026-10-01\n");
        }
    }
    let scanned = read(&[("a.csv", text.as_bytes())], &json!({}), "demo");
    assert_eq!((scanned.rows.len(), scanned.left_out.len()), (1002, 0));
    let text = (1..=300).fold("company,currency,amount\n".to_owned(), |text, row| {
        let subtotal = if row % 3 == 0 { format!("Subtotal,EUR,{}\n", 3 * row - 3) } else { String::new() };
        format!("{text}c{row},EUR,{row}\n{subtotal}")
    });
    let scanned = read(&[("a.csv", text.as_bytes())], &json!({}), "demo");
    assert_eq!((scanned.rows.len(), samples::summed(&scanned.left_out)), (300, vec!["100 × total row".to_owned()]));
}

#[test]
fn packed_and_wide_files_are_outlined_like_others() {
    let (text, _) = report(1000, "\n(1000 records)\n");
    let expect = read(&[("a.csv", text.as_bytes())], &json!({}), "demo").rows;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [gzip.finish().unwrap(), utf16] {
        let scanned = read(&[("a.csv", &bytes)], &json!({}), "demo");
        assert_eq!(scanned.rows, expect);
        assert_eq!(samples::summed(&scanned.left_out), ["1 × footer", "10 × total row"]);
    }
}

#[test]
fn blank_rows_are_no_data() {
    let text = b"a,b\n1,x\n\n,\n,\"\"\n2,y\n \n,,,\n";
    let scanned = read(&[("a.csv", text)], &json!({}), "demo");
    assert_eq!(columns(&scanned, &["a", "_line"]), [["1", "2"], ["2", "6"]]);
    assert_eq!(scanned.left_out, ["3 × empty row"]);
    let one = read(&[("a.csv", b"a\nx\n\"\"\n\ny\n")], &json!({}), "demo");
    assert_eq!(columns(&one, &["a", "_line"]), [["x", "2"], ["∅", "3"], ["y", "5"]]);
}

/// The second title may be the first row of a part, and the row of empty cells before it the last one of the part before.
#[test]
fn a_table_behind_empty_cells_is_found_wherever_parts_begin() {
    for more in 0..8 {
        let mut text = "name,city,clicks\n".to_owned();
        (0..200 + more).for_each(|row| _ = writeln!(text, "n{row:03},Oslo,{row:03}"));
        text.push_str(",,\nBy product,,\nproduct,kind,price\n");
        (0..200).for_each(|row| _ = writeln!(text, "p{row:03},k{},{row:03}", row % 3));
        let mut bench = bench(&[("a.csv", text.as_bytes())], json!({}));
        bench.source.sizes = Sizes { piece: 16, ..TINY };
        let first = bench.split(&[], 1000).unwrap();
        assert_eq!(
            (first.rows.len(), first.left_out, first.rejected),
            (200 + more, vec!["1 × empty row".to_owned()], Vec::new())
        );
        let tables: Vec<_> = bench.source.tables(&bench.task).unwrap().into_iter().map(|table| table.name).collect();
        assert_eq!(tables, ["name", "by_product"]);
    }
}

#[test]
fn short_rows_are_rejected_or_filled() {
    let text = b"a,b,c\n1,x,5\n2\n3,y\n4,z,6\n";
    let rejected = read(&[("a.csv", text)], &json!({}), "demo");
    assert_eq!(columns(&rejected, &["a"]), [["1"], ["4"]]);
    assert_eq!(
        rejected.rejected,
        ["a.csv:3 : 1 cell where the header has 3: 2", "a.csv:4 : 2 cells where the header has 3: 3, y"]
    );
    let filled = read(&[("a.csv", text)], &json!({"short_rows": "fill"}), "demo");
    assert_eq!(columns(&filled, &["a", "b", "c"]), [["1", "x", "5"], ["2", "∅", "∅"], ["3", "y", "∅"], ["4", "z", "6"]]);
    assert_eq!(filled.rejected, [""; 0]);
}

#[test]
fn columns_are_filled_down_by_key() {
    let mut text = "Name,Paid at,Status,Item\n".to_owned();
    for order in 0..40 {
        let _ = writeln!(text, "#{order},2026-10-01,paid,a\n#{order},,,b\n,,,c");
    }
    text.push_str("#99,,open,a\n");
    let fill = json!({"fill_down": {"key": "name", "columns": ["Paid at", "status"]}});
    let scanned = read(&[("a.csv", text.as_bytes())], &fill, "demo");
    let rows = columns(&scanned, &["name", "paid_at", "status", "item", "_line"]);
    assert_eq!(rows[1], ["#0", "2026-10-01", "paid", "b", "3"]);
    assert_eq!(rows[2], ["∅", "2026-10-01", "paid", "c", "4"]);
    assert_eq!(rows[120], ["#99", "∅", "open", "a", "122"]);
    assert!(rows[..120].iter().all(|row| row[1] == "2026-10-01" && row[2] == "paid"));
    let wrong = bench(&[("a.csv", text.as_bytes())], json!({"fill_down": {"columns": ["Payd at"]}}));
    let error = wrong.source.tables(&wrong.task).unwrap_err();
    assert!(error.message.contains("`fill_down.columns` names `Payd at`"), "{}", error.message);
    assert_eq!(error.hint.as_deref(), Some("did you mean `paid_at`?"));
}

#[derive(Clone, Debug)]
enum Line {
    Data(String, u32),
    Blank,
    Padding,
    Header,
    Titled,
    Total,
    Comment,
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        20 => ("[a-z \"\n,é€]{0,9}", 1..100_000_u32).prop_map(|(text, number)| Line::Data(text, number)),
        1 => Just(Line::Blank),
        1 => Just(Line::Padding),
        1 => Just(Line::Header),
        1 => Just(Line::Titled),
        1 => Just(Line::Total),
        1 => Just(Line::Comment),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever stands before, between and behind the rows, and however a file is split, each row is read exactly once.
    #[test]
    fn rows_are_read_exactly_once(
        before in proptest::collection::vec(0_usize..4, 0..5),
        lines in proptest::collection::vec(line(), 3..300),
        behind in proptest::collection::vec(0_usize..3, 0..4),
        crlf: bool,
    ) {
        let header = "Name,Note,Amount,Kind";
        let mut text = String::new();
        text.extend(before.iter().map(|line| ["\n", "Sales report\n", "# Account: x\n", "Report,,,\n"][*line]));
        text.push_str(header);
        text.push('\n');
        let mut expect = Vec::new();
        for line in &lines {
            match line {
                Line::Data(note, amount) => {
                    expect.push(vec![format!("n{amount}"), if note.trim().is_empty() { "∅".to_owned() } else { note.clone() }, amount.to_string()]);
                    let _ = writeln!(text, "n{amount},{},{amount},k{}", written(note, ',', false), amount % 3);
                }
                Line::Blank => text.push('\n'),
                Line::Padding => text.push_str(",,,\n"),
                Line::Header => { let _ = writeln!(text, "{header}"); }
                Line::Titled => { let _ = writeln!(text, "\nSales report\n{header}"); }
                Line::Total => text.push_str("Total: all,,12,\n"),
                Line::Comment => text.push_str("\n# a note\n"),
            }
        }
        prop_assume!(!expect.is_empty());
        text.extend(behind.iter().map(|line| ["\n", "Made by X\n", "(17 records)\n"][*line]));
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let expect: Vec<_> = expect.into_iter().map(|row| row.into_iter().map(|cell| if crlf { cell.replace('\n', "\r\n") } else { cell }).collect::<Vec<_>>()).collect();
        let scanned = read(&[("a.csv", text.as_bytes())], &json!({"delimiter": ",", "quote": "\""}), "demo");
        prop_assert_eq!(columns(&scanned, &["name", "note", "amount"]), expect);
        prop_assert_eq!(scanned.rejected, [""; 0]);
    }
}
