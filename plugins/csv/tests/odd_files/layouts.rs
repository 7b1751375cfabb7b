use std::fmt::Write as _;

use cvj_core::source::Kind;
use serde_json::json;

use crate::{check, odd};

#[test]
fn headers_are_found() {
    check(&[
        odd("a title", "Campaign report\na,b\n1,x\n2,y\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("a title padded by a spreadsheet", "Report,,\nOctober,,\na,b,c\n1,x,p\n2,y,q\n")
            .reads("a int, b text, c text", &["1|x|p", "2|y|q"]),
        odd("a title, a blank line", "Report\n\na,b\n1,x\n2,y\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("pairs of key and value above a wider table", "Account:,Northwind\nCurrency:,USD\n\na,b,c\n1,x,p\n2,y,q\n3,z,r\n")
            .reads("a int, b text, c text", &["1|x|p", "2|y|q", "3|z|r"]),
        odd(
            "many pairs of key and value above a few rows",
            "Account:,Northwind\nFrom:,2026-10-01\nTo:,2026-10-31\nUsers:,7\na,b,c\n1,x,p\n2,y,q\n",
        )
        .reads("a int, b text, c text", &["1|x|p", "2|y|q"]),
        odd("comments", "# Account: Northwind\n# \n#\na,b\n1,x\n").reads("a int, b text", &["1|x"]),
        odd("comments with delimiters", "# a,b,c\na,b\n1,x\n").reads("a int, b text", &["1|x"]),
        odd("comments of another kind", "// note\na,b\n1,x\n").with(json!({"comment": "//"})).reads("a int, b text", &["1|x"]),
        odd("rows that begin as comments do", "name,v\n#1001,5\n# 1002,6\n#,7\n")
            .reads("name text, v int", &["#1001|5", "# 1002|6", "#|7"]),
        odd("a header that begins as a comment does", "#,name\n1,x\n2,y\n").reads("column_1 int, name text", &["1|x", "2|y"]),
        odd("a told header", "x,y\na,b\n1,p\n").with(json!({"header": 2})).reads("a int, b text", &["1|p"]),
        odd("a told header counts lines in quotes", "\"x\ny\",z\na,b\n1,p\n")
            .with(json!({"header": 3}))
            .reads("a int, b text", &["1|p"]),
        odd("lines to skip", "x,y\nz\na,b\n1,p\n").with(json!({"skip_lines": 2})).reads("a int, b text", &["1|p"]),
        odd("equal headers", "Email,email,City,Phone,Zip,Email\na,b,c,d,e,f\n")
            .reads("email text, email_2 text, city text, phone text, zip text, email_3 text", &["a|b|c|d|e|f"]),
        odd("empty headers", "a,,c,\n1,x,p,5\n2,y,q,6\n")
            .reads("a int, column_2 text, c text, column_4 int", &["1|x|p|5", "2|y|q|6"]),
        odd("mostly empty headers might be a title", "a,,\n1,x,p\n2,y,q\n").refused("header", "header"),
        odd("headers of signs", "%,€,a\n1,2,3\n").reads("column_1 int, column_2 int, a int", &["1|2|3"]),
        odd("a header of two lines", "a,\"Total\nrevenue\"\n1,2\n").reads("a int, total_revenue int", &["1|2"]),
        odd("headers with blanks around", "  a , b  \n1,x\n").reads("a int, b text", &["1|x"]),
        odd("years as headers", "Region,2024,2025\nNorth,10,20\nSouth,30,40\n")
            .reads("region text, _2024 int, _2025 int", &["North|10|20", "South|30|40"]),
        odd("names of virtual columns", "_file,_line\nx,5\n").reads("file text, line int", &["x|5"]),
        odd("SQL's words", "select,from\n1,x\n").reads("select int, from text", &["1|x"]),
        odd("a header in every language", "Größe,Prénom,価格,Цена\n1,x,2,3\n")
            .reads("größe int, prénom text, 価格 int, цена int", &["1|x|2|3"]),
        odd("five thousand columns", wide(5000)).asking(&[("c4999", Kind::Any)]).reads("c4999 int", &["4999"]),
        odd("five thousand columns of one name", format!("{}\n{}\n", vec!["c"; 5000].join(","), vec!["1"; 5000].join(",")))
            .with(json!({"header": 1}))
            .asking(&[("c_5000", Kind::Any)])
            .reads("c_5000 int", &["1"]),
    ]);
}

fn wide(columns: usize) -> String {
    let line = |prefix: &str| (0..columns).map(|column| format!("{prefix}{column}")).collect::<Vec<_>>().join(",");
    format!("{}\n{}\n", line("c"), line(""))
}

#[test]
fn what_has_no_table_is_refused() {
    check(&[
        odd("an empty file", "").refused("empty", ""),
        odd("only a byte order mark", "\u{feff}").refused("", ""),
        odd("only blank lines", "\n\r\n\n").refused("", ""),
        odd("only a header", "a,b\n").refused("no row", ""),
        odd("only comments", "# one\n# two\n").refused("", ""),
        odd("only pairs of key and value", "Account:,Northwind\nCurrency:,USD\n").refused("a.csv:1", "header"),
        odd("only delimiters", ",,,\n,,,\n").refused("", ""),
        odd("a header beyond the end", "a,b\n1,x\n").with(json!({"header": 9})).refused("header", ""),
        odd("no line left to read", "a,b\n1,x\n").with(json!({"skip_lines": 9})).refused("", ""),
        odd("a column that is not there", "amount,b\n1,x\n")
            .with(json!({"columns": {"amout": {"type": "money"}}}))
            .refused("amout", "amount"),
        odd("a header with one column less than all rows", "a,b\nr1,1,x\nr2,2,y\nr3,3,z\n").refused("", "header"),
    ]);
}

#[test]
fn rows_of_other_widths_are_rejected_or_filled() {
    check(&[
        odd("a short row", "a,b,c\n1,x,p\n2,y\n3,z,q\n4,w,r\n")
            .reads("a int, b text, c text", &["1|x|p", "3|z|q", "4|w|r"])
            .rejects(&["a.csv:3"]),
        odd("a long row", "a,b\n1,x\n2,y,z\n3,w\n").reads("a int, b text", &["1|x", "3|w"]).rejects(&["a.csv:3"]),
        odd("empty cells too many", "a,b\n1,x,,\n2,y\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("a delimiter behind every row", "a,b\n1,x,\n2,y,\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("an unquoted comma in an address", "name,street,n\nA,Main St 1,1\nB,Oak St 2, back,2\nC,Elm St 3,3\n")
            .reads("name text, street text, n int", &["A|Main St 1|1", "C|Elm St 3|3"])
            .rejects(&["a.csv:3"]),
        odd("short rows that are to be filled", "a,b,c\n1,x,p\n2\n3,z\n4,w,q\n")
            .with(json!({"short_rows": "fill"}))
            .reads("a int, b text, c text", &["1|x|p", "2|∅|∅", "3|z|∅", "4|w|q"]),
        odd("long rows are not cut where short ones are filled", "a,b\n1,x\n2,y,z\n3\n4,w\n")
            .with(json!({"short_rows": "fill"}))
            .reads("a int, b text", &["1|x", "3|∅", "4|w"])
            .rejects(&["a.csv:3"]),
    ]);
}

#[test]
fn totals_and_footers_are_left_out_and_counted() {
    let days = |first: &str, last: &str| {
        let mut text = format!("from,to,name,n\n{first}");
        for day in 1..=9 {
            let _ = writeln!(text, "2026-10-0{day},2026-10-0{day},x,{day}");
        }
        text + last
    };
    check(&[
        odd("a total", "name,n\nx,1\ny,2\nTotal,3\n").reads("name text, n int", &["x|1", "y|2"]).leaves_out(&["1 × total"]),
        odd(
            "a total with a colon and words for nothing",
            "name,kind,n\nx,p,1\ny,q,2\nTotal: Campaigns, --,3\nTotal: Account,,3\n",
        )
        .reads("name text, kind text, n int", &["x|p|1", "y|q|2"])
        .leaves_out(&["2 × total"]),
        odd("a total in German", "Name;Betrag\nx;1,50\ny;2,00\nSumme;3,50\n")
            .reads("name text, betrag dec", &["x|1.50", "y|2.00"])
            .leaves_out(&["1 × total"]),
        odd("a total in French", "nom;montant\nx;1,50\ny;2,00\nTotal général;3,50\n")
            .reads("nom text, montant dec", &["x|1.50", "y|2.00"])
            .leaves_out(&["1 × total"]),
        odd("a total with the currency of all rows", "name,currency,n\nx,USD,1\ny,USD,2\nGrand total,USD,3\n")
            .reads("name text, currency text, n int", &["x|USD|1", "y|USD|2"])
            .leaves_out(&["1 × total"]),
        odd("totals between the rows", "name,n\nx,1\nTotal,1\ny,2\nz,3\nTotal,5\nGrand total,6\n")
            .reads("name text, n int", &["x|1", "y|2", "z|3"])
            .leaves_out(&["3 × total"]),
        odd("a product called Total care", "name,n\nTotal care,1\nTotal,clean\nx,2\n")
            .reads("name text, n text", &["Total care|1", "Total|clean", "x|2"]),
        odd("a person called Total", "name,city,n\nTotal,Berlin,1\nx,Rome,2\ny,Oslo,3\n")
            .reads("name text, city text, n int", &["Total|Berlin|1", "x|Rome|2", "y|Oslo|3"]),
        odd("the whole period as the first row", days("2026-10-01,2026-10-09,,45\n", ""))
            .reads_rows("from date, to date, name text, n int", 9)
            .leaves_out(&["1 × total"]),
        odd("a sum without a word as the last row", days("", ",,,45\n"))
            .reads_rows("from date, to date, name text, n int", 9)
            .leaves_out(&["1 × total"]),
        odd("a last row without a key that is no sum", days("", "2026-10-09,2026-10-09,,7\n"))
            .reads_rows("from date, to date, name text, n int", 10),
        odd("totals that are to be kept", "name,n\nx,1\ny,2\nTotal,3\n")
            .with(json!({"totals": "keep"}))
            .reads("name text, n int", &["x|1", "y|2", "Total|3"]),
        odd(
            "footers behind a blank line",
            "a,b,c\n1,x,p\n2,y,q\n3,z,r\n\nOpportunities by Stage\nGrand Totals (3 records)\nCopyright (c) 2026\n",
        )
        .reads("a int, b text, c text", &["1|x|p", "2|y|q", "3|z|r"])
        .leaves_out(&["3 × footer"]),
        odd("a footer right behind the data", "a,b,c\n1,x,p\n2,y,q\n3,z,r\nGenerated by Example\n")
            .reads("a int, b text, c text", &["1|x|p", "2|y|q", "3|z|r"])
            .leaves_out(&["1 × footer"]),
        odd("the header again in files pasted together", "a,b\n1,x\na,b\n2,y\na,b\n3,z\n")
            .reads("a int, b text", &["1|x", "2|y", "3|z"])
            .leaves_out(&["2 × repeated header"]),
        odd("a total of text columns only is data", "name,kind\nx,p\nTotal,q\n")
            .reads("name text, kind text", &["x|p", "Total|q"]),
        odd("a zero sum is no evidence", "name,n\nx,0\ny,0\n,0\n").reads("name text, n int", &["x|0", "y|0", "∅|0"]),
    ]);
}

#[test]
fn several_tables_stand_in_one_file() {
    let two = "# Start date: 20261001\n# End date: 20261028\nDay,Users\n0001,5\n0002,6\n\n# Start date: 20261001\n# End date: 20261028\nDay,Sessions per user\n0001,0.5\n0002,0.7\n";
    check(&[
        odd("the first of two", two).table("users").reads("day text, users int", &["0001|5", "0002|6"]),
        odd("the second of two", two)
            .table("sessions_per_user")
            .reads("day text, sessions_per_user dec", &["0001|0.5", "0002|0.7"]),
        odd("a table that goes on below a blank line", "a,b\n1,x\n2,y\n\na,b\n3,z\n")
            .reads("a int, b text", &["1|x", "2|y", "3|z"])
            .leaves_out(&["1 × repeated header"]),
        odd("the dates of a comment", "# Start date: 20261001\n# End date: 20261028\na,b\n1,x\n")
            .asking(&[("a", Kind::Any), ("_from", Kind::Time), ("_to", Kind::Time)])
            .reads("a int, _from date, _to date", &["1|2026-10-01|2026-10-28"]),
        odd("the dates of a title", "Campaign report\n\"October 1, 2026 - October 31, 2026\"\na,b\n1,x\n2,y\n")
            .asking(&[("_from", Kind::Time), ("_to", Kind::Time)])
            .reads("_from date, _to date", &["2026-10-01|2026-10-31", "2026-10-01|2026-10-31"]),
        odd("the dates of a title in German", "Bericht\n01.10.2026 - 31.10.2026\na;b\n1;x\n2;y\n")
            .asking(&[("_from", Kind::Time), ("_to", Kind::Time)])
            .reads("_from date, _to date", &["2026-10-01|2026-10-31", "2026-10-01|2026-10-31"]),
        odd("no dates, no columns of them", "Report\na,b\n1,x\n2,y\n").asking(&[("_from", Kind::Time)]).refused("_from", ""),
    ]);
}

#[test]
fn cells_are_filled_from_above_by_order() {
    let shop = "name,paid,item\n#1,2026-10-01,p\n#1,,q\n#2,,r\n#3,2026-10-03,s\n";
    check(&[
        odd("by key", shop)
            .with(json!({"fill_down": {"key": "name", "columns": ["paid"]}}))
            .reads("name text, paid date, item text", &["#1|2026-10-01|p", "#1|2026-10-01|q", "#2|∅|r", "#3|2026-10-03|s"]),
        odd("without a key", "id,who,tag\n1,A,x\n,,y\n2,,z\n3,B,w\n")
            .with(json!({"fill_down": {"columns": ["id", "who"]}}))
            .reads("id int, who text, tag text", &["1|A|x", "1|A|y", "2|A|z", "3|B|w"]),
        odd("not without an order", shop)
            .reads("name text, paid date, item text", &["#1|2026-10-01|p", "#1|∅|q", "#2|∅|r", "#3|2026-10-03|s"]),
        odd("a column that is not there", shop)
            .with(json!({"fill_down": {"key": "name", "columns": ["payed"]}}))
            .refused("payed", "paid"),
        odd("a key that is not there", shop)
            .with(json!({"fill_down": {"key": "nam", "columns": ["paid"]}}))
            .refused("nam", "name"),
    ]);
}
