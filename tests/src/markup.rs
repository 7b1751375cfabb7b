//! Whether a page or a drawing holds markup that could run or load anything, beside what is ours.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::Event;
use sha2::{Digest, Sha256};

use crate::dom::{Element, Node, parse};

/// What could run, load, send or lead elsewhere; our own script is looked at by itself.
const FORBIDDEN: [&str; 14] = [
    "iframe",
    "object",
    "embed",
    "base",
    "link",
    "form",
    "input",
    "foreignObject",
    "foreignobject",
    "use",
    "image",
    "animate",
    "set",
    "audio",
];

/// What is wrong with a page: elements that could run or load something, attributes that could, links that lead elsewhere.
pub fn page_problems(page: &str) -> Vec<String> {
    let document = parse(page);
    let mut problems = Vec::new();
    let scripts: Vec<&Element> = document.named("script").collect();
    let policy =
        document.named("meta").filter_map(|meta| meta.attribute("content")).find(|content| content.contains("script-src"));
    match (scripts.as_slice(), policy) {
        ([script], Some(policy)) => {
            let text = script.children.iter().map(|child| if let Node::Text(text) = child { text.as_str() } else { "" });
            let hash = STANDARD.encode(Sha256::digest(text.collect::<String>()));
            if !policy.contains(&format!("script-src 'sha256-{hash}';")) || !script.attributes.is_empty() {
                problems.push("the script is not the one that may run".to_owned());
            }
        }
        (scripts, _) => problems.push(format!("{} scripts", scripts.len())),
    }
    if document.named("style").count() != 1 {
        problems.push(format!("{} elements with styles", document.named("style").count()));
    }
    for element in document.all() {
        let shown = || {
            format!(
                "<{}{}>",
                element.name,
                element.attributes.iter().fold(String::new(), |all, (name, value)| all + " " + name + "=" + value)
            )
        };
        if FORBIDDEN.contains(&element.name.as_str()) {
            problems.push(shown());
        }
        for (name, value) in &element.attributes {
            let harmless = match name.as_str() {
                "href" => ["#", "https://", "http://", "mailto:"].iter().any(|start| value.starts_with(start)),
                "src" => element.name == "img" && value.starts_with("data:image/"),
                "srcdoc" | "srcset" | "action" | "formaction" | "ping" | "background" | "data" | "poster" | "autofocus" => false,
                name => !name.starts_with("on"),
            };
            if !harmless {
                problems.push(shown());
            }
        }
    }
    problems
}

/// Every element of a page with its attributes' names: `a[href]`. A text that became markup would add to them.
pub fn shapes(page: &Element) -> BTreeSet<String> {
    let shape = |element: &Element| {
        let mut names: Vec<&str> = element.attributes.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        format!("{}[{}]", element.name, names.join(" "))
    };
    page.all().into_iter().map(shape).collect()
}

/// What is wrong with an SVG: that it is no XML, or that it could run or load something.
pub fn drawing_problems(svg: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut reader = Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                problems.push(format!("no XML: {error}"));
                break;
            }
        };
        let element = match &event {
            Event::Start(element) => {
                roots += usize::from(depth == 0);
                depth += 1;
                element
            }
            Event::Empty(element) => element,
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let name = element.name().as_ref().to_owned();
        if name == "script" || name == "a" || FORBIDDEN.contains(&name.as_str()) {
            problems.push(format!("<{name}>"));
        }
        for attribute in element.attributes() {
            match attribute {
                Ok(attribute) => {
                    let attribute = attribute.key.as_ref();
                    if attribute.starts_with("on") || attribute.ends_with("href") {
                        problems.push(format!("<{name} {attribute}>"));
                    }
                }
                Err(error) => problems.push(format!("<{name}>: {error}")),
            }
        }
    }
    if (depth, roots) != (0, 1) {
        problems.push(format!("{roots} roots, {depth} elements left open"));
    }
    if let Some(character) = svg
        .chars()
        .find(|character| (*character < ' ' && !"\t\r\n".contains(*character)) || "\u{fffe}\u{ffff}".contains(*character))
    {
        problems.push(format!("{character:?}, which no XML may hold"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_markup_is_found() {
        let hash = STANDARD.encode(Sha256::digest("go()"));
        let page = |body: &str| {
            format!(
                "<meta content=\"script-src 'sha256-{hash}'; base-uri 'none'\"><style>p{{}}</style><script>go()</script><body>{body}"
            )
        };
        assert_eq!(page_problems(&page("<a href='#x'>x</a> &lt;script&gt;")), Vec::<String>::new());
        for foreign in [
            "<script>alert(1)</script>",
            "<p title=\"\" onclick=\"x\">",
            "<a href=' javascript:x'>",
            "<svg><style>",
            "<iframe>",
            "<svg><foreignObject>",
            "<img src=https://x>",
        ] {
            assert_eq!(page_problems(&page(foreign)).len(), 1, "{foreign}: {:?}", page_problems(&page(foreign)));
        }
        assert_eq!(page_problems(&page("").replace("go()<", "gone()<")).len(), 1);
        assert!(shapes(&parse("<p a=1>")).is_subset(&shapes(&parse("<p a=2><p>"))));
    }

    #[test]
    fn drawings_that_could_run_or_are_no_xml_are_found() {
        assert_eq!(drawing_problems("<svg><text x=\"1\">&lt;script&gt;</text></svg>"), Vec::<String>::new());
        for svg in [
            "<svg><g></svg>",
            "<svg onload=\"x\"/>",
            "<svg><script/></svg>",
            "<svg>&#7;\u{7}</svg>",
            "<svg/><svg></svg><svg></svg>",
        ] {
            assert!(!drawing_problems(svg).is_empty(), "{svg}");
        }
    }
}
