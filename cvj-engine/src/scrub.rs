//! Takes secrets out of text, however they were written down on their way: as they are, percent-encoded, with backslashes, or
//! within base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What stands where a secret stood.
const MASK: &str = "•••";
/// Shorter secrets are not looked for in base64: what they become there is part of ordinary words.
const SHORTEST_ENCODED: usize = 4;

/// The text without these secrets.
pub(crate) fn scrub<'a>(text: &str, secrets: impl Iterator<Item = &'a str>) -> String {
    let mut forms: Vec<Vec<u8>> = secrets.filter(|secret| !secret.is_empty()).flat_map(forms).collect();
    // Of a secret that begins like another, nothing may be left over.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    let mut rest = text.as_bytes();
    let mut clean = Vec::with_capacity(rest.len());
    while let [first, others @ ..] = rest {
        if let Some(length) = forms.iter().find_map(|form| length_of(form, rest)) {
            clean.extend_from_slice(MASK.as_bytes());
            rest = &rest[length..];
        } else {
            clean.push(*first);
            rest = others;
        }
    }
    String::from_utf8_lossy(&clean).into_owned()
}

/// The secret, and what it is within base64 at each of the three places where it may begin in a group of three bytes. Letters
/// that its neighbours share are left out.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.as_bytes().to_vec()];
    if secret.len() >= SHORTEST_ENCODED {
        for before in 0..3 {
            let bytes = [&[0; 2][..before], secret.as_bytes()].concat();
            let whole = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
            forms.extend(
                [STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|engine| engine.encode(&bytes).as_bytes()[whole.clone()].to_vec()),
            );
        }
    }
    forms
}

/// How many bytes of a text's beginning are this byte, in one way of writing.
type Spelling = fn(u8, &[u8]) -> Option<usize>;

/// How many bytes of the text's beginning are the form, if it begins with it in any spelling.
fn length_of(form: &[u8], text: &[u8]) -> Option<usize> {
    let spellings: [Spelling; 3] = [plain, percent_encoded, escaped];
    spellings.into_iter().find_map(|length_of_byte| {
        form.iter().try_fold(0, |length, &byte| Some(length + length_of_byte(byte, text.get(length..)?)?))
    })
}

fn plain(byte: u8, text: &[u8]) -> Option<usize> {
    (text.first() == Some(&byte)).then_some(1)
}

fn percent_encoded(byte: u8, text: &[u8]) -> Option<usize> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    match text {
        [b'%', high, low, ..] => (digit(*high)? * 16 + digit(*low)? == u32::from(byte)).then_some(3),
        [b'+', ..] if byte == b' ' => Some(1),
        _ => plain(byte, text),
    }
}

fn escaped(byte: u8, text: &[u8]) -> Option<usize> {
    match text {
        [b'\\', next, ..] if matches!(next, b'"' | b'\\') => (*next == byte).then_some(2),
        _ => plain(byte, text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn without(secret: &str, text: &str) -> String {
        scrub(text, [secret].into_iter())
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let secret = "pa ss/wörd\"7%25";
        for (text, clean) in [
            ("key pa ss/wörd\"7%25.", "key •••."),
            ("?key=pa%20ss%2Fw%C3%B6rd%227%2525&b", "?key=•••&b"),
            ("?key=pa+ss%2fw%c3%b6rd%227%2525", "?key=•••"),
            (r#"{"key":"pa ss/wörd\"7%25"}"#, r#"{"key":"•••"}"#),
            ("pa ss/w", "pa ss/w"),
        ] {
            assert_eq!(without(secret, text), clean);
        }
    }

    #[test]
    fn the_longer_of_two_secrets_is_taken_out_whole() {
        assert_eq!(scrub("abcdef abc", ["abc", "abcdef"].into_iter()), "••• •••");
    }

    #[test]
    fn short_secrets_are_not_looked_for_in_base64() {
        assert_eq!(without("abc", "YWJj abc"), "YWJj •••");
        assert_eq!(without("", "text"), "text");
    }

    proptest! {
        #[test]
        fn no_more_than_its_edges_is_left_of_a_secret_in_base64(
            before in "[a-z]{0,5}", secret in "[ -~]{8,40}", after in "[a-z]{0,5}", url_safe: bool
        ) {
            let engine = if url_safe { URL_SAFE_NO_PAD } else { STANDARD_NO_PAD };
            let text = engine.encode(format!("{before}{secret}{after}"));
            let around = (before.len() + after.len()) * 8 / 6 + 4;
            let clean = without(&secret, &text);
            prop_assert!(clean.contains(MASK), "{clean}");
            prop_assert!(clean.replace(MASK, "").len() <= around, "{clean}");
        }

        #[test]
        fn text_without_the_secret_stays(text in "[a-m€ ]{0,40}") {
            prop_assert_eq!(without("nopqrstuvwxyz", &text), text);
        }
    }
}
