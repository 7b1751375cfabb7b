use std::fs;
use std::io::Write as _;

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};
use cvj_tabular::files::find;
use cvj_tabular::limits::Bytes;
use cvj_tabular::settings::Paths;
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

/// A folder of files, and the inputs that they hold.
pub(crate) struct Folder(pub(crate) tempfile::TempDir);

impl Folder {
    pub(crate) fn of(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn inputs(&self, said: Encoding, limits: &Limits) -> Result<Vec<Input>, SourceError> {
        let stamps = find(self.path(), &Paths::One("*".to_owned()), limits)?;
        Input::all(self.path(), &stamps, said, limits)
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        if name.ends_with('/') {
            writer.add_directory(*name, SimpleFileOptions::default()).unwrap();
            continue;
        }
        let method = if bytes.len() % 2 == 0 { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

/// The texts of the inputs of one file.
fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<(String, Vec<u8>)>, SourceError> {
    let folder = Folder::of(&[("a", bytes)]);
    let read = |input: &Input| {
        let mut text = Vec::new();
        input.open(folder.path(), limits)?.read_to_end(&mut text).map_err(|error| failed(&input.name(), error))?;
        Ok((input.name().into_owned(), text))
    };
    folder.inputs(Encoding::Auto, limits)?.iter().map(read).collect()
}

/// Something that does not pack to a single block.
fn long() -> Vec<u8> {
    (0..40_000_u32).flat_map(|row| format!("{row},{}\n", row.wrapping_mul(2_654_435_761)).into_bytes()).collect()
}

#[test]
fn every_packing_is_read_whole() {
    let long = long();
    let check = |bytes: &[u8], expect: &[(&str, &[u8])]| {
        let found = read(bytes, &Limits::default()).unwrap();
        let names: Vec<_> = found.iter().map(|(name, text)| (name.as_str(), text.len())).collect();
        assert_eq!(names, expect.iter().map(|(name, text)| (*name, text.len())).collect::<Vec<_>>());
        assert!(found.iter().zip(expect).all(|((_, found), (_, expect))| found == expect));
    };
    check(b"a,b\n", &[("a", b"a,b\n")]);
    check(&gzip(&long), &[("a", &long)]);
    check(&[gzip(b"a,b\n"), gzip(b"1,2\n")].concat(), &[("a", b"a,b\n1,2\n")]);
    check(&zstd(&long), &[("a", &long)]);
    let skippable = b"\x53\x2a\x4d\x18\x03\0\0\0abc";
    check(&[skippable, &zstd(b"a,b\n")[..], skippable, &zstd(b"1,2\n")].concat(), &[("a", b"a,b\n1,2\n")]);
    check(
        &zip(&[("b.csv", &long), ("in/", b""), ("in/a.csv", b"xyz\n"), ("__MACOSX/._a.csv", b"x"), ("in/.hidden", b"x")]),
        &[("a/b.csv", &long), ("a/in/a.csv", b"xyz\n")],
    );
}

#[test]
fn an_archive_that_ends_early_is_an_error_and_never_the_end_of_the_data() {
    let text = long();
    for packed in [gzip(&text), zstd(&text), [gzip(&text), gzip(&text)].concat(), [zstd(&text), zstd(&text)].concat()] {
        // Every cut in the header and near frame ends, and some elsewhere.
        let half = packed.len() / 2;
        let cuts =
            (4..40).chain((40..packed.len()).step_by(50_021)).chain(half + 1..half + 30).chain(packed.len() - 30..packed.len());
        for cut in cuts {
            let error =
                read(&packed[..cut], &Limits::default()).err().unwrap_or_else(|| panic!("cut at {cut} of {}", packed.len()));
            assert!(error.message.contains("`a` cannot be unpacked: "), "{}", error.message);
            assert!(error.message.ends_with("it ends in the middle"), "{cut}: {}", error.message);
        }
    }
    let zip = zip(&[("b.csv", &text)]);
    for cut in [4, 40, zip.len() / 2, zip.len() - 1] {
        assert!(read(&zip[..cut], &Limits::default()).unwrap_err().message.contains("cannot be unpacked"));
    }
}

#[test]
fn damage_is_found() {
    let text = long();
    for packed in [gzip(&text), zip(&[("b.csv", &text)])] {
        for at in (60..packed.len() - 100).step_by(packed.len() / 7) {
            let mut packed = packed.clone();
            packed[at] ^= 0x10;
            let error = read(&packed, &Limits::default()).unwrap_err();
            assert!(error.message.contains("cannot be unpacked"), "{}", error.message);
        }
    }
    let mut stored = zip(&[("b.csv", b"abcd")]);
    let at = stored.windows(4).position(|bytes| bytes == b"abcd").unwrap();
    stored[at] = b'x';
    assert!(read(&stored, &Limits::default()).unwrap_err().message.contains("checksum"));
}

#[test]
fn unpacking_is_bounded() {
    let limits = Limits { unpacked: Bytes(1000), ..Limits::default() };
    let zeros = vec![b'0'; 5000];
    for packed in [gzip(&zeros), zstd(&zeros), zip(&[("b", &zeros)]), zip(&[("b", &zeros[..600]), ("c", &zeros[..600])])] {
        let error = read(&packed, &limits).unwrap_err();
        assert!(error.message.contains("unpacks to"), "{}", error.message);
        assert!(error.hint.unwrap().contains("limits.unpacked = \""));
        assert!(read(&packed, &Limits { unpacked: Bytes(5000), ..Limits::default() }).is_ok());
    }
    let two = zip(&[("b", b"x"), ("c", b"x")]);
    let error = read(&two, &Limits { files: 1, ..Limits::default() }).unwrap_err();
    assert!(error.hint.unwrap().contains("limits.files"), "{}", error.message);
    // A directory that promises less than there is.
    let mut lying = zip(&[("b", &zeros[..601])]);
    for signature in [&b"PK\x01\x02"[..], b"PK\x03\x04"] {
        let at = lying.windows(4).position(|bytes| bytes == signature).unwrap() + if signature[2] == 1 { 24 } else { 22 };
        assert_eq!(lying[at..at + 2], 601_u16.to_le_bytes());
        lying[at..at + 2].copy_from_slice(&10_u16.to_le_bytes());
    }
    assert!(read(&lying, &Limits::default()).unwrap_err().message.contains("more than it says"));
}

#[test]
fn what_is_no_csv_says_what_to_do() {
    let check = |bytes: &[u8], message: &str, hint: &str| {
        let error = read(bytes, &Limits::default()).unwrap_err();
        assert!(error.message.contains(message), "{}", error.message);
        let found = error.hint.unwrap();
        assert!(found.contains(hint), "{found}");
    };
    check(&zip(&[("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x")]), "is a workbook", "plugin = \"xlsx\"");
    check(&zip(&[("mimetype", b"x")]), "is a workbook", "plugin = \"xlsx\"");
    check(&zip(&[("in/", b"")]), "`a` holds no file", "path");
    check(&zip(&[("b.gz", &gzip(b"x"))]), "`a/b.gz` is an archive within", "unpack");
    check(&gzip(&zip(&[("b", b"x")])), "an archive within", "unpack");
    check(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook", "plugin = \"xlsx\"");
    check(b"\xef\xbb\xbf\n<!DOCTYPE html><p>Please sign in", "a web page", "browser");
    check(b"\xff\xfe\0\0a\0\0\0", "UTF-32", "UTF-8");
    check(b"+/v8-", "UTF-7", "UTF-8");
    check(b"%PDF-1.7", "a PDF", "CSV");
    check(b"\xd5\x81\x94\x85\x6b\xc3\x89\xa3\xa8\x15\xc1\x84\x81\x6b\xd9\x96\x94\x85\x15", "EBCDIC", "UTF-8");
    let mut encrypted = zip(&[("b", b"x")]);
    for signature in [&b"PK\x01\x02"[..], b"PK\x03\x04"] {
        let at = encrypted.windows(4).position(|bytes| bytes == signature).unwrap() + if signature[2] == 1 { 8 } else { 6 };
        encrypted[at] |= 1;
    }
    check(&encrypted, "`a/b` is encrypted", "password");
}

#[test]
fn utf_16_becomes_utf_8() {
    let text = "Größe,日本,😀\r\n1,2,3\r\n";
    for big_endian in [false, true] {
        let plain = utf16(text, big_endian);
        let marked = utf16(&format!("\u{feff}{text}"), big_endian);
        for bytes in [&marked[..], &gzip(&marked), &zip(&[("b", &marked)])] {
            assert_eq!(read(bytes, &Limits::default()).unwrap()[0].1, text.as_bytes());
        }
        let ascii = "name,city\r\nGrößer,Bonn\r\n";
        assert_eq!(read(&utf16(ascii, big_endian), &Limits::default()).unwrap()[0].1, ascii.as_bytes());
        let said = if big_endian { Encoding::Utf16be } else { Encoding::Utf16le };
        for bytes in [&plain, &marked] {
            let folder = Folder::of(&[("a", bytes)]);
            let input = folder.inputs(said, &Limits::default()).unwrap().remove(0);
            assert_eq!((input.splittable(), input.encoding), (None, said));
            assert_eq!(input.head(folder.path(), &Limits::default()).unwrap().bytes, text.as_bytes());
        }
        // A surrogate without its second half, and a byte too few.
        for broken in [
            [&marked[..], &utf16("\n", big_endian), &[0xd8, 0xd8], &utf16("x", big_endian)].concat(),
            marked[..marked.len() - 1].to_vec(),
        ] {
            let error = read(&broken, &Limits::default()).unwrap_err();
            assert!(error.message.ends_with("not UTF-16"), "{}", error.message);
        }
    }
}

#[test]
fn a_mark_that_contradicts_the_configuration_is_an_error() {
    let folder = Folder::of(&[("a", b"\xef\xbb\xbfa,b\n")]);
    let error = folder.inputs(Encoding::Windows1252, &Limits::default()).unwrap_err();
    assert!(error.message.contains("the mark of UTF-8, but `encoding = \"windows-1252\"`"), "{}", error.message);
    assert!(folder.inputs(Encoding::Utf8, &Limits::default()).is_ok());
}

#[test]
fn end_marks_of_dos_are_no_text_at_the_end_only() {
    for (bytes, expect) in
        [(&b"a\n\x1a"[..], &b"a\n"[..]), (b"a\x1a\x1a\x1ab\x1a\x1a", b"a\x1a\x1a\x1ab"), (b"\x1a\x1a", b""), (b"", b"")]
    {
        for packed in [bytes.to_vec(), gzip(bytes)] {
            assert_eq!(read(&packed, &Limits::default()).unwrap()[0].1, expect);
        }
    }
    let mut reader = WithoutEndMark::new(OneByOne(b"a\x1a\x1ab\x1a"));
    let mut text = Vec::new();
    reader.read_to_end(&mut text).unwrap();
    assert_eq!(text, b"a\x1a\x1ab");
}

struct OneByOne(&'static [u8]);

impl Read for OneByOne {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(&mut buffer[..1])
    }
}

#[test]
fn copies_are_found_whatever_they_are_packed_in() {
    let text = long();
    let other = [&text[..], b"1,2\n"].concat();
    let folder = Folder::of(&[
        ("a.csv", &text),
        ("b.csv", &other),
        ("c.csv.gz", &gzip(&text)),
        ("d.zip", &zip(&[("x.csv", &other), ("y.csv", b"a,b\n")])),
    ]);
    let inputs = folder.inputs(Encoding::Auto, &Limits::default()).unwrap();
    let names: Vec<_> = inputs.iter().map(|input| input.name().into_owned()).collect();
    assert_eq!(names, ["a.csv", "b.csv", "c.csv.gz", "d.zip/x.csv", "d.zip/y.csv"]);
    assert_eq!(copies(folder.path(), &inputs, &Limits::default()).unwrap(), HashMap::from([(2, 0), (3, 1)]));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let folder = Folder::of(&[("a", &long())]);
    let limits = Limits::default();
    let input = folder.inputs(Encoding::Auto, &limits).unwrap().remove(0);
    let mut reader = input.open(folder.path(), &limits).unwrap();
    reader.read_exact(&mut [0; 100]).unwrap();
    assert!(input.unchanged(folder.path()).is_ok());
    File::options().write(true).open(folder.path().join("a")).unwrap().set_len(200).unwrap();
    let error = failed("a", io::copy(&mut reader, &mut io::sink()).unwrap_err());
    assert!(error.message.contains("was changed while it was read"), "{}", error.message);
    assert!(input.unchanged(folder.path()).is_err());
    // Replaced by another file of the same size and time.
    let folder = Folder::of(&[("a", b"1\n")]);
    let input = folder.inputs(Encoding::Auto, &limits).unwrap().remove(0);
    let modified = fs::metadata(folder.path().join("a")).unwrap().modified().unwrap();
    fs::write(folder.path().join("b"), b"2\n").unwrap();
    File::options().write(true).open(folder.path().join("b")).unwrap().set_modified(modified).unwrap();
    fs::rename(folder.path().join("b"), folder.path().join("a")).unwrap();
    assert_eq!(input.unchanged(folder.path()).is_err(), cfg!(unix));
}

#[test]
fn inputs_are_written_down_and_read_back() {
    let folder = Folder::of(&[("a.csv", b"a\n"), ("b.zip", &zip(&[("c", b"x")])), ("d.gz", &gzip(b"x"))]);
    for input in folder.inputs(Encoding::Auto, &Limits::default()).unwrap() {
        let written = serde_json::to_string(&input).unwrap();
        assert_eq!(serde_json::from_str::<Input>(&written).unwrap(), input);
    }
}
