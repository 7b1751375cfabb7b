//! File-name-safe short names.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// NFKD, ASCII lower case, every other run of characters a `-`; never empty.
///
/// ```
/// assert_eq!(cvj_core::slug::slug("Café & Umzüge (groß)"), "cafe-umzuge-gro");
/// ```
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    let is_combining = unicode_normalization::char::is_combining_mark;
    for character in name.nfkd().filter(|character| !is_combining(*character)) {
        if character.is_ascii_alphanumeric() {
            out.push(character.to_ascii_lowercase());
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() { "product".to_owned() } else { out.to_owned() }
}

/// Slugs for a list of names, collisions numbered `-2`, `-3`, … in order; none equals a name in `reserved`.
///
/// ```
/// let slugs = cvj_core::slug::unique_slugs(["A b", "a-b", "Overall"], &["overall"]);
/// assert_eq!(slugs, ["a-b", "a-b-2", "overall-2"]);
/// ```
pub fn unique_slugs<'a>(names: impl IntoIterator<Item = &'a str>, reserved: &[&str]) -> Vec<String> {
    let mut taken: HashSet<String> = reserved.iter().map(|&name| name.to_owned()).collect();
    names
        .into_iter()
        .map(|name| {
            let base = slug(name);
            let mut candidate = base.clone();
            let mut number = 2;
            while !taken.insert(candidate.clone()) {
                candidate = format!("{base}-{number}");
                number += 1;
            }
            candidate
        })
        .collect()
}
