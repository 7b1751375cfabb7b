//! Month names as exports write them, in English, German, French and Spanish.

/// Names in full, by month. An abbreviation is a beginning of at least three letters.
const NAMES: [&[&str]; 12] = [
    &["january", "januar", "jänner", "janvier", "enero"],
    &["february", "februar", "février", "fevrier", "febrero"],
    &["march", "märz", "maerz", "mrz", "mars", "marzo"],
    &["april", "avril", "abril"],
    &["may", "mai", "mayo"],
    &["june", "juni", "juin", "junio"],
    &["july", "juli", "juillet", "julio"],
    &["august", "août", "aout", "agosto"],
    &["september", "septembre", "septiembre", "sept"],
    &["october", "oktober", "octobre", "octubre"],
    &["november", "novembre", "noviembre"],
    &["december", "dezember", "décembre", "decembre", "diciembre"],
];

/// The number (1 to 12) of a month's name or of its abbreviation to three or four letters; `None` for any other word.
///
/// ```
/// use cvj_tabular::month::month_number;
/// assert_eq!(month_number("Jun"), Some(6));
/// assert_eq!(month_number("Oktober"), Some(10));
/// assert_eq!(month_number("Monday"), None);
/// ```
pub fn month_number(word: &str) -> Option<u32> {
    if word.len() < 3 || word.len() > 12 {
        return None;
    }
    let word = word.to_lowercase();
    let letters = word.chars().count();
    let names = |name: &&str| *name == word || ((3..=4).contains(&letters) && name.starts_with(word.as_str()));
    NAMES.iter().position(|month| month.iter().any(&names)).map(|index| index as u32 + 1)
}
