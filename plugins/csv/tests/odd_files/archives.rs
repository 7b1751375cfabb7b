use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::json;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{check, odd};

const TABLE: &str = "a,b\n1,x\n2,y\n";

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    compress_to_vec(bytes.as_ref(), CompressionLevel::Fastest)
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in members {
        if let Some(folder) = name.strip_suffix('/') {
            zip.add_directory(folder, options).unwrap();
        } else {
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

/// The same bytes with one of them changed.
fn spoilt(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at] ^= 0x55;
    bytes
}

/// The same archive with a flag or size of its only member set, in the local header and in the directory.
fn patched(mut bytes: Vec<u8>, local: usize, central: usize, value: &[u8]) -> Vec<u8> {
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[local..local + value.len()].copy_from_slice(value);
    bytes[directory + central..directory + central + value.len()].copy_from_slice(value);
    bytes
}

#[test]
fn packed_files_are_read_whole() {
    let utf16: Vec<u8> = "\u{feff}a\tb\n1\té\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&[
        odd("gzip, whatever the name", gzip(TABLE)).reads("a int, b text", &["1|x", "2|y"]),
        odd("gzip in several parts", [gzip("a,b\n1,x\n"), gzip("2,y\n")].concat()).reads("a int, b text", &["1|x", "2|y"]),
        odd("gzip of UTF-16", gzip(utf16)).reads("a int, b text", &["1|é"]),
        odd("zstd", zstd(TABLE)).reads("a int, b text", &["1|x", "2|y"]),
        odd("zstd in several frames", [zstd("a,b\n1,x\n"), zstd("2,y\n")].concat()).reads("a int, b text", &["1|x", "2|y"]),
        odd("zip", zip(&[("a.csv", TABLE.as_bytes())])).reads("a int, b text", &["1|x", "2|y"]),
        odd("zip of two files of one table", zip(&[("1.csv", b"a,b\n1,x\n"), ("2.csv", b"b;a\ny;2\n")]))
            .reads("a int, b text", &["1|x", "2|y"]),
        odd(
            "zip with what a Mac adds",
            zip(&[
                ("data/", b""),
                ("data/a.csv", TABLE.as_bytes()),
                ("__MACOSX/data/._a.csv", b"\0\x05\x16\x07"),
                (".DS_Store", b"\0\0\0\x01"),
            ]),
        )
        .reads("a int, b text", &["1|x", "2|y"]),
        odd("a zip with a comment", [&zip(&[("a.csv", TABLE.as_bytes())])[..]].concat()).reads("a int, b text", &["1|x", "2|y"]),
    ]);
}

#[test]
fn broken_and_endless_archives_are_refused() {
    let rows = "1,abcdefgh\n".repeat(1_000_000);
    let table = zip(&[("a.csv", TABLE.repeat(50).as_bytes())]);
    let packed = gzip(TABLE.repeat(500));
    check(&[
        odd("gzip cut off", &packed[..packed.len() / 2]).refused("a.csv", ""),
        odd("gzip without its last byte", &packed[..packed.len() - 1]).refused("a.csv", ""),
        odd("gzip with a wrong checksum", spoilt(packed.clone(), packed.len() - 6)).refused("a.csv", ""),
        odd("gzip with a wrong length", spoilt(packed.clone(), packed.len() - 2)).refused("a.csv", ""),
        odd("gzip with something behind", [&packed[..], b"something else"].concat()).refused("a.csv", ""),
        odd("gzip of nothing", gzip("")).refused("empty", ""),
        odd("gzip in gzip", gzip(gzip(TABLE))).refused("a.csv", ""),
        odd("zstd cut off", {
            let bytes = zstd(TABLE.repeat(500));
            bytes[..bytes.len() - 3].to_vec()
        })
        .refused("a.csv", ""),
        odd("zip cut off", &table[..table.len() / 2]).refused("a.csv", ""),
        odd("zip with a wrong checksum", patched(table.clone(), 14, 16, b"\x12\x34\x56\x78")).refused("a.csv", ""),
        odd("zip with a password", patched(table.clone(), 6, 8, b"\x01\x00")).refused("", ""),
        odd("zip of nothing", zip(&[])).refused("a.csv", ""),
        odd("zip of folders", zip(&[("one/", b""), ("two/", b"")])).refused("a.csv", ""),
        odd("zip in zip", zip(&[("b.zip", &table)])).refused("b.zip", ""),
        odd("gzip in zip", zip(&[("a.csv.gz", &gzip(TABLE))])).refused("a.csv.gz", ""),
        odd("a workbook", zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")]))
            .refused("workbook", "plugin = \"xlsx\""),
        odd(
            "an OpenDocument workbook",
            zip(&[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"<x/>")]),
        )
        .refused("workbook", "plugin = \"xlsx\""),
        odd("zip that declares more than is allowed", patched(table.clone(), 22, 24, b"\xff\xff\xff\xfe"))
            .with(json!({"limits": {"unpacked": "1 GiB"}}))
            .refused("a.csv", "limits.unpacked"),
        odd("zip that declares less than it holds", patched(table, 22, 24, b"\x05\x00\x00\x00")).refused("a.csv", ""),
        odd("gzip that unpacks to more than is allowed", gzip(format!("a,b\n{rows}")))
            .with(json!({"limits": {"unpacked": "5 MB"}}))
            .refused("a.csv", "limits.unpacked"),
        odd("zstd that unpacks to more than is allowed", zstd(format!("a,b\n{rows}")))
            .with(json!({"limits": {"unpacked": 5_000_000}}))
            .refused("a.csv", "limits.unpacked"),
        odd("zip that unpacks to more than is allowed", zip(&[("a.csv", format!("a,b\n{rows}").as_bytes())]))
            .with(json!({"limits": {"unpacked": "5 MB"}}))
            .refused("a.csv", "limits.unpacked"),
    ]);
}
