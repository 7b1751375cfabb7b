use cvj_core::source::Kind;
use serde_json::json;

use crate::{check, odd};

#[test]
fn delimiters_are_found() {
    check(&[
        odd("commas", "a,b\n1,x\n2,y\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("semicolons and decimal commas", "a;b;c\n1,5;2,5;x\n3,5;4,5;y\n")
            .reads("a dec, b dec, c text", &["1.5|2.5|x", "3.5|4.5|y"]),
        odd("tabs", "a\tb\n1\tx, y\n2\tz\n").reads("a int, b text", &["1|x, y", "2|z"]),
        odd("pipes", "a|b\n1|x\n2|y\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("Excel's word about the delimiter", "sep=;\na;b\n1;x,y,z\n").reads("a int, b text", &["1|x,y,z"]),
        odd("Excel's word about a tab", "sep=\t\na\tb\n1\tx\n").reads("a int, b text", &["1|x"]),
        odd("Excel's word in quotes", "\"sep=|\"\na|b\n1|x\n").reads("a int, b text", &["1|x"]),
        odd("one column", "a\n1\n2\n").reads("a int", &["1", "2"]),
        odd("one column with commas in quotes", "a\n\"x, y\"\n\"z, w\"\n").reads("a text", &["x, y", "z, w"]),
        odd("more commas than semicolons", "name;note\nA;x, y, z\nB;p, q\nC;r, s, t, u\n")
            .reads("name text, note text", &["A|x, y, z", "B|p, q", "C|r, s, t, u"]),
        odd("lists with semicolons in a comma file", "a,b\n1,x;y;z\n2,p;q\n").reads("a int, b text", &["1|x;y;z", "2|p;q"]),
        odd("quoted commas that outnumber the tabs", "a\tb\n\"1,2,3\"\tx\n\"4,5,6\"\ty\n")
            .reads("a text, b text", &["1,2,3|x", "4,5,6|y"]),
        odd("one row", "a;b;c\n1;2;3\n").reads("a int, b int, c int", &["1|2|3"]),
        odd("a delimiter of the configuration", "a:b\n1:x\n").with(json!({"delimiter": ":"})).reads("a int, b text", &["1|x"]),
        odd("names in brackets, as SQL Server writes them", "[a],[b]\n1,x\n").reads("a int, b text", &["1|x"]),
        odd("a tab by name", "a\tb,c\n1\tx\n").with(json!({"delimiter": "tab"})).reads("a int, b_c text", &["1|x"]),
    ]);
}

#[test]
fn delimiters_that_cannot_be_are_refused() {
    check(&[
        odd("the wrong delimiter", "a,b,c\n1,2,3\n4,5,6\n").with(json!({"delimiter": ";"})).refused("", "delimiter"),
        odd("two characters", "a||b\n1||2\n").with(json!({"delimiter": "||"})).refused("delimiter", ""),
        odd("a letter", "axb\n1x2\n").with(json!({"delimiter": "x"})).refused("delimiter", ""),
        odd("two quotes", "a,b\n").with(json!({"quote": "''"})).refused("quote", ""),
        odd("a key that does not exist", "a,b\n1,2\n").with(json!({"seperator": ","})).refused("seperator", ""),
    ]);
}

#[test]
fn quotes_are_taken_off() {
    check(&[
        odd("doubled quotes", "a,b\n\"say \"\"hi\"\"\",1\n").reads("a text, b int", &["say \"hi\"|1"]),
        odd("backslashes before quotes", "a,b\n\"say \\\"hi\\\", twice\",1\n\"x\",2\n\"\\\"y\\\"\",3\n")
            .reads("a text, b int", &["say \"hi\", twice|1", "x|2", "\"y\"|3"]),
        odd("a backslash at the end of a field is one", "a,b\n\"C:\\dir\\\",1\n\"D:\\x\",2\n\"plain, text\",3\n")
            .with(json!({"escape": "none"}))
            .reads("a text, b int", &["C:\\dir\\|1", "D:\\x|2", "plain, text|3"]),
        odd("single quotes", "a,b\n'x, y',1\n'z, w',2\n'p, q',3\n").reads("a text, b int", &["x, y|1", "z, w|2", "p, q|3"]),
        odd("apostrophes in text", "a,b\nO'Neil,1\nD'Arc,2\n").reads("a text, b int", &["O'Neil|1", "D'Arc|2"]),
        odd("inches", "size,n\n5\" pipe,1\n3\" pipe,2\n").reads("size text, n int", &["5\" pipe|1", "3\" pipe|2"]),
        odd("inches and quoted commas", "size,n\n5\" pipe,1\n\"3, 4\",2\n").reads("size text, n int", &["5\" pipe|1", "3, 4|2"]),
        odd("no quotes by order", "a,b\n\"x,1\n\"y,2\n")
            .with(json!({"quote": "none"}))
            .reads("a text, b int", &["\"x|1", "\"y|2"]),
        odd("everything in quotes", "\"a\",\"b\"\r\n\"1\",\"x\"\r\n").reads("a int, b text", &["1|x"]),
        odd("empty quotes", "a,b\n\"\",1\n\"x\",\"\"\n").reads("a text, b int", &["∅|1", "x|∅"]),
        odd("a delimiter as the last character of a quoted field", "a,b\n\"x,\",1\n").reads("a text, b int", &["x,|1"]),
        odd("nothing but a quoted quote", "a,b\n\"\"\"\",1\n").reads("a text, b int", &["\"|1"]),
        odd("an unclosed quote", "a,b\n1,x\n2,\"y\n3,z\n").refused("3", "quote"),
        odd("an unclosed quote at the end", "a,b\n1,x\n2,\"").refused("3", "quote"),
    ]);
}

#[test]
fn lines_end_in_any_way() {
    check(&[
        odd("line feeds", "a,b\n1,x\n2,y\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("carriage returns", "a,b\r1,x\r2,y\r").reads("a int, b text", &["1|x", "2|y"]),
        odd("both", "a,b\r\n1,x\r\n2,y\r\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("all kinds in one file", "a,b\r\n1,x\n2,y\r3,z\r\n").reads("a int, b text", &["1|x", "2|y", "3|z"]),
        odd("no end of the last line", "a,b\n1,x\n2,y").reads("a int, b text", &["1|x", "2|y"]),
        odd("two carriage returns before each line feed", "a,b\r\r\n1,x\r\r\n2,y\r\r\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("blank lines everywhere", "\n\na,b\n\n1,x\n\n\n2,y\n\n\n").reads("a int, b text", &["1|x", "2|y"]),
        odd("lines of blanks", "a,b\n1,x\n   \n2,y\n \t \n").reads("a int, b text", &["1|x", "2|y"]),
        odd("line breaks of every kind in quotes", "a,b\n\"p\nq\",1\n\"r\r\ns\",2\n\"t\ru\",3\n")
            .reads("a text, b int", &["p\nq|1", "r\r\ns|2", "t\ru|3"]),
        odd("a blank line in quotes", "a,b\n\"x\n\ny\",1\nz,2\n").reads("a text, b int", &["x\n\ny|1", "z|2"]),
        odd("lines are counted through quotes", "a,b\n\"p\nq\nr\",1\nz,2\n")
            .asking(&[("b", Kind::Any), ("_line", Kind::Any)])
            .reads("b int, _line int", &["1|2", "2|5"]),
        odd("lines are counted through blank ones", "\na,b\r\n\r\n1,x\r\n\r\n2,y\r\n")
            .asking(&[("a", Kind::Any), ("_line", Kind::Any)])
            .reads("a int, _line int", &["1|4", "2|6"]),
    ]);
}
