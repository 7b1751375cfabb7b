//! Names that are written from right to left, among words that are not.

/// Signs that turn the direction of what follows, or end that.
const TURNING: [char; 9] =
    ['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', '\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}'];

/// Whether a letter belongs to a script that runs from right to left.
pub(crate) fn right_to_left(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}')
}

/// A name, kept from turning the words around it; turning signs of its own are left out.
pub(crate) fn isolated(name: &str) -> String {
    let name = name.replace(TURNING, "");
    if name.contains(right_to_left) { format!("\u{2068}{name}\u{2069}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_turns_nothing_but_itself() {
        assert_eq!(isolated("Sofa – groß, 5 €"), "Sofa – groß, 5 €");
        assert_eq!(isolated("מוצר"), "\u{2068}מוצר\u{2069}");
        assert_eq!(isolated("A\u{2069}\u{202E}B"), "AB");
    }
}
