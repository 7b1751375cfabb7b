//! A client whose names, amounts and silences a report must bear; and that the German numbers of its page are the report's.

use std::path::Path;

use cvj_tests::{
    Client, Decimal, Element, Node, content_of, drawing_problems, page_numbers, page_problems, parse, repository, unfounded,
    unknown_numbers,
};

#[test]
fn long_names_other_scripts_and_great_amounts_are_borne() {
    let client = Client::copy_of(&repository().join("tests/fixtures/clients/awkward"));
    client.cvj_report(&[]).expect_status(0);
    let files = content_of(&client.report_folder("2026-10"));
    for ending in [".html", ".json", ".xlsx", ".svg", ".png"] {
        assert!(files.keys().any(|path| path.ends_with(ending)), "no {ending} among {:?}", files.keys());
    }
    let is_drawing = |path: &str| Path::new(path).extension().is_some_and(|kind| kind == "svg");
    for (path, drawing) in files.iter().filter(|(path, _)| is_drawing(path)) {
        assert_eq!(drawing_problems(std::str::from_utf8(drawing).unwrap()), Vec::<String>::new(), "{path}");
    }

    let (page, report) = (client.read("reports/2026-10/report.html"), client.report_json("2026-10"));
    assert_eq!(page_problems(&page), Vec::<String>::new());
    let (found, looked_at) = unfounded(&page, &report);
    assert!(found.is_empty() && looked_at > 20, "{found:?}");
    let (unknown, looked_at) = unknown_numbers(&page, &report, Decimal::Comma);
    assert!(unknown.is_empty() && looked_at > 10, "numbers of a panel that the report does not have: {unknown:?}");

    let mut page = parse(&page);
    let numbers = page_numbers(&page, &report, Decimal::Comma);
    assert!(numbers.wrong.is_empty() && numbers.looked_at > 500, "{} places: {:#?}", numbers.looked_at, numbers.wrong);

    // Any digit that is another is found.
    let shown = digits(&mut page, false, &mut |_| ());
    assert!(shown > 300, "{shown} texts with numbers");
    for changed in (0..shown).step_by(shown / 40) {
        let (mut index, mut wrong, mut text) = (0, page.clone(), String::new());
        digits(&mut wrong, false, &mut |shown| {
            if index == changed {
                let at = shown.rfind(|character: char| character.is_ascii_digit()).unwrap();
                let other = if shown.as_bytes()[at] == b'3' { "8" } else { "3" };
                shown.replace_range(at..=at, other);
                text.clone_from(shown);
            }
            index += 1;
        });
        let found = page_numbers(&wrong, &report, Decimal::Comma).wrong;
        assert!(!found.is_empty(), "nobody sees that `{text}` is wrong");
    }
}

/// Does something to each text of the page that holds a number with a place of its own; how many there are.
fn digits(element: &mut Element, counted: bool, act: &mut dyn FnMut(&mut String)) -> usize {
    let is = |classes: &[&str]| classes.iter().any(|class| element.is(class));
    if counted && (is(&["gap", "words", "owner"]) || ["th", "dt", "svg"].contains(&element.name.as_str())) {
        return 0;
    }
    let counted =
        counted || is(&["scorecard", "audit", "cohorts", "metrics", "facts", "glance", "ladder", "breakdown", "headline"]);
    let mut found = 0;
    for child in &mut element.children {
        match child {
            Node::Text(text) if counted && text.contains(|character: char| character.is_ascii_digit()) => {
                act(text);
                found += 1;
            }
            Node::Element(child) => found += digits(child, counted, act),
            Node::Text(_) => {}
        }
    }
    found
}
