use proptest::prelude::*;

use super::*;

/// A reader that gives a few bytes at a time.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(buffer.len());
        (&mut self.0).take(length as u64).read(buffer)
    }
}

fn tokens(document: &[u8], drops: usize) -> Result<Vec<String>, String> {
    let mut xml = Xml::new(Drops(document, drops), "a.xml");
    let mut found: Vec<String> = Vec::new();
    loop {
        let token = match xml.token().map_err(|error| error.message)? {
            None => return Ok(found),
            Some(Token::Open(tag)) => {
                let attributes = tag.attributes().map(|(name, value)| format!(" {}={}", text(name), plain(value)));
                format!("<{}{}{}", text(tag.name), attributes.collect::<String>(), if tag.empty { "/" } else { "" })
            }
            Some(Token::Close(name)) => format!(">{}", text(name)),
            Some(Token::Text(piece)) => {
                let mut bytes = Vec::new();
                assert!(unescape(piece, &mut bytes));
                format!("'{}", text(&bytes))
            }
            Some(Token::Verbatim(piece)) => format!("'{}", text(piece)),
        };
        match found.last_mut() {
            Some(last) if last.starts_with('\'') && token.starts_with('\'') => last.push_str(&token[1..]),
            _ if token == "'" => {}
            _ => found.push(token),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn documents_come_apart() {
    let check = |document: &str, expect: &[&str]| {
        for drops in [1, 2, 7, 1000] {
            assert_eq!(tokens(document.as_bytes(), drops).unwrap(), expect, "{document}");
        }
    };
    check("<?xml version='1.0'?>\n<a/>", &["'\n", "<a/"]);
    check("<a><b c = \"d>e\"  x:f='\"'/>g</a >", &["<a", "<b c=d>e x:f=\"/", "'g", ">a"]);
    check("<a>1 &lt; &#50;&#x33;\r\n<!-- <no> -- &no; -->\r<![CDATA[<&amp;]]]>]]></a>", &["<a", "'1 < 23\n\n<&amp;]]]>", ">a"]);
    check("\u{feff}<a b='&quot;&amp;'></a>", &["<a b=\"&", ">a"]);
}

#[test]
fn what_is_no_document_is_said() {
    let check = |document: &[u8], why: &str| {
        let message = tokens(document, 5).unwrap_err();
        assert!(message.starts_with("a.xml cannot be read: "), "{message}");
        assert!(message.contains(why), "{message}");
    };
    check(b"<!DOCTYPE a [<!ENTITY b \"cc\">]><a>&b;</a>", "declares a document type");
    check(b"<a><b></b>", "ends in the middle");
    check(b"<a", "ends in the middle");
    check(b"<a><!-- b", "ends in the middle");
    check(b"<a><![CDATA[ b", "ends in the middle");
    check(b"</a>", "was not opened");
    check(b"\xff\xfe<\0a\0", "UTF-16");
    check(format!("<a b=\"{}\"/>", "x".repeat(2 * LONGEST_TAG)).as_bytes(), "more than a megabyte");
    assert!(!unescape(b"&nbsp;", &mut Vec::new()));
    assert!(!unescape(b"&#xD800;", &mut Vec::new()));
}

#[test]
fn tokens_on_the_edge_of_pieces_are_whole() {
    let cells: Vec<_> = (0..10_000).map(|index| format!("{}", index * index)).collect();
    let written = cells.iter().map(|cell| format!("<c r='{cell}'><!--{cell}-->{cell}&amp;<b/></c>"));
    let document = written.collect::<Vec<_>>().concat();
    let found = tokens(format!("<a>{document}</a>").as_bytes(), usize::MAX).unwrap();
    let expect = cells.iter().flat_map(|cell| [format!("<c r={cell}"), format!("'{cell}&"), "<b/".to_owned(), ">c".to_owned()]);
    let expect: Vec<_> = std::iter::once("<a".to_owned()).chain(expect).chain([">a".to_owned()]).collect();
    assert_eq!(found, expect);
}

#[test]
fn long_texts_come_in_pieces_of_bounded_size() {
    let long = "a&amp;\r\n\u{e9}]".repeat(100_000);
    let mut xml = Xml::new(Drops(long.as_bytes(), usize::MAX), "a.xml");
    let mut bytes = Vec::new();
    while let Some(Token::Text(piece)) = xml.token().unwrap() {
        assert!(piece.len() <= PIECE);
        assert!(unescape(piece, &mut bytes));
    }
    assert_eq!(text(&bytes), "a&\n\u{e9}]".repeat(100_000));
    let verbatim = format!("<a><![CDATA[{}]]></a>", "b]]".repeat(100_000));
    assert_eq!(tokens(verbatim.as_bytes(), usize::MAX).unwrap()[1].len(), 300_001);
}

proptest! {
    #[test]
    fn any_bytes_end_in_tokens_or_an_error(document in proptest::collection::vec(prop_oneof![
        Just(b'<'), Just(b'>'), Just(b'/'), Just(b'!'), Just(b'"'), Just(b'='), Just(b'a'), Just(b'&'), Just(b';'), any::<u8>()
    ], 0..60), drops in 1_usize..9) {
        let mut xml = Xml::new(Drops(&document, drops), "a.xml");
        let mut left = 200;
        while let Ok(Some(token)) = xml.token() {
            if let Token::Open(tag) = token {
                tag.attributes().count();
            }
            left -= 1;
            prop_assert!(left > 0);
        }
    }

    #[test]
    fn texts_survive_being_escaped(content in "\\PC{0,40}", drops in 1_usize..9) {
        let escaped = content.replace('&', "&amp;").replace('<', "&lt;");
        let found = tokens(format!("<a>{escaped}</a>").as_bytes(), drops).unwrap();
        let expect = if content.is_empty() { vec!["<a".to_owned(), ">a".to_owned()] }
            else { vec!["<a".to_owned(), format!("'{content}"), ">a".to_owned()] };
        prop_assert_eq!(found, expect);
    }
}
