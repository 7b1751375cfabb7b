//! Why an output could not be drawn.

/// A drawing that failed. None of these depends on the numbers: they are defects of a template, a font or a library.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The report has no such product.
    #[error("the report has no product number {index}; it has {count}")]
    NoSuchProduct {
        /// The index asked for, from 0.
        index: usize,
        /// How many products there are.
        count: usize,
    },
    /// The HTML template failed.
    #[error("the report page could not be filled: {0}")]
    Page(#[from] minijinja::Error),
    /// A template of the brand failed.
    #[error("{name}:{line}: {why}")]
    Template {
        /// The template's file name.
        name: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The workbook could not be written.
    #[error("the worksheet could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// A chart could not be drawn.
    #[error("the chart `{chart}` could not be drawn: {why}")]
    Chart {
        /// The chart's name.
        chart: String,
        /// What the drawing library said.
        why: String,
    },
    /// The embedded font cannot be read.
    #[error("the embedded font cannot be read")]
    Font,
}
