//! A logo as part of the page: an image that cannot run, cannot load anything, and is not large.
//!
//! It stands in an `<img>`, where a browser runs no script of an SVG; what could is taken out all the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};

/// Most bytes of a logo.
pub const LARGEST_LOGO: usize = 512 * 1024;
/// Deepest nesting of an SVG.
const DEEPEST: usize = 200;
/// Elements of an SVG that run, load or hold something else than a drawing.
const REMOVED: [&str; 11] =
    ["script", "foreignObject", "iframe", "object", "embed", "audio", "video", "a", "set", "animate", "handler"];

/// A checked logo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    uri: String,
}

/// Why a file is no logo.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// Too large.
    #[error("it has {bytes} bytes, and a logo has at most {LARGEST_LOGO}")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// Another kind of file.
    #[error("it is no SVG, PNG or JPEG")]
    Kind,
    /// An SVG that cannot be read.
    #[error("its SVG cannot be read: {0}")]
    Svg(String),
}

impl Logo {
    /// Checks the bytes of an SVG, PNG or JPEG file. An SVG loses its scripts, links and references to other files.
    pub fn new(bytes: &[u8]) -> Result<Self, LogoError> {
        if bytes.len() > LARGEST_LOGO {
            return Err(LogoError::TooLarge { bytes: bytes.len() });
        }
        let (kind, data) = match bytes {
            [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => ("png", bytes.to_vec()),
            [0xFF, 0xD8, 0xFF, ..] => ("jpeg", bytes.to_vec()),
            _ => ("svg+xml", cleaned(std::str::from_utf8(bytes).map_err(|_| LogoError::Kind)?)?),
        };
        Ok(Self { uri: format!("data:image/{kind};base64,{}", STANDARD.encode(data)) })
    }

    /// The image as a `data:` URI.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }
}

/// An SVG without what runs or loads.
fn cleaned(text: &str) -> Result<Vec<u8>, LogoError> {
    let unreadable = |why: &dyn std::fmt::Display| LogoError::Svg(why.to_string());
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut writer = Writer::new(Vec::new());
    // How deep in the document, and at which depth an element to remove began.
    let (mut depth, mut removed, mut is_svg) = (0_usize, None, false);
    loop {
        let event = reader.read_event().map_err(|error| unreadable(&error))?;
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let name = start.local_name();
                if depth == 0 && (is_svg || name.as_ref() != "svg") {
                    return Err(LogoError::Kind);
                }
                is_svg = true;
                let empty = matches!(event, Event::Empty(_));
                let remove = REMOVED.iter().any(|removed| removed.eq_ignore_ascii_case(name.as_ref()));
                if removed.is_none() && !remove {
                    let kept = harmless(start).map_err(|error| unreadable(&error))?;
                    let written = writer.write_event(if empty { Event::Empty(kept) } else { Event::Start(kept) });
                    written.map_err(|error| unreadable(&error))?;
                }
                if !empty {
                    removed = removed.or(remove.then_some(depth));
                    depth += 1;
                    if depth > DEEPEST {
                        return Err(LogoError::Svg("it is nested too deeply".to_owned()));
                    }
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if removed.is_none() {
                    writer.write_event(event).map_err(|error| unreadable(&error))?;
                } else if removed == Some(depth) {
                    removed = None;
                }
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) if removed.is_none() && depth > 0 && !loads(&event) => {
                writer.write_event(event).map_err(|error| unreadable(&error))?;
            }
            Event::Eof if is_svg && depth == 0 => return Ok(writer.into_inner()),
            Event::Eof => return Err(if is_svg { LogoError::Svg("it ends early".to_owned()) } else { LogoError::Kind }),
            // Comments, declarations and document types, whose entities could be anything, are not drawings.
            _ => {}
        }
    }
}

/// An element without the attributes that run or load something.
fn harmless<'a>(start: &BytesStart<'a>) -> Result<BytesStart<'a>, quick_xml::events::attributes::AttrError> {
    let mut kept = BytesStart::new(start.name().as_ref().to_owned());
    for attribute in start.attributes() {
        let attribute = attribute?;
        let name = attribute.key.local_name();
        let value = &*attribute.value;
        let runs = name.as_ref().get(..2).is_some_and(|first| first.eq_ignore_ascii_case("on"));
        let refers = matches!(name.as_ref(), "href" | "src") && !value.starts_with('#') && !is_picture(value);
        let declares = attribute.key.as_ref().starts_with("xmlns") || name.as_ref() == "space";
        if declares || !(runs || refers || (!is_picture(value) && loads(value))) {
            kept.push_attribute(attribute);
        }
    }
    Ok(kept)
}

/// Whether a value is a picture that it carries itself.
fn is_picture(value: &str) -> bool {
    ["data:image/png;base64,", "data:image/jpeg;base64,"].iter().any(|start| value.starts_with(start))
}

/// Whether a text (a style sheet, a colour) refers to anything but a part of its own file.
fn loads(text: &str) -> bool {
    // A style's backslash could spell any of the words.
    let text = text.to_ascii_lowercase();
    let elsewhere =
        |(_, rest): (usize, &str)| !rest.trim_start_matches([' ', '\t', '\n', '\r', '(', '"', '\'', '&']).starts_with('#');
    text.contains('\\')
        || ["@import", "javascript:", "http:", "https:", "//", "expression("].iter().any(|word| text.contains(word))
        || text.match_indices("url").map(|(at, word)| (at, &text[at + word.len()..])).any(elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(svg: &str, cleaned_svg: &str) {
        assert_eq!(cleaned(svg).map(|bytes| String::from_utf8(bytes).unwrap()), Ok(cleaned_svg.to_owned()));
    }

    #[test]
    fn drawings_stay_as_they_are() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><style>.a{fill:#0a7f5a}</style>\
                   <path class=\"a\" d=\"M0 0h8\" fill=\"url(#g)\"/><use href=\"#b\"/><text>A &amp; B</text></svg>";
        check(svg, svg);
    }

    #[test]
    fn what_runs_or_loads_is_taken_out() {
        check("<svg onload=\"x()\"><script>alert(1)</script><g/></svg>", "<svg><g/></svg>");
        check("<svg><a href=\"javascript:x()\"><b/></a><g onClick='x()' id=\"i\"/></svg>", "<svg><g id=\"i\"/></svg>");
        check("<svg><image xlink:href=\"https://example.org/x.png\"/></svg>", "<svg><image/></svg>");
        check("<svg><style>@import 'x.css';</style></svg>", "<svg><style></style></svg>");
        check("<svg><g style=\"fill:url(//example.org/x)\"/></svg>", "<svg><g/></svg>");
        check("<svg><style>a{b:\\75rl(x)}</style></svg>", "<svg><style></style></svg>");
        check("<svg><foreignObject><p>x</p><script/></foreignObject></svg>", "<svg></svg>");
        check("<!DOCTYPE svg [<!ENTITY e SYSTEM \"file:///x\">]><svg><!-- x --><g/></svg>", "<svg><g/></svg>");
    }

    #[test]
    fn what_is_no_logo_says_so() {
        assert_eq!(Logo::new(b"GIF89a"), Err(LogoError::Kind));
        assert_eq!(Logo::new(b"<html></html>"), Err(LogoError::Kind));
        assert!(matches!(Logo::new(b"<svg><g>"), Err(LogoError::Svg(_))));
        assert_eq!(Logo::new(&vec![b' '; LARGEST_LOGO + 1]), Err(LogoError::TooLarge { bytes: LARGEST_LOGO + 1 }));
        assert!(Logo::new(b"\xFF\xD8\xFF\xE0").unwrap().uri().starts_with("data:image/jpeg;base64,"));
    }
}
