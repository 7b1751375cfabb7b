//! `docs/performance.md`: written by people, but for the tables between its marks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The page's text.
pub(super) struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    /// Reads the page.
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let path = root.join("docs/performance.md");
        let text = fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error))?;
        Ok(Self { path, text })
    }

    /// Replaces what stands between the marks of one table.
    pub(super) fn set(&mut self, name: &str, table: &str) -> Result<(), Failure> {
        let (begin, end) = (format!("<!-- bench {name} -->"), format!("<!-- end {name} -->"));
        let parts = self.text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
        let Some((before, after)) = parts else {
            return Err(Failure::new(format!("{} has no `{begin}` with a `{end}` after it", self.path.display())));
        };
        self.text = format!("{before}{begin}\n{table}\n{end}{after}");
        Ok(())
    }

    /// Writes the page.
    pub(super) fn write(&self) -> Result<(), Failure> {
        fs::write(&self.path, &self.text).map_err(|error| Failure::at(&self.path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_is_replaced() {
        let text = "Words.\n<!-- bench csv -->\nold\n<!-- end csv -->\nMore words.\n".to_owned();
        let mut page = Page { path: "performance.md".into(), text };
        assert!(page.set("csv", "| new |").is_ok());
        assert_eq!(page.text, "Words.\n<!-- bench csv -->\n| new |\n<!-- end csv -->\nMore words.\n");
        assert!(page.set("xlsx", "").is_err());
    }
}
