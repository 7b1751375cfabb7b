//! The README's blocks are run.

use cvj_tests::{Block, Client, blocks, repository};

fn readme() -> Vec<Block> {
    blocks(&std::fs::read_to_string(repository().join("README.md")).unwrap())
}

fn commands() -> Vec<(usize, String)> {
    let shells = readme().into_iter().filter(|block| ["console", "sh"].contains(&block.language.as_str()));
    shells
        .flat_map(|block| {
            let lines: Vec<_> = block.text.lines().map(|line| line.trim_start_matches("$ ").to_owned()).collect();
            lines.into_iter().map(move |line| (block.line, line))
        })
        .collect()
}

#[test]
fn every_cvj_line_runs() {
    let client = Client::new();
    let northwind = Client::copy_of(&repository().join("examples/northwind"));
    std::fs::create_dir(client.path().join("examples")).unwrap();
    std::fs::rename(northwind.path(), client.path().join("examples/northwind")).unwrap();
    let mut ran = 0;
    for (line, command) in commands() {
        let Some(arguments) = command.strip_prefix("cvj ") else { continue };
        let arguments: Vec<&str> = arguments.split('#').next().unwrap().split_whitespace().collect();
        let output = client.cvj(&arguments);
        assert_eq!(output.status, 0, "README.md, block at line {line}: `{command}`\n{}", output.stderr);
        ran += 1;
    }
    assert!(ran >= 3, "the README shows {ran} commands");
}

#[test]
fn every_chore_exists() {
    let mut source = String::new();
    let mut folders = vec![repository().join("xtask/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                source += &std::fs::read_to_string(entry.path()).unwrap();
            }
        }
    }
    let chores: Vec<_> =
        commands().into_iter().filter_map(|(_, command)| Some(command.strip_prefix("cargo xtask ")?.to_owned())).collect();
    assert!(chores.iter().any(|chore| chore.starts_with("demo")) && chores.iter().any(|chore| chore.starts_with("test")));
    for chore in chores {
        let name = chore.split_whitespace().next().unwrap();
        assert!(source.contains(&format!("\"{name}\"")), "`cargo xtask {name}` is not in xtask");
    }
}

#[test]
fn the_configuration_shown_gives_a_report() {
    let block = readme().into_iter().find(|block| block.language == "toml").unwrap();
    let client = Client::new();
    client.write("cvj.toml", &block.text);
    client.write("exports/ga4-2026-10.csv", "Date,Landing page,Sessions\n2026-10-02,/local,120\n2026-10-31,/local-move,80\n");
    client.write(
        "exports/orders.csv",
        "Order,Email,Created at,Item,Total\n1,ann@example.com,2026-10-31 10:00:00,local-move,480.00\n",
    );
    client.cvj(&["check"]).expect_status(0);
    client.cvj_report(&["--strict"]).expect_status(0);
    let sessions = &client.report_json("2026-10")["products"][0]["stages"][0]["metrics"][0];
    assert_eq!((&sessions["name"], &sessions["actual"]), (&"Sessions".into(), &200.0.into()));
}

#[test]
fn every_file_named_is_there() {
    let text = std::fs::read_to_string(repository().join("README.md")).unwrap();
    for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if !link.starts_with("http") && !link.starts_with('#') {
            assert!(repository().join(link).exists(), "README.md names {link}");
        }
    }
}
