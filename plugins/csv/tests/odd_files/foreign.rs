use crate::{check, odd};

/// Noise that is the same every time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn what_is_no_csv_is_refused() {
    check(&[
        odd("a PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0").refused("a.csv", ""),
        odd("a JPEG", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xdb\n\0\n").refused("a.csv", ""),
        odd("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n").refused("PDF", ""),
        odd("a page", "<!DOCTYPE html>\n<html><head><title>Login</title></head>\n<body>Please, log in</body></html>\n")
            .refused("web page", ""),
        odd("a page without a doctype", "<html>\n<body><table><tr><td>a</td><td>b</td></tr></table></body>\n</html>\n")
            .refused("web page", ""),
        odd("XML", "<?xml version=\"1.0\"?>\n<rows>\n<row a=\"1\"/>\n</rows>\n").refused("XML", ""),
        odd("XML without a declaration", "<rows>\n<row a=\"1\"/>\n</rows>\n").refused("XML", "export"),
        odd(
            "a workbook in XML",
            "<?xml version=\"1.0\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">\n<Worksheet/>\n</Workbook>\n",
        )
        .refused("Excel", ".xlsx"),
        odd("JSON", "[\n  {\"a\": 1, \"b\": \"x\"},\n  {\"a\": 2, \"b\": \"y\"}\n]\n").refused("JSON", ""),
        odd("an error as JSON", "{\"error\": {\"code\": 401, \"message\": \"token expired\"}}\n").refused("JSON", ""),
        odd("JSON lines", "{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"b\": \"y\"}\n").refused("JSON", ""),
        odd("an old workbook", [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], &[0; 504]].concat())
            .refused("a.csv", "plugin = \"xlsx\""),
        odd("Parquet", b"PAR1\x15\x04\x15\x10\x15\x14\x4c\x15\x02\x15\0\x12\0\0PAR1").refused("a.csv", ""),
        odd("SQLite", [&b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20"[..], &[0; 76]].concat()).refused("a.csv", ""),
        odd("bzip2", b"BZh91AY&SY\x94$|\x0e\0\0\0\x81\0\x03@\0\0\x80 \0!\x9ah3M\x19\x97\x8b\xb9\"\x9c(HJ\x12>\x07\0")
            .refused("a.csv", ""),
        odd("xz", b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F\x02\0!\x01\x16\0\0\0t/\xe5\xa3").refused("a.csv", ""),
        odd("7z", b"7z\xbc\xaf\x27\x1c\0\x04\x8d\x9b\xd5\x0f\0\0\0\0\0\0\0\0").refused("a.csv", ""),
        odd("RTF", "{\\rtf1\\ansi\\deff0 {\\fonttbl {\\f0 Times;}}\n\\f0 a,b\\par\n}\n").refused("a.csv", ""),
        odd("a program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0").refused("a.csv", ""),
        odd("noise", noise(100_000)).refused("a.csv", ""),
        odd("a little noise", noise(40)).refused("a.csv", ""),
    ]);
}
