//! The `Breakdowns` sheet: the journey by the values that touchpoints carry, each table under one attribution.

use cvj_core::Stage;
use cvj_core::report::{Breakdown, BreakdownRow, BreakdownStage};
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::model::WorksheetModel;
use super::page::{Pages, begin};
use super::style::Styles;
use super::table::{Cell, Column, DENSE, Table, numbers, texts};
use crate::words;

const SHEET: &str = "Breakdowns";
const VALUE: f64 = 34.0;
const PEOPLE: f64 = 13.0;
const STEP: f64 = 15.0;

/// Draws the sheet.
pub(super) fn draw(
    sheet: &mut Worksheet,
    model: &WorksheetModel<'_>,
    breakdowns: &[Breakdown],
    styles: &Styles,
) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Breakdowns", model, styles)?;
    let chain: Vec<Stage> = model.chain();
    let widths: Vec<f64> =
        std::iter::once(VALUE).chain(chain.iter().map(|_| PEOPLE)).chain(chain.iter().skip(1).map(|_| STEP)).collect();
    for (column, width) in (0..).zip(&widths) {
        sheet.set_column_width(column, *width)?;
    }
    sheet.set_freeze_panes(2, 1)?;
    let heads: Vec<String> = chain
        .iter()
        .map(|stage| stage.title().to_owned())
        .chain(chain.windows(2).map(|step| words::step_name(step[0], step[1])))
        .collect();
    let mut columns: Vec<Column<'_>> = vec![texts("Value")];
    columns.extend(heads.iter().map(|head| numbers(head)));
    let mut pages = Pages::new(&widths);
    let mut row = 3;
    for breakdown in breakdowns {
        let (name, meaning) = words::attribution(breakdown.attribution);
        let title = format!("By {}: {}", breakdown.dimension, name.to_lowercase());
        let table = Table {
            title: &title,
            note: meaning,
            columns: &columns,
            rows: breakdown.rows.iter().flat_map(|row| lines(breakdown, row, &chain, styles)).collect(),
            line: DENSE,
        };
        pages.place(row, table.height(&widths));
        row = table.draw(sheet, row, &widths, styles)? + 1;
    }
    pages.set(sheet)
}

/// People and rates, empty where the stage's touchpoints bear no value at all; below them who entered in the period, and the rates' counts.
fn lines<'a>(breakdown: &Breakdown, row: &BreakdownRow, chain: &[Stage], styles: &'a Styles) -> [Vec<Cell<'a>>; 2] {
    let name = match (&row.value, row.others) {
        (Some(value), _) => Cell::text(value, &styles.strong),
        (None, Some(others)) => Cell::text(format!("others ({others})"), &styles.text),
        (None, None) => Cell::text("no value", &styles.muted),
    };
    let (mut first, mut second) = (vec![name], vec![Cell::text("entered in the period; counts", &styles.muted)]);
    let without = row.value.is_none() && row.others.is_none();
    let known = |stage: &Stage| without || !words::unvalued(breakdown, *stage);
    let at = |stage: &Stage| row.stages.iter().find(|at| at.stage == *stage).filter(|_| known(stage));
    for stage in chain.iter().map(at) {
        let count = |of: &dyn Fn(&BreakdownStage) -> u64, format| match stage {
            Some(stage) => Cell::count(of(stage), format),
            None => Cell::text("", format),
        };
        first.push(count(&|stage| stage.people, &styles.number));
        second.push(count(&|stage| stage.entered, &styles.muted_number));
    }
    for stage in chain.iter().take(chain.len().saturating_sub(1)).map(at) {
        let share = stage.and_then(|stage| stage.step.as_ref());
        first.push(share.map_or_else(|| Cell::text("", &styles.number), |share| Cell::share(share, &styles.number)));
        second.push(Cell::counts(share.filter(|share| words::rate(share).is_some()), &styles.muted_number));
    }
    [first, second]
}
