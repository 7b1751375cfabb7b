//! How the bytes of a file are characters: what the configuration may say, and what the bytes themselves say.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the bytes of a file are characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Encoding {
    /// Found from the content.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, low bytes first, as Windows has it.
    #[serde(rename = "utf-16le")]
    Utf16le,
    /// UTF-16, high bytes first.
    #[serde(rename = "utf-16be")]
    Utf16be,
    /// Western European, as Windows has it. It reads Latin-1 too.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// The same as `windows-1252`, as browsers understand the name.
    #[serde(rename = "latin-1")]
    Latin1,
}

impl Encoding {
    /// Bytes of an opened input as text; `None` if they are none. UTF-16 was made UTF-8 when the input was opened.
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Windows1252 | Self::Latin1 => Some(encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0),
            Self::Auto | Self::Utf8 | Self::Utf16le | Self::Utf16be => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        }
    }

    /// Whether an input of this encoding is made UTF-8 when it is opened.
    pub fn is_wide(self) -> bool {
        matches!(self, Self::Utf16le | Self::Utf16be)
    }

    /// Whether the bytes of an opened input are UTF-8.
    pub fn is_utf8(self) -> bool {
        !matches!(self, Self::Windows1252 | Self::Latin1)
    }

    /// The value of the key `encoding` that says this.
    pub fn key(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Utf8 => "utf-8",
            Self::Utf16le => "utf-16le",
            Self::Utf16be => "utf-16be",
            Self::Windows1252 => "windows-1252",
            Self::Latin1 => "latin-1",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Auto => "unknown encoding",
            Self::Utf8 => "UTF-8",
            Self::Utf16le | Self::Utf16be => "UTF-16",
            Self::Windows1252 => "Windows-1252",
            Self::Latin1 => "Latin-1",
        })
    }
}

/// What the bytes of a file, or of a piece of one, say about their encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Where the first byte stands that is no UTF-8.
    pub invalid: Option<u64>,
    /// Where the first NUL stands.
    pub nul: Option<u64>,
    /// Where the first byte stands that Windows-1252 does not define.
    pub undefined: Option<u64>,
    /// There are characters of several bytes that only UTF-8 explains.
    multibyte: bool,
    /// There are bytes that are characters in Windows-1252 and control codes in Latin-1.
    windows: bool,
    /// Bytes that are letters in Western European text, and how many of them stand before another byte beyond ASCII.
    letters: u64,
    paired: u64,
}

impl Evidence {
    /// What these bytes say, the first of which stands at `offset` and begins a character if they are UTF-8.
    pub fn of(bytes: &[u8], offset: u64) -> Self {
        let mut evidence = Self { nul: memchr::memchr(0, bytes).map(|at| offset + at as u64), ..Self::default() };
        match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => evidence.multibyte = !text.is_ascii() && text.chars().any(is_telling),
            Err(_) => evidence.look_closer(bytes, offset),
        }
        evidence
    }

    fn look_closer(&mut self, bytes: &[u8], offset: u64) {
        let mut at = offset;
        for chunk in bytes.utf8_chunks() {
            self.multibyte = self.multibyte || chunk.valid().chars().any(is_telling);
            at += chunk.valid().len() as u64;
            if !chunk.invalid().is_empty() {
                self.invalid = self.invalid.or(Some(at));
            }
            at += chunk.invalid().len() as u64;
        }
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                0x81 | 0x8d | 0x8f | 0x90 | 0x9d => self.undefined = self.undefined.or(Some(offset + at as u64)),
                0x80..=0x9f => self.windows = true,
                0xc0.. => {
                    self.letters += 1;
                    self.paired += u64::from(bytes.get(at + 1).is_some_and(|next| !next.is_ascii()));
                }
                _ => {}
            }
        }
    }

    /// What this and the bytes after it say.
    #[must_use]
    pub fn and(self, after: &Self) -> Self {
        Self {
            invalid: self.invalid.or(after.invalid),
            nul: self.nul.or(after.nul),
            undefined: self.undefined.or(after.undefined),
            multibyte: self.multibyte || after.multibyte,
            windows: self.windows || after.windows,
            letters: self.letters + after.letters,
            paired: self.paired + after.paired,
        }
    }

    /// The encoding of the whole file.
    pub fn settle(&self) -> Result<Encoding, Doubt> {
        let Some(invalid) = self.invalid else { return Ok(Encoding::Utf8) };
        if self.multibyte {
            return Err(Doubt { at: invalid, why: "a byte that is not UTF-8, in a file that is UTF-8 elsewhere" });
        }
        // In Western European text, letters beyond ASCII stand among others; in Cyrillic, Greek or Asian text they are the words.
        if self.letters >= 4 && self.paired * 2 > self.letters {
            return Err(Doubt { at: invalid, why: "neither UTF-8 nor Western European text" });
        }
        if let Some(at) = self.undefined {
            return Err(Doubt { at, why: "a byte that is neither UTF-8 nor Windows-1252" });
        }
        Ok(if self.windows { Encoding::Windows1252 } else { Encoding::Latin1 })
    }
}

/// Why the encoding of a file cannot be told, and where that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// In bytes from the file's begin.
    pub at: u64,
    /// The reason.
    pub why: &'static str,
}

/// Whether a character beyond ASCII tells UTF-8 from Windows-1252. Some two-byte characters do not: read as Windows-1252 they
/// are a capital or an `ß` before a punctuation mark (`Spaß“`), which occurs, while the characters themselves hardly do.
fn is_telling(character: char) -> bool {
    matches!(character, '\u{80}'..='\u{17f}' | '\u{370}'..='\u{47f}' | '\u{5c0}'..='\u{67f}' | '\u{800}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_found() {
        let check = |bytes: &[u8], expect: Result<Encoding, u64>| {
            assert_eq!(Evidence::of(bytes, 0).settle().map_err(|doubt| doubt.at), expect, "{}", bytes.escape_ascii());
            // In two pieces, cut between characters.
            for cut in (0..=bytes.len()).filter(|cut| bytes.get(*cut).is_none_or(u8::is_ascii)) {
                let whole = Evidence::of(&bytes[..cut], 0).and(&Evidence::of(&bytes[cut..], cut as u64));
                assert_eq!(whole.settle().map_err(|doubt| doubt.at), expect, "{} at {cut}", bytes.escape_ascii());
            }
        };
        check(b"plain", Ok(Encoding::Utf8));
        check("Café, Ünal, 日本".as_bytes(), Ok(Encoding::Utf8));
        check(b"Caf\xe9, \xdcnal", Ok(Encoding::Latin1));
        check(b"Caf\xe9 \x80 5", Ok(Encoding::Windows1252));
        check(b"\x84Spa\xdf\x93, \xfcber", Ok(Encoding::Windows1252));
        check("Café,".bytes().chain(*b"Caf\xe9").collect::<Vec<_>>().as_slice(), Err(9));
        check(b"Caf\xe9 \x81", Err(5));
        check(b"\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0", Err(0));
        assert_eq!(Evidence::of(b"ab\0", 5).nul, Some(7));
    }

    #[test]
    fn windows_text_decodes() {
        assert_eq!(Encoding::Windows1252.decode(b"Caf\xe9 \x80").as_deref(), Some("Café €"));
        assert_eq!(Encoding::Latin1.decode(b"\x93x\x94").as_deref(), Some("“x”"));
        assert_eq!(Encoding::Utf8.decode(b"Caf\xe9"), None);
    }

    #[test]
    fn keys_are_what_the_configuration_reads() {
        for encoding in
            [Encoding::Auto, Encoding::Utf8, Encoding::Utf16le, Encoding::Utf16be, Encoding::Windows1252, Encoding::Latin1]
        {
            assert_eq!(serde_json::to_value(encoding).unwrap(), encoding.key());
        }
    }
}
