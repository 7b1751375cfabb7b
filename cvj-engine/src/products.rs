//! Which product a row is about: trimmed, Unicode lower case, first match in file order.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::recall::Recall;

/// A product's number; [`UNASSIGNED`] where none matches or none is named.
pub(crate) type ProductCode = u16;

/// No product.
pub(crate) const UNASSIGNED: ProductCode = ProductCode::MAX;

/// The key under which product values are compared.
pub(crate) fn product_key(value: &str) -> String {
    value.trim().to_lowercase()
}

/// Resolves product values to codes: by the products of the configuration, or, where there are none, one per distinct value.
#[derive(Debug)]
pub(crate) enum Products {
    /// From `[[product]]`, with their patterns in lower case.
    Declared { names: Vec<String>, patterns: Vec<Vec<String>> },
    /// Every distinct value, numbered as seen.
    Found(Mutex<HashMap<String, ProductCode>>),
}

/// Distinct values that products are made of where none is declared.
pub(crate) const MOST_FOUND: usize = 10_000;

impl Products {
    /// The declared products as (name, aliases); none: every distinct value becomes one.
    pub(crate) fn new<'a>(declared: impl Iterator<Item = (&'a str, &'a [String])>) -> Self {
        let (names, patterns): (Vec<_>, Vec<_>) = declared
            .map(|(name, aliases)| {
                // A name is plain text, even one that holds a `*`.
                let patterns = aliases.iter().map(|alias| product_key(alias)).collect::<Vec<_>>();
                (name.to_owned(), patterns)
            })
            .unzip();
        if names.is_empty() { Self::Found(Mutex::default()) } else { Self::Declared { names, patterns } }
    }

    /// The product that a value means.
    pub(crate) fn resolve(&self, value: &str) -> ProductCode {
        let key = product_key(value);
        match self {
            Self::Declared { names, patterns } => names
                .iter()
                .zip(patterns)
                .position(|(name, patterns)| product_key(name) == key || patterns.iter().any(|pattern| matches(pattern, &key)))
                .map_or(UNASSIGNED, |index| index as ProductCode),
            Self::Found(found) => {
                if key.is_empty() {
                    return UNASSIGNED;
                }
                let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let next = found.len();
                // Too many are an error, which `too_many` tells.
                if next > MOST_FOUND { UNASSIGNED } else { *found.entry(key).or_insert(next as ProductCode) }
            }
        }
    }

    /// The name of the product that a value means; where products are found, the value as it is compared.
    pub(crate) fn name(&self, value: &str) -> Option<String> {
        match self {
            Self::Declared { names, .. } => names.get(usize::from(self.resolve(value))).cloned(),
            Self::Found(_) => Some(product_key(value)).filter(|key| !key.is_empty()),
        }
    }

    /// Whether there are more distinct values than products are made of.
    pub(crate) fn too_many(&self) -> bool {
        match self {
            Self::Declared { .. } => false,
            Self::Found(found) => found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).len() > MOST_FOUND,
        }
    }
}

/// Whether `pattern`, in which `*` stands for any run of characters, covers the whole of `text`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A resolver that remembers what it has seen, for loops over many rows.
pub(crate) struct Resolver<'a> {
    products: &'a Products,
    seen: Recall<ProductCode>,
}

/// Values that a resolver remembers.
const REMEMBERED: usize = 1 << 16;

impl<'a> Resolver<'a> {
    pub(crate) fn new(products: &'a Products) -> Self {
        Self { products, seen: Recall::new(REMEMBERED) }
    }

    #[inline]
    pub(crate) fn resolve(&mut self, value: &str) -> ProductCode {
        self.seen.of(value, |value| self.products.resolve(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_match_in_file_order_wins() {
        let aliases = [vec!["local-move".to_owned(), "Local Moving*".to_owned()], vec!["*".to_owned()]];
        let products = Products::new([("Local move", aliases[0].as_slice()), ("Rest", &aliases[1])].into_iter());
        for (value, expected) in [("  LOCAL MOVE ", 0), ("local moving (weekend)", 0), ("Storage", 1), ("", 1)] {
            assert_eq!(products.resolve(value), expected, "{value}");
        }
    }

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("a*b", "ab", true),
            ("a*b", "a--b", true),
            ("a*b", "a--bc", false),
            ("*move*", "a move", true),
            ("a*a", "a", false),
            ("ab*bc", "abc", false),
            ("*a*b*", "xaxbx", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
