//! The nearest valid name to a mistyped one, for `hint:` lines.

/// The candidate closest to `given` (case-insensitive Damerau-Levenshtein), or `None` when nothing is close enough to be
/// worth suggesting: at most a third of the longer name may differ.
///
/// ```
/// use cvj_core::nearest::nearest;
/// assert_eq!(nearest("sesions", ["sessions", "users"]), Some("sessions"));
/// assert_eq!(nearest("zebra", ["sessions", "users"]), None);
/// ```
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&given, &lower);
            (distance, given.chars().count().max(lower.chars().count()), candidate)
        })
        .filter(|(distance, length, _)| distance * 3 <= (*length).max(3))
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, candidate)| candidate)
}
