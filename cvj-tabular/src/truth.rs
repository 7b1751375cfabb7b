//! Truth values in cells.
//!
//! Only words that hardly ever mean anything else make a column one of truth values by themselves. Short words, marks and numbers
//! (`y`, `on`, `x`, `✓`, `1`) are read where a definition or the configuration wants truth values: undemanded, a column of them is
//! text or numbers. An empty cell is never false, beside `x` neither: it is null.

/// How a cell says true or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// By a word that means nothing else.
    Word,
    /// By a word or mark that may mean something else.
    Weak,
    /// By 1 or 0.
    Digit,
}

const WORDS: [(&str, bool); 20] = [
    ("true", true),
    ("false", false),
    ("yes", true),
    ("no", false),
    ("ja", true),
    ("nein", false),
    ("oui", true),
    ("non", false),
    ("sí", true),
    ("sì", true),
    ("nee", false),
    ("sim", true),
    ("não", false),
    ("wahr", true),
    ("falsch", false),
    ("vrai", true),
    ("faux", false),
    ("verdadero", true),
    ("vero", true),
    ("falso", false),
];

const WEAK: [(&str, bool); 19] = [
    ("y", true),
    ("n", false),
    ("t", true),
    ("f", false),
    ("on", true),
    ("off", false),
    ("si", true),
    ("j", true),
    ("x", true),
    ("checked", true),
    ("unchecked", false),
    ("✓", true),
    ("✔", true),
    ("☑", true),
    ("✅", true),
    ("✗", false),
    ("✘", false),
    ("☐", false),
    ("❌", false),
];

impl Truth {
    /// What a number says.
    pub(crate) fn of_number(value: f64) -> Option<bool> {
        if value == 1.0 {
            Some(true)
        } else if value == 0.0 {
            Some(false)
        } else {
            None
        }
    }
}

/// What a cell says, and how.
pub(crate) fn truth(cell: &str) -> Option<(bool, Truth)> {
    let word = cell.trim();
    match word {
        "1" => return Some((true, Truth::Digit)),
        "0" => return Some((false, Truth::Digit)),
        _ if word.len() > 9 => return None,
        _ => {}
    }
    if word.as_bytes().first().is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic()) {
        return None;
    }
    let find = |words: &[(&str, bool)]| words.iter().find(|(known, _)| is_same(known, word)).map(|(_, value)| *value);
    find(&WORDS).map(|value| (value, Truth::Word)).or_else(|| find(&WEAK).map(|value| (value, Truth::Weak)))
}

/// In any case, that of accented letters included.
fn is_same(known: &str, word: &str) -> bool {
    known.eq_ignore_ascii_case(word) || (!word.is_ascii() && known.chars().eq(word.chars().flat_map(char::to_lowercase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_many_languages_are_read() {
        let check = |cell: &str, expect: Option<(bool, Truth)>| assert_eq!(truth(cell), expect, "{cell:?}");
        check("Yes", Some((true, Truth::Word)));
        check(" NEIN ", Some((false, Truth::Word)));
        check("SÍ", Some((true, Truth::Word)));
        check("Não", Some((false, Truth::Word)));
        check("Y", Some((true, Truth::Weak)));
        check("off", Some((false, Truth::Weak)));
        check("✗", Some((false, Truth::Weak)));
        check("1", Some((true, Truth::Digit)));
        check("maybe", None);
        check("", None);
        check("2", None);
    }
}
