//! Month names as exports write them, in English, German, French, Spanish, Italian, Dutch and Portuguese.

/// Names in full, by month. An abbreviation is a beginning of three or four letters.
const NAMES: [&[&str]; 12] = [
    &["january", "januar", "jänner", "janvier", "enero", "gennaio", "januari", "janeiro"],
    &["february", "februar", "février", "fevrier", "febrero", "febbraio", "februari", "fevereiro"],
    &["march", "märz", "maerz", "mrz", "mars", "marzo", "maart", "mrt", "março", "marco"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maggio", "mei", "maio"],
    &["june", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "août", "aout", "agosto", "augustus"],
    &["september", "septembre", "septiembre", "setiembre", "settembre", "setembro", "sept"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "dezember", "décembre", "decembre", "diciembre", "dicembre", "dezembro"],
];

/// The number (1 to 12) of a month's name or of its abbreviation to three or four letters; `None` for any other word, and for
/// an abbreviation of two months (`jui`).
///
/// ```
/// use cvj_tabular::month::month_number;
/// assert_eq!(month_number("Jun"), Some(6));
/// assert_eq!(month_number("Oktober"), Some(10));
/// assert_eq!(month_number("jui"), None);
/// assert_eq!(month_number("Monday"), None);
/// ```
pub fn month_number(word: &str) -> Option<u32> {
    let matches = |names: &&[&str]| names.iter().any(|name| is_name(word, name, 3));
    let mut found = (1..).zip(&NAMES).filter(|(_, names)| matches(names)).map(|(number, _)| number);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Whether a word is this name, or its beginning of at least `shortest` and at most four letters, in any case.
pub(crate) fn is_name(word: &str, name: &str, shortest: usize) -> bool {
    let first = |text: &str| text.as_bytes().first().map(u8::to_ascii_lowercase);
    if first(word) != first(name) {
        return false;
    }
    if word.is_ascii() {
        let beginning = word.len() == name.len() || (shortest..=4).contains(&word.len());
        return beginning && name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    }
    let letters = word.chars().count();
    let (mut written, mut meant) = (word.chars().flat_map(char::to_lowercase), name.chars());
    let begins = (0..letters).all(|_| written.next() == meant.next());
    begins && (meant.next().is_none() || (shortest..=4).contains(&letters))
}
