//! A client full of markup, templates and formulas, wherever data or `cvj.toml` can hold a text: every output holds it as text.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use cvj_tests::{Client, Element, content_of, drawing_problems, page_problems, parse, repository, shapes};
use serde_json::Value;

/// The client; its events lie in two files, one with a name that only some systems allow.
fn hostile() -> Client {
    let client = Client::copy_of(&repository().join("tests/fixtures/clients/hostile"));
    if cfg!(unix) {
        client.write(
            "exports/<img src=x onload=alert(1)> \"'</style><script>alert(1)<|script>.csv",
            "person,stage,at,product,amount,<img src=x onerror=alert(1)>,campaign\n\
             w@example.com,convert,<svg onload=alert(1)>,one,1,a,b\n\
             w@example.com,convert,2026-10-21 10:00:00,one,1,a,b\n",
        );
    }
    client
}

#[test]
fn hostile_text_is_text_in_every_output() {
    let client = hostile();
    let output = client.cvj_report(&[]).expect_status(0);
    let control =
        output.stderr.chars().chain(output.stdout.chars()).find(|character| character.is_control() && *character != '\n');
    assert_eq!(control, None, "what a terminal would obey: {}", output.stderr);

    let files = content_of(&client.report_folder("2026-10"));
    let (page, report) = (client.read("reports/2026-10/report.html"), client.report_json("2026-10"));
    page_is_harmless(&page, &report);
    texts_are_whole(&client, &report);
    let mut kinds = BTreeMap::new();
    for (path, bytes) in &files {
        let kind = Path::new(path).extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        *kinds.entry(kind).or_insert(0) += 1;
        match kind {
            "svg" => assert_eq!(drawing_problems(std::str::from_utf8(bytes).unwrap()), Vec::<String>::new(), "{path}"),
            "xlsx" => workbook_is_harmless(path, bytes),
            _ => {}
        }
    }
    assert!(kinds["svg"] > 20 && kinds["svg"] == kinds["png"] && kinds["xlsx"] == 3, "{kinds:?}");
}

fn page_is_harmless(page: &str, report: &Value) {
    assert_eq!(page_problems(page), Vec::<String>::new());
    let document = parse(page);

    // What a name holds is all there, and neither taken for a template nor for markup.
    let names: BTreeSet<String> = ["bdi", "code"].iter().flat_map(|name| document.named(name)).map(Element::text).collect();
    for scope in [&report["overall"], &report["products"][0]] {
        for metric in scope["stages"].as_array().unwrap().iter().flat_map(|stage| stage["metrics"].as_array().unwrap()) {
            let said = [&metric["name"], &metric["owner"]].into_iter().filter_map(Value::as_str);
            said.for_each(|text| assert!(names.contains(text.trim()), "{text:?} is not on the page"));
        }
    }
    assert!(!names.contains("49"), "a template in a name was run");

    // Every element looks like one of a plain client's, but for those that a logo and a commentary bring along.
    let plain = Client::copy_of(&repository().join("examples/northwind"));
    plain.cvj_report(&["--format", "html"]).expect_status(0);
    let plain = shapes(&parse(&plain.read("reports/2026-10/report.html")));
    let own: BTreeSet<String> = OWN.map(str::to_owned).into();
    let foreign: Vec<_> = shapes(&document).into_iter().filter(|shape| !plain.contains(shape) && !own.contains(shape)).collect();
    assert_eq!(foreign, Vec::<String>::new());
}

/// Of the logo, and of a table of the commentary.
const OWN: [&str; 3] = ["img[alt src]", "table[]", "th[]"];

/// Every text of `cvj.toml` that the report carries is in `report.json`, character for character.
fn texts_are_whole(client: &Client, report: &Value) {
    let config: toml::Table = toml::from_str(&client.read("cvj.toml")).unwrap();
    let named = |key: &str, of: &str| -> BTreeSet<String> {
        let entries = config[key].as_array().unwrap().iter().filter_map(|entry| entry.get(of)?.as_str());
        entries.map(str::to_owned).collect()
    };
    let reported = |list: &Value, of: &str| -> BTreeSet<String> {
        list.as_array().unwrap().iter().filter_map(|entry| Some(entry[of].as_str()?.to_owned())).collect()
    };
    assert_eq!(report["client"], config["client"]["name"].as_str().unwrap());
    assert_eq!(reported(&report["products"], "name"), named("product", "name"));
    assert_eq!(reported(&report["ladder"]["rungs"], "name"), named("rung", "name"));
    let stages = report["overall"]["stages"].as_array().unwrap();
    for of in ["name", "owner"] {
        let found: BTreeSet<String> = stages.iter().flat_map(|stage| reported(&stage["metrics"], of)).collect();
        let missing: Vec<String> = named("metric", of).into_iter().filter(|text| !found.contains(text)).collect();
        assert_eq!(missing, Vec::<String>::new());
    }
    let unassigned = reported(&report["unassigned"], "value");
    assert!(named("metric", "name").iter().filter(|text| unassigned.contains(*text)).count() > 5, "{unassigned:?}");
}

/// No formula, no link, nothing active, and sheets with names that spreadsheet programs accept.
fn workbook_is_harmless(path: &str, bytes: &[u8]) {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut strings = String::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        // Every part of our workbooks is XML.
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        let mut reader = quick_xml::Reader::from_str(&text);
        loop {
            use quick_xml::events::Event;
            match reader.read_event().unwrap_or_else(|error| panic!("{path}, {name}: {error}")) {
                Event::Eof => break,
                Event::Start(element) | Event::Empty(element) => {
                    let tag = element.name().as_ref().to_owned();
                    assert!(
                        !["f", "hyperlink", "oleObject", "ddeLink", "externalReference"].contains(&&*tag),
                        "{path}, {name}: <{tag}>"
                    );
                    let attribute = |wanted: &str| {
                        let found = element.attributes().map(Result::unwrap).find(|found| found.key.as_ref() == wanted)?;
                        Some(found.value.to_string())
                    };
                    if tag == "sheet" {
                        let name = attribute("name").unwrap();
                        let legal = !name.contains(['[', ']', ':', '*', '?', '/', '\\']) && !name.starts_with('\'');
                        assert!(legal && name.chars().count() <= 31, "{path}: a sheet named {name}");
                    }
                    assert_ne!(attribute("TargetMode").as_deref(), Some("External"), "{path}, {name}");
                }
                _ => {}
            }
        }
        if name.ends_with("sharedStrings.xml") {
            strings = text;
        }
    }
    for text in ["=HYPERLINK(", "+cmd|", "@SUM(1+1)", "&lt;script&gt;alert(1)&lt;/script&gt;", "{{ 7*7 }}"] {
        assert!(strings.contains(text), "{path} holds no {text}");
    }
}
