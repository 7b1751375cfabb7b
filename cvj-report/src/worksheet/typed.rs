//! Reads back what people typed on a worksheet, by the names of its cells: wherever a cell was moved, its name goes with it.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{DataType, Reader, Xlsx};
use cvj_core::Stage;

use super::bindings::name;
use super::journey::state_paths;

/// Row and column, counted from 0.
type Position = (u32, u32);

/// By stage, the states of the activities that a worksheet lists, empty ones left out; the error says why it cannot be read.
///
/// A worksheet without these names, such as one of a client's own, lists none.
pub fn activity_states(worksheet: &[u8]) -> Result<[Vec<String>; 8], String> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(worksheet)).map_err(|error| error.to_string())?;
    let names = workbook.defined_names().to_vec();
    let mut named: BTreeMap<String, Vec<(Position, Stage)>> = BTreeMap::new();
    for stage in Stage::ALL {
        for path in state_paths(stage) {
            let place = names.iter().find(|(defined, _)| *defined == name(&path)).and_then(|(_, place)| cell(place));
            if let Some((sheet, at)) = place {
                named.entry(sheet).or_default().push((at, stage));
            }
        }
    }
    let mut states: [Vec<String>; 8] = Default::default();
    for (sheet, places) in named {
        // Cell by cell: a range takes room for every cell up to the last one, and a stray one may lie anywhere.
        let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(|error| error.to_string())?;
        while let Some(cell) = cells.next_cell().map_err(|error| error.to_string())? {
            let Some(state) = cell.get_value().get_string().map(str::trim).filter(|state| !state.is_empty()) else { continue };
            for (_, stage) in places.iter().filter(|(at, _)| *at == cell.get_position()) {
                states[stage.index()].push(state.to_owned());
            }
        }
    }
    Ok(states)
}

/// The sheet, row and column of `'My sheet'!$B$12`; none for a reference that was deleted.
fn cell(reference: &str) -> Option<(String, Position)> {
    let (sheet, place) = reference.trim_start_matches('=').rsplit_once('!')?;
    let sheet = sheet.strip_prefix('\'').and_then(|sheet| sheet.strip_suffix('\'')).unwrap_or(sheet).replace("''", "'");
    let place = place.replace('$', "");
    let digits = place.find(|character: char| character.is_ascii_digit())?;
    let letters = place[..digits].bytes().map(|letter| letter.is_ascii_uppercase().then(|| u32::from(letter - b'A' + 1)));
    let column = letters.reduce(|sum, letter| sum?.checked_mul(26)?.checked_add(letter?))??;
    let row: u32 = place[digits..].parse().ok()?;
    Some((sheet, (row.checked_sub(1)?, column - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_a_sheet_and_a_cell() {
        assert_eq!(cell("Journey!$B$12"), Some(("Journey".to_owned(), (11, 1))));
        assert_eq!(cell("='It''s mine'!AA1"), Some(("It's mine".to_owned(), (0, 26))));
        for broken in ["#REF!", "Journey!#REF!", "Journey!$B", "Journey!$B$0", "B2", ""] {
            assert_eq!(cell(broken), None, "{broken}");
        }
    }

    #[test]
    fn what_was_typed_is_found_by_its_name() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet().set_name("Our journey").unwrap();
        sheet.write(4, 27, " half-built ").unwrap().write(5, 27, "live").unwrap().write(6, 27, 3).unwrap();
        // A range of all cells between would be of sixteen thousand million.
        sheet.write(0, 0, "first").unwrap().write(1_048_575, 16_383, "stray").unwrap();
        for (number, place) in [(1, "$AB$5"), (2, "$AB$6"), (3, "$AB$7"), (4, "$AB$8")] {
            let path = format!("engage.activity_{number}.state");
            workbook.define_name(name(&path), &format!("='Our journey'!{place}")).unwrap();
        }
        let states = activity_states(&workbook.save_to_buffer().unwrap()).unwrap();
        assert_eq!(states[Stage::Engage.index()], ["half-built", "live"]);
        assert_eq!(states.iter().flatten().count(), 2);
    }

    #[test]
    fn an_empty_worksheet_lists_nothing_and_what_is_none_is_told() {
        let states = activity_states(&crate::empty_worksheet().unwrap()).unwrap();
        assert!(states.iter().all(Vec::is_empty));
        assert!(activity_states(b"not a workbook").is_err());
    }
}
