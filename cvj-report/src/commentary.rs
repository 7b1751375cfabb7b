//! The consultant's commentary: Markdown as HTML that can hold text, lists, tables and links, and nothing that runs or loads.
//!
//! The HTML is safe by construction: what the author wrote as HTML becomes text, pictures become their description, and links lead only
//! to the web or to mail. No sanitiser has to find afterwards what should not have been let in.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// Markdown as HTML below a heading of the second level.
pub(crate) fn commentary(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_SMART_PUNCTUATION;
    let shallowest = Parser::new_ext(markdown, options).filter_map(|event| match event {
        Event::Start(Tag::Heading { level, .. }) => Some(level),
        _ => None,
    });
    let (shallowest, mut allowed) = (shallowest.min(), Vec::new());
    let events = Parser::new_ext(markdown, options).filter_map(move |event| harmless(event, shallowest, &mut allowed));
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, events);
    out
}

/// An event without what could run or load; `shallowest`: of all headings; `links`: for each link that is open, whether it was let in.
fn harmless<'a>(event: Event<'a>, shallowest: Option<HeadingLevel>, links: &mut Vec<bool>) -> Option<Event<'a>> {
    Some(match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Heading { level, .. }) => {
            Event::Start(Tag::Heading { level: below(level, shallowest), id: None, classes: Vec::new(), attrs: Vec::new() })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level, shallowest))),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            links.push(leads_out(&dest_url));
            links.last().copied()?.then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))?
        }
        Event::End(TagEnd::Link) => links.pop()?.then_some(event)?,
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
        // A fence's language would become a class.
        Event::Start(Tag::CodeBlock(_)) => Event::Start(Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Indented)),
        other => other,
    })
}

/// The page's section has a heading of the second level: no level is left out below it.
fn below(level: HeadingLevel, shallowest: Option<HeadingLevel>) -> HeadingLevel {
    if Some(level) == shallowest { HeadingLevel::H3 } else { HeadingLevel::H4 }
}

fn leads_out(destination: &CowStr<'_>) -> bool {
    let destination = destination.to_ascii_lowercase();
    ["https://", "http://", "mailto:"].iter().any(|scheme| destination.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(markdown: &str, html: &str) {
        assert_eq!(commentary(markdown).trim_end(), html);
    }

    #[test]
    fn markdown_becomes_html() {
        check("# October\n\nA *good* month.", "<h3>October</h3>\n<p>A <em>good</em> month.</p>");
        check("[us](https://example.org)", "<p><a href=\"https://example.org\">us</a></p>");
        check("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>");
    }

    #[test]
    fn nothing_runs_or_loads() {
        check("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
        check("a <b onclick=\"x()\">c</b>", "<p>a &lt;b onclick=\"x()\"&gt;c&lt;/b&gt;</p>");
        check("[x](javascript:alert(1)) [y](JAVASCRIPT:z) [z](data:text/html,x)", "<p>x y z</p>");
        check("![the chart](https://example.org/x.png)", "<p>the chart</p>");
        check("```\" onload=\"x\nlet\n```", "<pre><code>let\n</code></pre>");
        check("{{ client }} {% raw %}", "<p>{{ client }} {% raw %}</p>");
    }

    /// What the writer has elements for.
    const KNOWN: &str =
        " p h3 h4 em strong del a ul ol li code pre blockquote table thead tbody tr th td br hr sup div dl dt dd ";

    proptest! {
        #[test]
        fn whatever_is_written_only_known_elements_come_out(markdown in "[ -~\n]{0,200}") {
            let html = commentary(&markdown);
            for piece in html.split('<').skip(1) {
                let name: String = piece.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
                prop_assert!(KNOWN.contains(&format!(" {name} ")), "<{piece} of {markdown:?}");
            }
        }
    }
}
