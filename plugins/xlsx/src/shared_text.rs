//! Texts that cells of a workbook name by number, in one piece of memory.

use std::io::Read;

use cvj_core::SourceError;

use crate::ooxml::text::{rich_text, unescape_controls};
use crate::xml::{Token, Xml};
use cvj_tabular::limits::Limits;

/// The shared texts.
#[derive(Debug, Default)]
pub struct SharedText {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl SharedText {
    /// A text by its number.
    pub fn get(&self, number: u32) -> Option<&str> {
        let end = *self.ends.get(number as usize)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        self.text.get(start as usize..end as usize)
    }

    /// Reads `sharedStrings.xml`.
    pub fn read<R: Read>(mut xml: Xml<R>, limits: &Limits) -> Result<Self, SourceError> {
        let mut shared = Self::default();
        let mut bytes = Vec::new();
        while let Some(token) = xml.token()? {
            let Token::Open(tag) = token else { continue };
            if tag.local() != b"si" {
                continue;
            }
            bytes.clear();
            if !tag.empty {
                let read = rich_text(&mut xml, &mut bytes, limits);
                read.map_err(|fault| fault.error(&format!("text {} in {}", shared.ends.len() + 1, xml.name()), limits))?;
            }
            unescape_controls(&mut bytes, 0);
            let text = std::str::from_utf8(&bytes).map_err(|_| xml.broken("it is not UTF-8"))?;
            shared.text.push_str(text);
            let end = u32::try_from(shared.text.len()).map_err(|_| xml.broken("its texts have more than 4 GiB"))?;
            shared.ends.push(end);
        }
        shared.text.shrink_to_fit();
        Ok(shared)
    }
}
