//! Column names: how a header as written becomes a name that SQL can use bare.

use std::collections::{HashMap, HashSet};

/// A header in snake case: lower case, every run of other characters one `_`, never empty, never beginning with a digit.
///
/// ```
/// use cvj_core::columns::snake_case;
/// assert_eq!(snake_case("Amount spent (USD)"), "amount_spent_usd");
/// assert_eq!(snake_case("2nd visit"), "_2nd_visit");
/// assert_eq!(snake_case("Größe"), "größe");
/// ```
pub fn snake_case(header: &str) -> String {
    let mut out = String::new();
    for character in header.chars() {
        if character.is_alphanumeric() {
            out.extend(character.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    let out = out.trim_end_matches('_');
    if out.starts_with(|character: char| character.is_numeric()) { format!("_{out}") } else { out.to_owned() }
}

/// Column names for a header row: snake case, an empty header `column_N` (counted from 1), a repeated one `name_2`, `name_3`, …
///
/// ```
/// let names = cvj_core::columns::column_names(["Email", "", "email"]);
/// assert_eq!(names, ["email", "column_2", "email_2"]);
/// ```
pub fn column_names<'a>(headers: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut repeated: HashMap<String, usize> = HashMap::new();
    headers
        .into_iter()
        .enumerate()
        .map(|(index, header)| {
            let mut base = snake_case(header);
            if base.is_empty() {
                base = format!("column_{}", index + 1);
            }
            let mut candidate = base.clone();
            while !taken.insert(candidate.clone()) {
                let number = repeated.entry(base.clone()).or_insert(1);
                *number += 1;
                candidate = format!("{base}_{number}");
            }
            candidate
        })
        .collect()
}
