//! Less text for the same drawing: lines that follow each other and look alike are one path, and what is the default is not said.
//!
//! A page of forty products has some eight hundred charts.

use std::fmt::Write as _;

/// What a backend writes at each mark without need.
const NEEDLESS: [(&str, &str); 3] =
    [(" opacity=\"1\"", ""), (" stroke=\"none\" stroke-width=\"1\"", ""), (".000000000000004\"", "\"")];

/// The drawing as plotters writes it, a mark a line, with what `common` says of each mark left out; texts stay as they are.
pub(super) fn compact(svg: &str, common: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut style = None;
    for line in svg.split_inclusive('\n') {
        let polyline =
            line.strip_prefix("<polyline ").and_then(|line| line.trim_end().strip_suffix(" \"/>")?.split_once("points=\""));
        let Some((looks, points)) = polyline else {
            if style.take().is_some() {
                out.push_str("\"/>\n");
            }
            // A `<` of a text is escaped.
            if line.starts_with('<') {
                let line = line.replace(common, "");
                out.push_str(&NEEDLESS.iter().fold(line, |line, (said, instead)| line.replace(said, instead)));
            } else {
                out.push_str(line);
            }
            continue;
        };
        if style != Some(looks) {
            if style.is_some() {
                out.push_str("\"/>\n");
            }
            let looks_plain = looks.replace(" opacity=\"1\"", "");
            let _ = write!(out, "<path {looks_plain}d=\"");
            style = Some(looks);
        }
        let _ = write!(out, "M{points}");
    }
    if style.is_some() {
        out.push_str("\"/>\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_look_alike_are_one_path_and_texts_are_untouched() {
        let line = |color: &str, points: &str| {
            format!("<polyline fill=\"none\" opacity=\"1\" stroke=\"{color}\" points=\"{points} \"/>\n")
        };
        let text = "<text x=\"1\" opacity=\"1\" font-family=\"F\">\n opacity=\"1\"\n</text>\n";
        let drawn = [line("#1", "1,2 3,4"), line("#1", "5,6 7,8"), line("#2", "1,1 2,2"), text.to_owned(), line("#2", "3,3 4,4")]
            .concat();
        assert_eq!(
            compact(&drawn, " font-family=\"F\""),
            "<path fill=\"none\" stroke=\"#1\" d=\"M1,2 3,4M5,6 7,8\"/>\n<path fill=\"none\" stroke=\"#2\" d=\"M1,1 2,2\"/>\n\
             <text x=\"1\">\n opacity=\"1\"\n</text>\n<path fill=\"none\" stroke=\"#2\" d=\"M3,3 4,4\"/>\n"
        );
    }
}
