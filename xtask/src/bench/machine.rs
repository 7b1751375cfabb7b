//! What a table was measured on, in words that name no machine.

use super::Part;
use super::contender::Contender;

/// The sentence above a table.
pub(super) fn words(part: Part, rows: u64, runs: usize, contenders: &[Contender]) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let what = match part {
        Part::Csv => format!("`touchpoints.csv`, {} rows", grouped(rows)),
        Part::Xlsx => format!("`orders.xlsx`, {} rows × 10", grouped(rows)),
        Part::Report => "The sample client, `examples/northwind`, all formats".to_owned(),
    };
    let turns = if contenders.len() > 1 { " in turn" } else { "" };
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    format!("{what}; {cores} cores ({system}), warm page cache; medians of {runs} runs{turns}.")
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([grouped(7), grouped(1000), grouped(10_000_000)], ["7", "1,000", "10,000,000"]);
    }
}
