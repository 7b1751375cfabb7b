//! Which column says the currency of which amounts: `Converted Currency` those of `Converted Amount`, `Currency` all others.

use std::collections::BTreeSet;

use crate::evidence::ColumnEvidence;

/// Words for a currency in headers, in English, German, French, Spanish, Italian, Dutch and Portuguese.
const CURRENCY_WORDS: &[&str] =
    &["currency", "currencies", "währung", "waehrung", "devise", "monnaie", "moneda", "divisa", "valuta", "moeda", "munt"];
/// Words that tell no column from another.
const EMPTY_WORDS: &[&str] = &["of", "code", "iso", "the", "der", "des", "de", "la", "le", "di", "in"];

/// For every column, by index, the column whose cells say its currency. `headers` and `evidence` are the table's, in order.
///
/// A column says currencies if its header says so and every value is an ISO 4217 code or a sign. It governs the columns that have all
/// its other words (`Deal - Currency of Value` governs `Deal - Value`), the one with most words first; a table's only such column
/// governs all the others. Which of them are amounts is for the caller to know.
pub fn currency_columns(headers: &[String], evidence: &[ColumnEvidence]) -> Vec<Option<usize>> {
    let words: Vec<BTreeSet<String>> = headers.iter().map(|header| words(header)).collect();
    let is_currency = |index: usize| {
        let named = words[index].iter().any(|word| CURRENCY_WORDS.iter().any(|known| is_currency_word(word, known)));
        named && evidence.get(index).is_some_and(ColumnEvidence::names_currencies)
    };
    let currencies: Vec<(usize, BTreeSet<&str>)> = (0..headers.len())
        .filter(|index| is_currency(*index))
        .map(|index| {
            let other = words[index]
                .iter()
                .map(String::as_str)
                .filter(|word| !EMPTY_WORDS.contains(word) && !CURRENCY_WORDS.iter().any(|known| is_currency_word(word, known)));
            (index, other.collect())
        })
        .collect();
    let governor = |index: usize| {
        if currencies.binary_search_by_key(&index, |(currency, _)| *currency).is_ok() {
            return None;
        }
        let fitting = currencies.iter().filter(|(_, other)| other.iter().all(|word| words[index].contains(*word)));
        let most = fitting.clone().map(|(_, other)| other.len()).max();
        let mut best = fitting.filter(|(_, other)| Some(other.len()) == most);
        match (best.next(), best.next()) {
            (Some((currency, _)), None) => Some(*currency),
            (None, None) if currencies.len() == 1 => currencies.first().map(|(currency, _)| *currency),
            _ => None,
        }
    };
    (0..headers.len()).map(governor).collect()
}

fn words(header: &str) -> BTreeSet<String> {
    header.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// `Auftragswährung` has the word at its end.
fn is_currency_word(word: &str, known: &str) -> bool {
    word == known || (known.ends_with("hrung") && word.ends_with(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{Cell, Place};
    use crate::settings::CellSettings;

    fn check(columns: &[(&str, &str)], expect: &[Option<usize>]) {
        let nulls = CellSettings::default().nulls();
        let headers: Vec<String> = columns.iter().map(|(header, _)| (*header).to_owned()).collect();
        let observed = columns.iter().map(|(_, values)| {
            let mut evidence = ColumnEvidence::default();
            for value in values.split(' ') {
                evidence.observe(&Cell::text(value), &nulls, Place { file: "a.csv", line: 2 });
            }
            evidence
        });
        assert_eq!(currency_columns(&headers, &observed.collect::<Vec<_>>()), expect);
    }

    #[test]
    fn amounts_find_their_currency() {
        // Stripe
        check(
            &[("Amount", "1"), ("Currency", "usd eur"), ("Converted Amount", "1"), ("Converted Currency", "usd"), ("Fee", "1")],
            &[Some(1), None, Some(3), None, Some(1)],
        );
        // Pipedrive
        check(
            &[("Deal - Value", "1"), ("Deal - Currency of Value", "USD"), ("Deal - Weighted value", "1"), ("Person", "Ada")],
            &[Some(1), None, Some(1), Some(1)],
        );
        check(&[("Betrag", "1"), ("Auftragswährung", "EUR")], &[Some(1), None]);
        check(&[("Total", "1"), ("Devise", "€ $")], &[Some(1), None]);
        check(&[("Total", "1"), ("Currency", "USD dollars")], &[None, None]);
        check(&[("Total", "1"), ("Currency", "")], &[None, None]);
        check(&[("Total", "1"), ("Unit", "USD")], &[None, None]);
        check(&[("Total", "1"), ("Buy currency", "USD"), ("Sell currency", "EUR")], &[None, None, None]);
    }
}
