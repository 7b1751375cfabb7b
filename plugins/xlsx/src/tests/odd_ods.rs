//! ODF spreadsheets as they are rarely written.

use super::*;

impl Bench {
    fn ods(&self, name: &str, tables: &str) {
        let styles = "<office:automatic-styles><style:style style:name='gone' style:family='table'><style:table-properties table:display='false'/></style:style>\
            <number:time-style style:name='t1' number:truncate-on-overflow='false'/><style:style style:name='span' style:data-style-name='t1'/></office:automatic-styles>";
        let content = format!(
            "<?xml version='1.0'?><office:document-content>{styles}<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
        );
        let mimetype = "application/vnd.oasis.opendocument.spreadsheet";
        self.zip(name, &[("mimetype", mimetype), ("META-INF/manifest.xml", "<manifest/>"), ("content.xml", &content)]);
    }
}

fn text(text: &str) -> String {
    format!("<table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell>")
}

fn number(number: &str) -> String {
    format!("<table:table-cell office:value-type='float' office:value='{number}'><text:p>shown</text:p></table:table-cell>")
}

fn row(cells: &[String]) -> String {
    format!("<table:table-row>{}</table:table-row>", cells.concat())
}

#[test]
fn repeats_count_where_they_hold_data_and_cost_nothing_where_not() {
    let bench = Bench::new();
    let twice = row(&[text("x"), number("2")]).replacen("<table:table-row", "<table:table-row table:number-rows-repeated='3'", 1);
    let blank = "<table:table-row table:number-rows-repeated='1048570'><table:table-cell table:number-columns-repeated='16384'/></table:table-row>";
    let wide = "<table:table-row><table:table-cell office:value-type='float' office:value='7' table:number-columns-repeated='2'/><table:table-cell table:number-columns-repeated='16382'/></table:table-row>";
    bench.ods("a.ods", &format!("<table:table table:name='S'><table:table-column table:number-columns-repeated='16384'/><table:table-header-rows>{}</table:table-header-rows><table:table-row-group>{twice}</table:table-row-group>{wide}{blank}</table:table>", row(&[text("a"), text("b")])));
    let scanned = bench.scan(json!({"path": "a.ods"}), &[]).unwrap();
    let rows: Vec<_> = scanned.rows.iter().map(|row| row.join("|")).collect();
    assert_eq!(rows, ["x|2|a.ods|2", "x|2|a.ods|3", "x|2|a.ods|4", "7|7|a.ods|5"]);
}

#[test]
fn cells_are_what_their_types_say() {
    let bench = Bench::new();
    let typed = |attributes: &str| format!("<table:table-cell {attributes}><text:p>shown</text:p></table:table-cell>");
    let cells = [
        typed("office:value-type='date' office:date-value='2026-10-01'"),
        typed("office:value-type='date' office:date-value='2026-10-01T09:14:35'"),
        typed("office:value-type='time' office:time-value='PT09H14M35S'"),
        typed("office:value-type='time' office:time-value='PT36H00M00S' table:style-name='span'"),
        typed("office:value-type='percentage' office:value='0.5'"),
        typed("office:value-type='currency' office:currency='EUR' office:value='2.5'"),
        typed("office:value-type='boolean' office:boolean-value='true'"),
        typed("office:value-type='string' office:string-value='kept'"),
        text("a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>d</text:p><text:p>e <text:a>f</text:a><office:annotation><text:p>no</text:p></office:annotation>"),
        "<table:table-cell office:value-type='float' office:value='1'><office:annotation><text:p>no</text:p></office:annotation><text:p>1</text:p></table:table-cell>".to_owned(),
        "<table:table-cell table:formula='of:=1+1'/>".to_owned(),
        "<table:table-cell table:formula='of:=1/0' office:value-type='string' office:string-value='' calcext:value-type='error'><text:p>#DIV/0!</text:p></table:table-cell>".to_owned(),
    ];
    let names: Vec<_> =
        ["day", "moment", "clock", "span", "rate", "money", "truth", "kept", "text", "noted", "new", "error"].map(text).to_vec();
    bench.ods("a.ods", &format!("<table:table table:name='S'>{}{}</table:table>", row(&names), row(&cells)));
    let told = bench.told("a.ods", &json!({}));
    assert_eq!(told[1], "2026-10-01|2026-10-01T09:14:35|09:14:35|1.5|0.5|2.50|true|kept|a  b\tc\nd\ne f|1|∅|∅");
    let field = |name: &str| {
        let tables = bench.open(json!({"path": "a.ods"})).tables(&bench.task).unwrap();
        tables[0].schema.field_with_name(name).unwrap().metadata().get(cvj_core::source::FIELD_CURRENCY).cloned()
    };
    assert_eq!((field("money").as_deref(), field("rate")), (Some("EUR"), None));
    assert_eq!(
        told[2..],
        [
            "a.ods:2 new: the cell holds the error of a formula that was never calculated: of a formula that was never calculated",
            "a.ods:2 error: the cell holds the error #DIV/0!: #DIV/0!",
        ]
    );
}

#[test]
fn merged_hidden_and_tracked_cells_are_told_apart() {
    let bench = Bench::new();
    let merged = text("North").replacen(
        "<table:table-cell",
        "<table:table-cell table:number-rows-spanned='2' table:number-columns-spanned='1'",
        1,
    );
    let covered = text("under").replace("table:table-cell", "table:covered-table-cell");
    let filtered =
        row(&[text("South"), number("3")]).replacen("<table:table-row", "<table:table-row table:visibility='filter'", 1);
    let rows = [row(&[text("a"), text("b")]), row(&[merged, number("1")]), row(&[covered, number("2")]), filtered].concat();
    let tracked = format!(
        "<table:tracked-changes><table:table table:name='old'>{}</table:table></table:tracked-changes>",
        row(&[text("no")])
    );
    let hidden =
        format!("<table:table table:name='H' table:style-name='gone'>{}{}</table:table>", row(&[text("h")]), row(&[text("i")]));
    bench.ods("a.ods", &format!("{tracked}{hidden}<table:table table:name='S'><table:shapes><table:table table:name='in'/></table:shapes>{rows}</table:table>"));
    assert_eq!(bench.told("a.ods", &json!({})), ["a|b", "North|1", "North|2", "South|3"]);
    assert_eq!(bench.told("a.ods", &json!({"hidden_rows": "skip"})), ["a|b", "North|1", "North|2", "1 × hidden row"]);
    assert_eq!(bench.told("a.ods", &json!({"sheet": "H"})), ["h", "i"]);
    let format = bench.open(json!({"path": "a.ods"})).tables(&bench.task).unwrap()[0].details.format.clone();
    assert_eq!(format, ["a.ods: sheet `S`, header in row 1, 1 hidden row read", "a.ods: the hidden sheet `H` is passed over"]);
}

#[test]
fn repeats_that_grow_without_bound_are_refused() {
    let bench = Bench::new();
    let often =
        row(&[text("x"), number("2")]).replacen("<table:table-row", "<table:table-row table:number-rows-repeated='1000000'", 1);
    bench.ods("a.ods", &format!("<table:table table:name='S'>{}{often}</table:table>", row(&[text("a"), text("b")])));
    let told = bench.told("a.ods", &json!({"limits": {"unpacked": "1 MB"}}));
    assert!(told[0].contains("unpacks to more than") && told[1].contains("limits.unpacked"), "{told:?}");
    let more = row(&[text("x")]).replacen("<table:table-row", "<table:table-row table:number-rows-repeated='99999999999999'", 1);
    bench.ods("a.ods", &format!("<table:table table:name='S'>{more}</table:table>"));
    assert!(bench.told("a.ods", &json!({}))[0].contains("more than 16777216 rows"));
    let wide = text("x").replacen("<table:table-cell", "<table:table-cell table:number-columns-repeated='99999999999999'", 1);
    bench.ods("a.ods", &format!("<table:table table:name='S'>{}</table:table>", row(&[wide])));
    assert!(bench.told("a.ods", &json!({}))[1].contains("limits.columns"));
}
