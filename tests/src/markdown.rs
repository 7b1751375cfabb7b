//! The fenced blocks of a Markdown file.

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The word after the opening fence: `toml`, `console`.
    pub language: String,
    /// The line of the opening fence, counted from 1.
    pub line: usize,
    /// What stands between the fences.
    pub text: String,
}

/// All fenced blocks, in order.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in markdown.lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => found.push(block),
            (Some(language), None) => {
                open = Some(Block { language: language.trim().to_owned(), line: index + 1, text: String::new() });
            }
            (None, Some(mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_their_language_line_and_text() {
        let found = blocks("a\n```sh\ncvj report\n```\nb\n```toml\nx = 1\ny = 2\n```\n");
        let told: Vec<_> = found.iter().map(|block| (block.language.as_str(), block.line, block.text.as_str())).collect();
        assert_eq!(told, [("sh", 2, "cvj report\n"), ("toml", 6, "x = 1\ny = 2\n")]);
    }
}
