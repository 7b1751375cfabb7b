use serde_json::json;

use crate::{check, odd};

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn long(last: &[u8]) -> Vec<u8> {
    let mut bytes = b"n,name\n".to_vec();
    for row in 0..12_000 {
        bytes.extend(format!("{row},plain\n").bytes());
    }
    bytes.extend(last);
    bytes
}

#[test]
fn characters_are_read_as_written() {
    check(&[
        odd("UTF-8 with a byte order mark", "\u{feff}a,b\n1,é\n").reads("a int, b text", &["1|é"]),
        odd("two byte order marks", "\u{feff}\u{feff}a,b\n1,é\n").reads("a int, b text", &["1|é"]),
        odd("a byte order mark before a quoted header", "\u{feff}\"a\",\"b\"\n\"1\",\"é\"\n").reads("a int, b text", &["1|é"]),
        odd("files pasted together, mark and header again", "\u{feff}a,b\n1,x\n\u{feff}a,b\n2,y\n")
            .reads("a int, b text", &["1|x", "2|y"])
            .leaves_out(&["1 × repeated header"]),
        odd("UTF-16 little endian", utf16("\u{feff}a\tb\n1\té€\n", false)).reads("a int, b text", &["1|é€"]),
        odd("UTF-16 big endian", utf16("\u{feff}a,b\r\n1,é€\r\n", true)).reads("a int, b text", &["1|é€"]),
        odd("UTF-16 little endian without a mark", utf16("a,b\n1,word\n2,word\n", false))
            .reads("a int, b text", &["1|word", "2|word"]),
        odd("UTF-16 big endian without a mark", utf16("a,b\n1,word\n2,word\n", true))
            .reads("a int, b text", &["1|word", "2|word"]),
        odd("UTF-16 of Cyrillic", utf16("\u{feff}имя;число\nАда;1\n", false)).reads("имя text, число int", &["Ада|1"]),
        odd("UTF-16 with a character of two units", utf16("\u{feff}a,b\n1,🚚\n", false)).reads("a int, b text", &["1|🚚"]),
        odd("UTF-16 with line breaks in quotes", utf16("\u{feff}a,b\n1,\"x\ny\"\n2,z\n", false))
            .reads("a int, b text", &["1|x\ny", "2|z"]),
        odd("Windows-1252 with a euro sign", b"a;b\n1;caf\xe9 \x80\n").reads("a int, b text", &["1|café €"]),
        odd("Windows-1252 with curly quotes", b"a,b\n1,\x93so\x94 it\x92s\n").reads("a int, b text", &["1|“so” it’s"]),
        odd("Latin-1", b"a,b\n1,\xdcnal & S\xf6hne\n").reads("a int, b text", &["1|Ünal & Söhne"]),
        odd("a Latin-1 header", b"Gr\xf6\xdfe,b\n1,x\n").reads("größe int, b text", &["1|x"]),
        odd("Latin-1 far below the first rows", long(b"12000,\xe9\n")).reads_rows("n int, name text", 12_001),
        odd("UTF-8 far below the first rows", long("12000,é\n".as_bytes())).reads_rows("n int, name text", 12_001),
        odd("emoji, right-to-left and combining characters", "a,b\n🚚,שלום\ne\u{301},👩‍👩‍👧\n")
            .reads("a text, b text", &["🚚|שלום", "e\u{301}|👩‍👩‍👧"]),
        odd("a line separator and a vertical tab are no line ends", "a,b\nx\u{2028}y,p\u{b}q\n")
            .reads("a text, b text", &["x\u{2028}y|p\u{b}q"]),
        odd("DOS's end-of-file mark", "a,b\r\n1,x\r\n\u{1a}").reads("a int, b text", &["1|x"]),
        odd("what the configuration says goes", b"a,b\n1,\xe9\n")
            .with(json!({"encoding": "windows-1252"}))
            .reads("a int, b text", &["1|é"]),
        odd("UTF-16 that the configuration names", utf16("a,b\n1,x\n", false))
            .with(json!({"encoding": "utf-16le"}))
            .reads("a int, b text", &["1|x"]),
        odd("UTF-8 in Latin-1 by order", "a,b\n1,é\n").with(json!({"encoding": "latin-1"})).reads("a int, b text", &["1|Ã©"]),
    ]);
}

#[test]
fn what_is_no_text_is_refused() {
    check(&[
        odd("UTF-8 with a broken byte", b"a,b\n1,caf\xc3\xa9\n2,caf\xe9\n").refused(":3", "encoding"),
        odd("UTF-8 broken far below the first rows", long(b"1,\xc3\xa9\n2,\xe9x\n")).refused(":12003", "encoding"),
        odd("Latin-1 that is said to be UTF-8", b"a,b\n1,\xe9\n").with(json!({"encoding": "utf-8"})).refused(":2", "encoding"),
        odd("UTF-16 with half a character", [&utf16("\u{feff}a,b\n1,x\n", false)[..], b"\x00"].concat()).refused("UTF-16", ""),
        odd("UTF-16 with a lone surrogate", [&utf16("\u{feff}a,b\n1,", false)[..], b"\x00\xd8\n\x00"].concat())
            .refused("UTF-16", ""),
        odd("UTF-32", b"\xff\xfe\0\0a\0\0\0,\0\0\0b\0\0\0\n\0\0\0").refused("UTF-32", "UTF-8"),
        odd("UTF-7", b"+/v8-a,b\n1,+AOk-\n").refused("UTF-7", "UTF-8"),
        odd("EBCDIC", b"\x81\x6b\x82\x25\xf1\x6b\xf2\x25").refused("", ""),
        odd("a NUL in a cell", b"a,b\n1,x\n2,\0\n").refused(":3", ""),
        odd("nothing but NULs", vec![0; 4096]).refused("", ""),
        odd("NULs behind the data", [&b"a,b\n1,x\n"[..], &[0; 512]].concat()).refused("NUL", ""),
        odd("an encoding that is none", "a,b\n1,x\n").with(json!({"encoding": "utf-9"})).refused("utf-9", ""),
    ]);
}
