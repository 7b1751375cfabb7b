//! Words that name a row of totals.

/// What rows of totals are called, in lower case. A word of one of these alone, or followed by `:` or `(`, is a label.
const LABELS: [&str; 38] = [
    "total",
    "totals",
    "grand total",
    "grand totals",
    "overall total",
    "report total",
    "account total",
    "sub total",
    "sub-total",
    "subtotal",
    "subtotals",
    "sum",
    "summe",
    "gesamt",
    "gesamtsumme",
    "gesamtergebnis",
    "endsumme",
    "insgesamt",
    "zwischensumme",
    "total général",
    "total general",
    "sous-total",
    "totaux",
    "somme",
    "total geral",
    "suma",
    "suma total",
    "soma",
    "totale",
    "totale complessivo",
    "totali",
    "totaal",
    "totalen",
    "eindtotaal",
    "algemeen totaal",
    "subtotaal",
    "subtotale",
    "razem",
];

/// Whether a cell is the label of a row of totals: `Total`, `Total: Campaigns`, `Summe (EUR)`, and not `Total care`.
pub(super) fn is_label(text: &str) -> bool {
    let text = text.trim();
    if text.len() > 80 || !text.as_bytes().first().is_some_and(|byte| may_begin(*byte)) {
        return false;
    }
    let end = text.find([':', '(']).unwrap_or(text.len());
    let label = text[..end].trim_end().trim_end_matches('.').to_lowercase();
    LABELS.contains(&label.as_str())
}

/// Whether a text begins with a label and goes on: `Totals for October`. A name may do so too.
pub(super) fn begins_like_label(text: &str) -> bool {
    let text = text.trim();
    if text.len() > 80 || !text.as_bytes().first().is_some_and(|byte| may_begin(*byte)) {
        return false;
    }
    let text = text.to_lowercase();
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
    LABELS.iter().any(|label| text.strip_prefix(label).is_some_and(ends))
}

/// Whether a label is a single word, which may be a name too: `Total`, and not `Total: Campaigns` or `Grand total`.
pub(super) fn is_one_word(text: &str) -> bool {
    !text.trim().contains(|c: char| c.is_whitespace() || matches!(c, ':' | '('))
}

/// Whether a cell at the end of a row is the label of a row of totals, as web analytics writes it.
pub(super) fn is_last_label(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("grand total")
}

/// Whether a label may begin with this byte.
pub(super) fn may_begin(byte: u8) -> bool {
    matches!(byte.to_ascii_lowercase(), b't' | b'g' | b'o' | b'r' | b'a' | b's' | b'e' | b'i' | b'z')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_whole() {
        for label in
            ["Total", "TOTALS", " Total: Campaigns", "Grand total", "Summe:", "Gesamtsumme", "Total (31 days)", "Total général"]
        {
            assert!(is_label(label), "{label}");
        }
        for other in ["Total care", "Totally", "Summer", "", "Sum of parts", "12", "Local move"] {
            assert!(!is_label(other), "{other}");
        }
        assert!(begins_like_label("Totals for October") && begins_like_label("Summe Oktober") && !begins_like_label("Totally"));
        assert!(is_one_word(" Total ") && is_one_word("Sub-total"));
        assert!(!is_one_word("Grand total") && !is_one_word("Summe:") && !is_one_word("Total(31)"));
        for label in LABELS {
            assert!(is_label(label), "{label}");
        }
    }
}
