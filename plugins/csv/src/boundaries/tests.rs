use cvj_tabular::limits::Bytes;
use proptest::prelude::*;

use super::*;
use crate::dialect::Said;
use crate::input::Head;
use crate::input::tests::{Folder, gzip};
use crate::records::{CarefulReader, Records};

const SAID: Said = Said { delimiter: Some(b','), quote: Some(b'"'), escape: Some(0), encoding: Encoding::Auto };

/// Lines, whether they follow blank ones, and fields.
type Rows = Vec<(u64, bool, Vec<Vec<u8>>)>;

struct Bench {
    folder: Folder,
    input: Input,
}

impl Bench {
    fn of(bytes: &[u8]) -> Self {
        let folder = Folder::of(&[("a.csv", bytes)]);
        let input = folder.inputs(Encoding::Auto, &Limits::default()).unwrap().remove(0);
        Self { folder, input }
    }

    fn find(&self, piece: u64, said: &Said, limits: &Limits) -> Result<Boundaries, SourceError> {
        let head = self.input.head(self.folder.path(), limits)?;
        Boundaries::find(self.folder.path(), &self.input, &Found::in_head(&self.input, &head, said)?, piece, limits)
    }

    fn read(&self, boundaries: &Boundaries, runs: Vec<Run>) -> Rows {
        let mut records = Records::open(self.folder.path(), &self.input, boundaries.dialect, runs, &Limits::default());
        let mut rows = Vec::new();
        while let Some(record) = records.advance().unwrap() {
            rows.push((
                record.line(),
                record.after_blank(),
                (0..record.width()).map(|field| record.get(field).into_owned()).collect(),
            ));
        }
        rows
    }
}

/// All records, read by nothing but the careful reader.
fn carefully(text: &[u8], dialect: Dialect) -> Result<Rows, SourceError> {
    let mut records = CarefulReader::new(text, dialect, 1, "a.csv", &Limits::default());
    let mut rows = Vec::new();
    while let Some(record) = records.advance()? {
        rows.push((
            record.line(),
            record.after_blank(),
            (0..record.width()).map(|field| record.get(field).into_owned()).collect(),
        ));
    }
    Ok(rows)
}

/// Reads a text in pieces and parts of every size, and compares with the careful reader.
fn check_all_splits(text: &[u8], said: &Said, pieces: impl IntoIterator<Item = u64>) {
    let bench = Bench::of(text);
    let dialect = Dialect { escape: said.escape.unwrap_or(0), ..Dialect::default() };
    let expect = carefully(text, dialect);
    for piece in pieces {
        let found = bench.find(piece, said, &Limits::default());
        let (found, expect) = match (found, &expect) {
            (Ok(found), Ok(expect)) => (found, expect),
            (Err(error), Err(expect)) => {
                assert_eq!(error.message, expect.message, "{} in pieces of {piece}", text.escape_ascii());
                continue;
            }
            (found, expect) => panic!("{found:?} and {expect:?} of {} in pieces of {piece}", text.escape_ascii()),
        };
        for count in [1, 2, 3, 100] {
            let parts = found.split(found.starts[0], found.end, count);
            let rows: Vec<_> = parts.into_iter().flat_map(|runs| bench.read(&found, runs)).collect();
            assert_eq!(&rows, expect, "{} in pieces of {piece} and {count} parts of {found:?}", text.escape_ascii());
        }
    }
}

#[test]
fn splits_fall_between_records_only() {
    let text = b"1,a\n2,\"b\nb\nb\"\n3,\"c \"\"x\"\" c\"\n4,d\n";
    let bench = Bench::of(text);
    for piece in 1..=text.len() as u64 {
        let found = bench.find(piece, &SAID, &Limits::default()).unwrap();
        assert_eq!(found.runs(found.starts[0], found.end).len(), 1, "all of it is regular");
        for start in &found.starts {
            assert!([0, 4, 14, 28].contains(&start.offset), "{start:?}");
            let line = memchr::memchr_iter(b'\n', &text[..start.offset as usize]).count() as u64 + 1;
            assert_eq!(start.line, line, "{piece}: {start:?}");
        }
    }
    assert_eq!(bench.find(1, &SAID, &Limits::default()).unwrap().starts.len(), 4);
}

#[test]
fn every_split_of_every_oddity_reads_the_same() {
    for text in [
        &b"a,b\n1,2\n"[..],
        b"a,b\r\n1,2\r\n3,4",
        b"a,b\r1,2\r3,4\r",
        b"a\r\nb\nc\rd\r\re\n\nf\r\n\r\ng",
        b"1,\"\"\n\"\",\"\"\"\"\n",
        b"1,5\" pipe\n2,b\n3,6\" pipe\n",
        b"1,\"a\" b\n2,\"c\"\n",
        b"1,\"a\r\nb\rc\nd\"\r\n2,x\r\n",
        b"\n\n1,2\n\n\n",
        b"\xef\xbb\xbf1,2\n3,4\n",
        b"1,\"open\n2,3\n",
        b"5\"\"x\n1,\"2\n3\"\n",
        "ä,ö\n日本,\"é\n\"\n😀,\n".as_bytes(),
    ] {
        check_all_splits(text, &SAID, 1..=text.len() as u64 + 1);
    }
    let escaped = Said { escape: Some(b'\\'), ..SAID };
    for text in [&br#"1,"a \"b\" c\\""#[..], b"1,\"\\\"\n\",x\\,y\n2,\"b\"\n3,c\\\\\n"] {
        check_all_splits(text, &escaped, 1..=text.len() as u64 + 1);
    }
}

#[test]
fn only_the_odd_stretches_of_a_file_are_read_slowly() {
    let mut text = Vec::new();
    for row in 0..1000 {
        let line = match row {
            200 => format!("{row},5\" pipe\n"),
            600 => "\n".to_owned(),
            _ => format!("{row},\"x\ny\"\n"),
        };
        text.extend_from_slice(line.as_bytes());
    }
    let bench = Bench::of(&text);
    let found = bench.find(500, &SAID, &Limits::default()).unwrap();
    let runs = found.runs(found.starts[0], found.end);
    assert_eq!(runs.iter().map(|run| run.regular).collect::<Vec<_>>(), [true, false, true, false, true]);
    assert!(runs.iter().filter(|run| !run.regular).all(|run| run.length < 2000), "{runs:?}");
    assert_eq!(bench.read(&found, runs), carefully(&text, Dialect::default()).unwrap());
    // The row behind the blank line is known.
    let behind = found.after_blank[0];
    assert_eq!(found.after_blank.len(), 1);
    assert!(text[behind.offset as usize..].starts_with(b"601,"));
    assert_eq!(behind.line, 1201);
    assert_eq!(bench.read(&found, found.runs(behind, found.end))[0], (1201, false, vec![b"601".to_vec(), b"x\ny".to_vec()]));
}

#[test]
fn the_whole_file_settles_encoding_and_escape() {
    let rows = |odd: &[u8]| [&b"a,b\n"[..], &b"1,\"x\"\n".repeat(100), b"2,", odd, b"\n", &b"3,\"y\"\n".repeat(100)].concat();
    let open = Said { escape: None, ..SAID };
    let check = |odd: &[u8], said: &Said, expect: Result<(Encoding, u8), &str>| {
        for piece in [1, 7, 100, 1 << 20] {
            let bytes = rows(odd);
            for bytes in [bytes.clone(), gzip(&bytes)] {
                let bench = Bench::of(&bytes);
                let head = Head { bytes: rows(b"x")[..50].to_vec(), whole: false };
                let found = Found::in_head(&bench.input, &head, said).unwrap();
                let found = Boundaries::find(bench.folder.path(), &bench.input, &found, piece, &Limits::default());
                match (found, expect) {
                    (Ok(found), Ok(expect)) => assert_eq!((found.dialect.encoding, found.dialect.escape), expect),
                    (Err(error), Err(expect)) => {
                        assert!(error.message.contains(expect), "{}", error.message);
                        assert!(error.hint.is_some());
                    }
                    (found, _) => panic!("{found:?} of {}", odd.escape_ascii()),
                }
            }
        }
    };
    check(b"x", &open, Ok((Encoding::Utf8, 0)));
    check("é".as_bytes(), &open, Ok((Encoding::Utf8, 0)));
    check(b"\xe9", &open, Ok((Encoding::Latin1, 0)));
    check(b"\x80\xe9", &open, Ok((Encoding::Windows1252, 0)));
    check(
        "é\n1,\u{fd}".as_bytes().iter().chain(b"\xfd").copied().collect::<Vec<_>>().as_slice(),
        &open,
        Err("a.csv:103: a byte that is not UTF-8"),
    );
    check(b"\xe9\x81", &open, Err("a.csv:102: a byte that is neither"));
    check(b"\0", &open, Err("a.csv:102: a NUL byte"));
    check(br#""say \"hi\", ok""#, &open, Ok((Encoding::Utf8, b'\\')));
    check(br#""say \"hi\", ok""#, &SAID, Ok((Encoding::Utf8, 0)));
    check(br#""C:\dir\""#, &open, Ok((Encoding::Utf8, 0)));
    check(b"\"say \\\"hi\\\"\"\n2,\"C:\\dir\\\"", &open, Err("quotes within fields are written both"));
    check(b"\"open", &open, Err("a.csv:102: a quote opened on this line closes within a field on line 103"));
}

#[test]
fn a_row_without_end_stops_the_pass_and_names_the_quote() {
    let limits = Limits { row: Bytes(300), ..Limits::default() };
    let text = [&b"a,b\n1,2\n3,\"open\n"[..], &b"4,5\n".repeat(500)].concat();
    for bytes in [text.clone(), gzip(&text)] {
        let bench = Bench::of(&bytes);
        for piece in [1, 50, 200, 1 << 20] {
            let error = bench.find(piece, &SAID, &limits).unwrap_err();
            assert_eq!(error.message, "a.csv:3: a row longer than 300 bytes; at most 300 bytes are allowed");
            let hint = error.hint.unwrap();
            assert!(hint.starts_with("a quote opened on line 3 does not close") && hint.contains("limits.row"), "{hint}");
        }
    }
    let long = [&b"a,b\n"[..], &[b'x'; 301], b"\n1,2\n"].concat();
    for piece in [1, 50, 200, 1 << 20] {
        let found = |row| Bench::of(&long).find(piece, &SAID, &Limits { row: Bytes(row), ..Limits::default() });
        assert!(found(298).unwrap_err().message.starts_with("a.csv:2: a row longer than 298 bytes"), "{piece}");
        assert!(found(301).is_ok());
    }
}

#[test]
fn a_part_may_begin_and_end_at_any_record() {
    let text = b"title\n\na,b\n1,2\n3,4\n5,6\n7,8\n";
    let bench = Bench::of(text);
    for piece in 1..=text.len() as u64 {
        let found = bench.find(piece, &SAID, &Limits::default()).unwrap();
        for count in 1..5 {
            let parts = found.split(Start { offset: 11, line: 4 }, 23, count);
            let lines: Vec<_> = parts.into_iter().flat_map(|runs| bench.read(&found, runs)).map(|(line, ..)| line).collect();
            assert_eq!(lines, [4, 5, 6], "in pieces of {piece}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever stands in a file: split anywhere, it reads as the careful reader reads it as a whole.
    #[test]
    fn any_text_reads_the_same_in_all_splits(
        text in proptest::collection::vec(prop::sample::select(b"a1,,\"\"\"\n\n\r\\ ".to_vec()), 1..40),
        piece in 1_u64..12,
        escape: bool,
    ) {
        prop_assume!(!text.trim_ascii().is_empty());
        let said = Said { escape: Some(if escape { b'\\' } else { 0 }), ..SAID };
        check_all_splits(&text, &said, [piece]);
    }

    /// Bytes of any kind give records, or an error that names the file.
    #[test]
    fn no_bytes_make_it_panic(
        magic in prop::sample::select(vec![&b""[..], b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06"]),
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        piece in 1_u64..50,
    ) {
        let folder = Folder::of(&[("a.csv", &[magic, &bytes].concat())]);
        let (limits, said) = (Limits::default(), Said::default());
        for input in folder.inputs(Encoding::Auto, &limits).unwrap_or_default() {
            let found = input.head(folder.path(), &limits).and_then(|head| Found::in_head(&input, &head, &said));
            let found = found.and_then(|found| Boundaries::find(folder.path(), &input, &found, piece, &limits));
            if let Err(error) = found {
                prop_assert!(error.message.contains("a.csv"), "{}", error.message);
            }
        }
    }
}
