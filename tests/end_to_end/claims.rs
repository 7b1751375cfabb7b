//! The rendered page claims nothing and prints no number that its `report.json` does not carry.

use cvj_tests::{Client, Decimal, page_numbers, parse, repository, unfounded, unknown_numbers};

#[test]
fn the_page_of_the_sample_claims_what_its_report_says() {
    let client = Client::copy_of(&repository().join("examples/northwind"));
    client.cvj_report(&["--format", "html,json"]).expect_status(0);
    let folder = std::fs::read_dir(client.path().join("reports")).unwrap().next().unwrap().unwrap();
    let label = folder.file_name().to_str().unwrap().to_owned();
    let (page, report) = (client.read(&format!("reports/{label}/report.html")), client.report_json(&label));

    let (found, looked_at) = unfounded(&page, &report);
    assert!(looked_at > 20, "the page claims {looked_at} things: does the test still find them?");
    assert!(found.is_empty(), "{} of {looked_at} claims, the first:\n{}", found.len(), found[..found.len().min(20)].join("\n"));

    let (unknown, _) = unknown_numbers(&page, &report, Decimal::Point);
    assert!(unknown.is_empty(), "numbers of a panel that the report does not have: {unknown:?}");

    let numbers = page_numbers(&parse(&page), &report, Decimal::Point);
    assert!(numbers.wrong.is_empty() && numbers.looked_at > 2500, "{} places: {:#?}", numbers.looked_at, numbers.wrong);

    // Another digit of what charts, sources and definitions tell is seen.
    for after in
        [" of 317), 95% interval 61.5–71.8%</title>", " people</title>", " rows used</summary>", "</td></tr>\n    </tbody>"]
    {
        let digit = page.find(after).and_then(|at| page[..at].rfind(|character: char| character.is_ascii_digit()));
        let at = digit.unwrap_or_else(|| panic!("no number before `{after}`"));
        let mut wrong = page.clone();
        wrong.replace_range(at..=at, if &page[at..=at] == "3" { "8" } else { "3" });
        let found = page_numbers(&parse(&wrong), &report, Decimal::Point).wrong;
        assert!(!found.is_empty(), "nobody sees another digit before `{after}`");
    }
}
