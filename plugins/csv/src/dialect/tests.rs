use cvj_tabular::limits::Limits;
use proptest::prelude::*;

use super::*;
use crate::boundaries::Boundaries;
use crate::input::tests::{Folder, gzip, utf16, zip, zstd};
use crate::records::Records;

fn find(bytes: &[u8], said: &Said) -> Result<Found, SourceError> {
    let folder = Folder::of(&[("a.csv", bytes)]);
    let input = folder.inputs(said.encoding, &Limits::default())?.remove(0);
    Found::in_head(&input, &input.head(folder.path(), &Limits::default())?, said)
}

fn tokens(bytes: &[u8]) -> (u8, u8, u8) {
    let Dialect { delimiter, quote, escape, .. } = find(bytes, &Said::default()).unwrap().dialect;
    (delimiter, quote, escape)
}

#[test]
fn delimiters_are_found() {
    let check = |text: &str, expect: u8| assert_eq!(tokens(text.as_bytes()).0, expect, "{text:?}");
    check("a,b\n1,2\n", b',');
    check("\u{feff}a;b\r\n1,5;2\r\n", b';');
    check("a\tb,c\n1\t2\n", b'\t');
    check("a|b\n1|2\n", b'|');
    // Decimal commas in every row, headers with and without.
    check("Name;Betrag\nA;1,50\nB;2,25\nC;3,75\n", b';');
    check("Name;Betrag, EUR\nA;1,50\nB;2,25\nC;3,75\n", b';');
    check("Name, Ort;Betrag\nA, B;1,50\nC, D;2,25\n", b';');
    check("x;y;z\n1,5;2,5;3,5\n2,5;3,5;4,5\n", b';');
    // Short rows do not hide it.
    check("a;b;c\n1,5;x\n2,5;x;y\n3,5\n4,5;x;y\n5,5;x;y\n", b';');
    // Thousands and text with the other delimiters.
    check("a\tb\n1,234\tx; y\n5,678\tz; w\n", b'\t');
    check("name,tags\nA,x|y|z\nB,u|v|w\nC,r|s|t\n", b',');
    check("\"a\",\"b;c\"\n\"1\",\"2;3\"\n\"4\",\"5;6\"\n", b',');
    // Preamble, several tables, totals.
    check("# Account: x, y\n# ---\na,b\n1,2\n", b',');
    check("Campaign report\n\"Oct 1, 2026 - Oct 31, 2026\"\na\tb\tc\n1\t2\t3\n4\t5\t6\n", b'\t');
    check("t\n\na,b\n1,2\n\nx,y,z\n1,2,3\n4,5,6\n", b',');
    // Only a header.
    check("a;b;c\n", b';');
    check("a,b", b',');
}

#[test]
fn a_file_of_one_column_keeps_its_text() {
    let check = |text: &str, expect: u8| assert_eq!(tokens(text.as_bytes()).0, expect, "{text:?}");
    check("email\na@x.org\nb@x.org\n", b',');
    check("note\nhello, world\nfoo\nbar, baz, qux\nplain\n", b';');
    check("note\nhello, world\nfoo;bar\na\tb\tc\nx|y\nplain\n", NO_DELIMITER);
}

#[test]
fn equal_delimiters_are_an_error_that_shows_the_key() {
    let error = find(b"a;b,c\nd;e,f\ng;h,i\n", &Said::default()).unwrap_err();
    assert_eq!(error.message, "`a.csv`: fields may be separated by `,` or by `;`");
    assert!(error.hint.unwrap().contains("set `delimiter = \",\"`"));
}

#[test]
fn quotes_and_escapes_are_found() {
    assert_eq!(tokens(b"a,b\n\"x, y\",2\n"), (b',', b'"', 0));
    assert_eq!(tokens(b"a,b\n'x, y',2\n'z, it''s',3\n"), (b',', b'\'', 0));
    assert_eq!(tokens(b"'a';'b'\n'x';'y'\n"), (b';', b'\'', 0));
    // Apostrophes are no quotes.
    assert_eq!(tokens(b"a,b\n'tis,x\n'twas,y\n"), (b',', b'"', 0));
    assert_eq!(tokens(b"a,b\n\"say \\\"hi\\\", ok\",2\n\"x\",3\n"), (b',', b'"', b'\\'));
    // A backslash at a field's end is none.
    assert_eq!(tokens(b"a,b\n\"C:\\dir\\\",2\n\"C:\\\",3\n"), (b',', b'"', 0));
    assert_eq!(tokens(b"a,b\n5\" pipe,2\n6\" pipe,3\n"), (b',', b'"', 0));
}

#[test]
fn what_the_configuration_says_wins() {
    let said = Said { delimiter: Some(b';'), ..Said::default() };
    let error = find(b"a,b,c\n1,2,3\n4,5,6\n", &said).unwrap_err();
    assert_eq!(error.message, "`a.csv`: `delimiter = \";\"` makes one field of each row, and `,` would make 3");
    for bytes in [&b"a;b\n1;2\n"[..], b"a,b\n1;2\n", b"note\nx, y\nz, w\nv, u\n", b"amount\n1,5\n2,5\n"] {
        assert_eq!(find(bytes, &said).unwrap().dialect.delimiter, b';', "{}", bytes.escape_ascii());
    }
    let found = find(b"a,b\n\"x, y\",2\n", &Said { quote: Some(0), ..Said::default() }).unwrap();
    assert_eq!((found.dialect.quote, found.escape_is_open), (0, false));
}

#[test]
fn the_first_line_is_behind_marks_and_sep() {
    let check = |bytes: &[u8], delimiter: u8, offset: u64, line: u64| {
        let found = find(bytes, &Said::default()).unwrap();
        assert_eq!((found.dialect.delimiter, found.first), (delimiter, Start { offset, line }), "{}", bytes.escape_ascii());
    };
    check(b"\xef\xbb\xbfa,b\n", b',', 3, 1);
    check(b"sep=|\na|b\n", b'|', 6, 2);
    check(b"\xef\xbb\xbfSEP=;\r\na;b\r\n", b';', 10, 2);
    check(b"\"sep=\t\"\na\tb\n", b'\t', 8, 2);
    check(b"sep=,\ra,b", b',', 6, 2);
    check(b"separate\nx\n", b',', 0, 1);
    for bytes in [&b""[..], b"\xef\xbb\xbf \r\n", b"\x1a"] {
        let error = find(bytes, &Said::default()).unwrap_err();
        assert_eq!(error.message, "`a.csv` is empty");
        assert!(error.hint.is_some());
    }
}

/// How a table is written.
#[derive(Clone, Debug)]
struct Hand {
    delimiter: char,
    quote: char,
    escaped: bool,
    quote_all: bool,
    ends: Vec<usize>,
    encoding: usize,
    packing: usize,
}

impl Hand {
    fn field(&self, cell: &str) -> String {
        let quote = self.quote;
        // A backslash within quotes would be an escape of what follows.
        if !self.quote_all && !cell.is_empty() && !cell.contains([self.delimiter, '"', '\'', '\n', '\r', '\\']) {
            return cell.to_owned();
        }
        let inner = if self.escaped {
            cell.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"))
        } else {
            cell.replace(quote, &format!("{quote}{quote}"))
        };
        format!("{quote}{inner}{quote}")
    }

    fn write(&self, rows: &[Vec<String>]) -> String {
        let mut text = String::new();
        for (index, row) in rows.iter().enumerate() {
            let fields: Vec<_> = row.iter().map(|cell| self.field(cell)).collect();
            text.push_str(&fields.join(&self.delimiter.to_string()));
            text.push_str(["\n", "\r\n", "\r"][self.ends[index % self.ends.len()]]);
        }
        text
    }

    fn bytes(&self, text: &str) -> Vec<u8> {
        let bytes = match self.encoding {
            0 => text.as_bytes().to_vec(),
            1 => format!("\u{feff}{text}").into_bytes(),
            2 => utf16(&format!("\u{feff}{text}"), false),
            3 => utf16(&format!("\u{feff}{text}"), true),
            4 => utf16(text, false),
            5 => utf16(text, true),
            _ => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        };
        match self.packing {
            0 => bytes,
            1 => {
                let (one, other) = bytes.split_at(bytes.len() / 2);
                [gzip(one), gzip(other)].concat()
            }
            2 => zstd(&bytes),
            _ => zip(&[("in/t.csv", &bytes)]),
        }
    }
}

fn hand() -> impl Strategy<Value = Hand> {
    let ends = prop_oneof![Just(vec![0]), Just(vec![1]), Just(vec![2]), proptest::collection::vec(0_usize..3, 1..5)];
    (
        prop::sample::select(vec![',', ';', '\t', '|']),
        prop::sample::select(vec!['"', '\'']),
        any::<[bool; 2]>(),
        ends,
        0_usize..7,
        0_usize..4,
    )
        .prop_map(|(delimiter, quote, [escaped, quote_all], ends, encoding, packing)| Hand {
            delimiter,
            quote,
            escaped,
            quote_all,
            ends,
            encoding,
            packing,
        })
}

/// Reads a file as the plugin does, in pieces of this size and so many parts.
fn read(bytes: &[u8], said: &Said, piece: u64, parts: u64) -> Result<(Dialect, Vec<Vec<String>>), SourceError> {
    let limits = Limits::default();
    let folder = Folder::of(&[("a.csv", bytes)]);
    let input = folder.inputs(said.encoding, &limits)?.remove(0);
    let found = Found::in_head(&input, &input.head(folder.path(), &limits)?, said)?;
    let boundaries = Boundaries::find(folder.path(), &input, &found, piece, &limits)?;
    let mut rows = Vec::new();
    for runs in boundaries.split(found.first, boundaries.end, parts) {
        let mut records = Records::open(folder.path(), &input, boundaries.dialect, runs, &limits);
        while let Some(record) = records.advance()? {
            let cell = |field| boundaries.dialect.encoding.decode(&record.get(field)).unwrap().into_owned();
            rows.push((0..record.width()).map(cell).collect());
        }
    }
    Ok((boundaries.dialect, rows))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// A table of any texts, written in any dialect that the configuration says, reads back the same.
    #[test]
    fn any_text_in_any_said_dialect_reads_back(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z0-9 ,;|\t\"'\\\\\n\r\u{e9}\u{20ac}]{0,8}", 3), 1..20),
        hand in hand(),
        piece in 1_u64..80,
        parts in 1_u64..6,
    ) {
        let said = Said {
            delimiter: Some(hand.delimiter as u8),
            quote: Some(hand.quote as u8),
            escape: Some(if hand.escaped { b'\\' } else { 0 }),
            encoding: [Encoding::Auto, Encoding::Auto, Encoding::Auto, Encoding::Auto, Encoding::Utf16le, Encoding::Utf16be, Encoding::Windows1252][hand.encoding],
        };
        let text = hand.write(&rows);
        let (_, found) = read(&hand.bytes(&text), &said, piece, parts).unwrap();
        prop_assert_eq!(&found, &rows, "{:?}", text);
    }

    /// A table as people have them, written in any dialect, is read back the same without being told anything.
    #[test]
    fn tables_in_any_dialect_are_understood(
        rows in proptest::collection::vec(
            ("[A-Z]([a-z]é?){1,4}[a-z]", "[A-Z][a-z]{1,5}(, [a-z]{2,5}( \"[a-z]{3}\")?)?|it's [a-z]{3}|two\nlines", 0_u32..10_000, "[a-z]{3} ?[|;,]? ?[a-z]{3}"),
            6..30,
        ),
        hand in hand(),
        piece in 1_u64..200,
        parts in 1_u64..6,
    ) {
        let mark = if hand.delimiter == ',' { '.' } else { ',' };
        let mut table = vec![["Name", "Note", "Amount", "Tags"].map(str::to_owned).to_vec()];
        table.extend(rows.into_iter().map(|(name, note, cents, tags)| {
            vec![name, note, format!("{}{mark}{:02}", cents / 100, cents % 100), tags]
        }));
        // One cell shows what the quotes are, and one that they are escaped.
        table[1][1] = format!("x{} y\nz", hand.delimiter);
        table[2][1] = format!("an {0}odd{0} one", hand.quote);
        let text = hand.write(&table);
        let (dialect, found) = read(&hand.bytes(&text), &Said::default(), piece, parts).unwrap();
        prop_assert_eq!(&found, &table, "{:?} of {:?}", dialect, text);
        prop_assert_eq!(dialect.delimiter, hand.delimiter as u8);
    }
}
