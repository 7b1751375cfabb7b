//! What people are known by, as it is written: the only place that compares keys, and the one that knows an address when it sees one.

use std::borrow::Cow;

/// Whether keys written one behind the other are what they are compared as: nothing to trim, nothing in upper case.
pub(crate) fn are_plain_keys(written: &[u8]) -> bool {
    // Without a way out of the loop, many bytes are looked at at once.
    written.iter().fold(true, |plain, byte| plain & byte.is_ascii_graphic() & !byte.is_ascii_uppercase())
}

/// The key of a person as written: trimmed, lower case; `None` where it is empty.
pub(crate) fn person_key(written: &str) -> Option<Cow<'_, str>> {
    let key = written.trim();
    if key.is_empty() {
        return None;
    }
    // Without a way out of the loop, many bytes are looked at at once.
    let plain = key.bytes().fold(true, |plain, byte| plain & byte.is_ascii() & !byte.is_ascii_uppercase());
    Some(if plain { Cow::Borrowed(key) } else { Cow::Owned(key.to_lowercase()) })
}

/// Whether a text holds an e-mail address, also as part of a URL.
pub(crate) fn holds_address(text: &str) -> bool {
    let inside = |at: usize, sign: &str| {
        let (before, after) = (text[..at].chars().next_back(), text[at + sign.len()..].chars().next());
        [before, after].into_iter().all(|character| character.is_some_and(char::is_alphanumeric))
    };
    ["@", "%40"].iter().any(|sign| text.match_indices(sign).any(|(at, sign)| inside(at, sign)))
}
