use serde_json::json;

use crate::{check, odd};

#[test]
fn bounds_are_kept_and_named() {
    let cell = "x".repeat(2000);
    let long = format!("a,b\n1,x\n2,{cell}\n");
    let endless = format!("a,b\n1,x\n2,\"{}", "more and more,\n".repeat(1_500_000));
    let wide = |columns: usize| format!("{}\n{}\n", vec!["c"; columns].join(","), vec!["1"; columns].join(","));
    check(&[
        odd("a cell that is too long", &long).with(json!({"limits": {"cell": "1 KiB"}})).refused("a.csv:3", "limits.cell"),
        odd("a bound as a number", &long).with(json!({"limits": {"cell": 1024}})).refused("a.csv:3", "limits.cell"),
        odd("a cell that is long enough", &long).with(json!({"limits": {"cell": "4 KiB"}})).reads_rows("a int, b text", 2),
        odd("a long cell that nobody asks for", &long)
            .with(json!({"limits": {"cell": "1 KiB"}}))
            .asking(&[("a", cvj_core::source::Kind::Any)])
            .refused("a.csv:3", "limits.cell"),
        odd("a row that is too long", format!("a,b,c\n1,x,y\n2,{cell},{cell}\n"))
            .with(json!({"limits": {"row": "3 KiB"}}))
            .refused("a.csv:3", "limits.row"),
        odd("a header that is too long", format!("a,{cell}\n1,x\n"))
            .with(json!({"limits": {"cell": "1 KiB"}}))
            .refused("a.csv:1", "limits.cell"),
        odd("a quote that swallows the file", endless).refused("3", "quote"),
        odd("a line that never ends", format!("a,b\n1,{}", "x".repeat(20_000_000))).refused("a.csv:2", "limits"),
        odd("no line end at all", "x".repeat(20_000_000)).refused("a.csv", "limits"),
        odd("more columns than are allowed", wide(20_000)).refused("columns", "limits.columns"),
        odd("more columns than one allows", wide(11))
            .with(json!({"limits": {"columns": 10}}))
            .refused("columns", "limits.columns"),
        odd("more files than are allowed", "a\n1\n")
            .and("b.csv", "a\n2\n")
            .and("c.csv", "a\n3\n")
            .with(json!({"path": "*.csv", "limits": {"files": 2}}))
            .refused("files", "limits.files"),
        odd("more files than are allowed, by name", "a\n1\n")
            .and("b.csv", "a\n2\n")
            .with(json!({"path": ["a.csv", "b.csv"], "limits": {"files": 1}}))
            .refused("files", "limits.files"),
        odd("one file by many globs", "a\n1\n")
            .with(json!({"path": ["*.csv", "a.*", "?.csv"], "limits": {"files": 1}}))
            .reads("a int", &["1"]),
        odd("a bound that is no size", &long).with(json!({"limits": {"cell": "much"}})).refused("much", ""),
        odd("a bound that does not exist", &long).with(json!({"limits": {"memory": 5}})).refused("memory", ""),
    ]);
}
