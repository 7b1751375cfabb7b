//! The guide of `cvj.toml` names every key that there is, and its examples are configurations.

use cvj_tests::{blocks, cvj, repository};
use serde_json::Value;

fn guide() -> String {
    std::fs::read_to_string(repository().join("docs/cvj-toml.md")).unwrap()
}

/// Every key of a schema, however deep, with the way to it.
fn keys(schema: &Value, root: &Value, path: &str, found: &mut Vec<(String, String)>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
        return keys(&root["$defs"][name], root, path, found);
    }
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let below = format!("{path}{key}");
        found.push((below.clone(), key.clone()));
        keys(value, root, &format!("{below}."), found);
    }
    for part in ["items", "additionalProperties"] {
        if schema[part].is_object() {
            keys(&schema[part], root, path, found);
        }
    }
    for part in ["anyOf", "oneOf", "allOf"] {
        for choice in schema[part].as_array().into_iter().flatten() {
            keys(choice, root, path, found);
        }
    }
}

fn schema(arguments: &[&str]) -> Value {
    serde_json::from_str(&cvj(&[&["schema"], arguments].concat()).expect_status(0).stdout).unwrap()
}

#[test]
fn every_key_has_its_line() {
    let guide = guide();
    for (name, arguments) in [("cvj.toml", ["config", ""].as_slice()), ("csv", &["plugin", "csv"]), ("xlsx", &["plugin", "xlsx"])]
    {
        let arguments: Vec<&str> = arguments.iter().copied().filter(|argument| !argument.is_empty()).collect();
        let schema = schema(&arguments);
        let mut found = Vec::new();
        keys(&schema, &schema, "", &mut found);
        assert!(found.len() > 5, "{name}: {found:?}");
        // A key in code, or a table's header: `[client]`, `[[metric]]`, `[source.NAME]`.
        let named =
            |key: &str| [format!("`{key}`"), format!("[{key}]"), format!("[{key}.")].iter().any(|form| guide.contains(form));
        let missing: Vec<_> = found.iter().filter(|(_, key)| !named(key)).map(|(path, _)| path).collect();
        assert!(missing.is_empty(), "docs/cvj-toml.md does not name these keys of {name}: {missing:?}");
    }
}

#[test]
fn every_key_of_the_guide_is_there() {
    let (config, csv, xlsx) = (schema(&["config"]), schema(&["plugin", "csv"]), schema(&["plugin", "xlsx"]));
    let mut found = Vec::new();
    for schema in [&config, &csv, &xlsx] {
        keys(schema, schema, "", &mut found);
    }
    let known: Vec<&str> = found.iter().map(|(_, key)| key.as_str()).collect();
    let guide = guide();
    // | `key` | meaning |
    let named = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let unknown: Vec<&str> = named.filter(|key| !known.contains(key)).collect();
    assert!(unknown.is_empty(), "docs/cvj-toml.md names keys that are not there: {unknown:?}");
}

#[test]
fn the_whole_example_is_valid() {
    let guide = guide();
    let whole = blocks(&guide).into_iter().find(|block| block.language == "toml" && block.text.contains("[client]")).unwrap();
    let client = cvj_tests::Client::new();
    client.write("cvj.toml", &whole.text);
    let output = client.cvj(&["check"]);
    // Its exports are not there; everything before that is right.
    assert!(!output.stderr.contains("cvj.toml:"), "{}", output.stderr);
    assert!(output.stderr.contains("exports/"), "{}", output.stderr);
}
