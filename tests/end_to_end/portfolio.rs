//! `cvj report --all`: every client of a folder and an index of them, whatever becomes of one.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use cvj_tests::{Client, Output, content_of, cvj, output_of, repository, unfounded};
use serde_json::Value;

const INDEX: &str = "portfolio/index.html";
const JSON: &str = "portfolio/portfolio.json";

/// A small client in which firm, products and people all bear this name.
fn firm(name: &str) -> Client {
    let client = Client::moving();
    client.replace("cvj.toml", "Small Moving", &format!("{name} Moving"));
    for product in ["Local move", "Piano move"] {
        let own = product.replace("move", &format!("move by {name}"));
        client.replace("cvj.toml", product, &own);
        client.replace("exports/newsletter.csv", product, &own);
    }
    for file in ["exports/newsletter.csv", "exports/orders.csv"] {
        client.replace(file, "@example.com", &format!("@{}.example", name.to_lowercase()));
    }
    client
}

/// A client whose report has a data problem.
fn with_a_problem(client: Client) -> Client {
    client.write("exports/orders.csv", client.read("exports/orders.csv") + "1005,,2026-10-12 10:00:00,piano,90.00\n");
    client
}

fn broken(client: Client) -> Client {
    client.replace("cvj.toml", "sum(sessions)", "sum(sesions)");
    client
}

/// A folder of three clients: one is well, one has a data problem, one fails.
fn three() -> Client {
    let clients = Client::new();
    clients.take_in("b-well", &firm("Quillfeather"));
    clients.take_in("c-problem", &with_a_problem(firm("Thistlewood")));
    clients.take_in("a-broken", &broken(firm("Brackenridge")));
    clients
}

fn report_all(clients: &Client, more: &[&str]) -> Output {
    clients.cvj_report(&[&["--all", "."], more].concat())
}

fn index_json(clients: &Client) -> Value {
    serde_json::from_str(&clients.read(JSON)).unwrap()
}

/// The table's rows, in their order.
fn rows(page: &str) -> Vec<&str> {
    let body = page.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
    body.split("<tr>").skip(1).collect()
}

#[test]
fn one_client_that_fails_stops_no_other() {
    let clients = three();
    let output = report_all(&clients, &[]).expect_status(1);
    assert_eq!(output.stdout, format!("{INDEX}\n{JSON}\n"));
    for (folder, alone) in [("b-well", firm("Quillfeather")), ("c-problem", with_a_problem(firm("Thistlewood")))] {
        alone.cvj_report(&[]).expect_status(0);
        let reports = content_of(&clients.path().join(folder).join("reports"));
        assert!(reports == content_of(&alone.path().join("reports")), "{folder} is not as if reported alone");
    }
    assert!(!clients.path().join("a-broken/reports").exists());

    let lines: Vec<&str> = output.stderr.lines().collect();
    let at = |start: &str| lines.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {lines:#?}"));
    assert!(lines[at("failed    a-broken") + 1].starts_with("          error: there is no column `sesions`"), "{lines:#?}");
    assert!(lines.contains(&"          hint: did you mean `sessions`?"), "{lines:#?}");
    assert!(lines[at("report    Quillfeather Moving, 2026-10: 2 products")].ends_with("in b-well/reports/2026-10"));
    assert!(lines[at("problems  Thistlewood Moving")].ends_with("; 1 data problem"));
    let last = "3 clients: 1 report, 1 report with data problems, 1 failed; the index is portfolio/index.html";
    assert_eq!(lines.last(), Some(&last));

    let page = clients.read(INDEX);
    let rows = rows(&page);
    assert_eq!(rows.len(), 3);
    assert!(
        rows[0].contains("Failed") && rows[0].contains("cvj.toml:35: there is no column <code>sesions</code>"),
        "{}",
        rows[0]
    );
    assert!(rows[0].contains("Brackenridge Moving") && rows[0].contains("did you mean <code>sessions</code>?"));
    assert!(rows[1].contains("Data problems") && rows[1].contains("1 of 6 rows rejected"), "{}", rows[1]);
    assert!(rows[2].contains("Report") && rows[2].contains("Quillfeather Moving"));

    clients.replace("a-broken/cvj.toml", "sum(sesions)", "sum(sessions)");
    report_all(&clients, &[]).expect_status(0);
    assert!(clients.path().join("a-broken/reports/2026-10/report.json").is_file());
    assert!(!clients.read(INDEX).contains("Failed"));
    report_all(&clients, &["--strict"]).expect_status(3);
    clients.write("c-problem/exports/orders.csv", firm("Thistlewood").read("exports/orders.csv"));
    report_all(&clients, &["--strict"]).expect_status(0);
}

/// All that a file says: of a worksheet what is packed in it.
fn texts(name: &str, bytes: Vec<u8>) -> Vec<Vec<u8>> {
    if Path::new(name).extension().is_none_or(|ending| ending != "xlsx") {
        return vec![bytes];
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let part = |index| {
        let mut text = Vec::new();
        archive.by_index(index).unwrap().read_to_end(&mut text).unwrap();
        text
    };
    (0..count).map(part).collect()
}

#[test]
fn nothing_of_one_client_is_in_anothers_files() {
    let clients = three();
    clients.replace("a-broken/cvj.toml", "sum(sesions)", "sum(sessions)");
    report_all(&clients, &["--jobs", "3"]).expect_status(0);
    let names = BTreeMap::from([("a-broken", "brackenridge"), ("b-well", "quillfeather"), ("c-problem", "thistlewood")]);
    for folder in names.keys() {
        let mut own = 0;
        for (path, bytes) in content_of(&clients.path().join(folder)) {
            for text in texts(&path, bytes) {
                let text = String::from_utf8_lossy(&text).to_lowercase();
                let said = |name: &str| text.contains(name) || path.contains(name);
                for (other, name) in &names {
                    assert!(other == folder || !(said(name) || said(other)), "{folder}/{path} tells of {other}");
                }
                own += usize::from(said(names[folder]));
            }
        }
        assert!(own > 20, "{folder} tells of its own client in {own} texts: does the test still find them?");
    }
    // What the index says of people is nothing.
    for file in [INDEX, JSON] {
        assert!(!clients.read(file).contains(".example"), "{file}");
    }
}

#[test]
fn the_same_clients_give_the_same_index_on_any_number_of_threads() {
    let clients = three();
    clients.take_in("d-northwind", &Client::copy_of(&repository().join("examples/northwind")));
    let run = |arguments: &[&str]| {
        clients.cvj(arguments).expect_status(1);
        content_of(&clients.path().join("portfolio"))
    };
    let one = run(&["report", "--all", ".", "--jobs", "1"]);
    assert!(one == run(&["report", "--all", ".", "--jobs", "4"]));
    let folder = clients.path().to_str().unwrap();
    assert!(one == run(&["report", "--all", folder]), "the index says where the clients lie");
}

#[test]
fn the_index_claims_what_the_reports_say() {
    let clients = Client::new();
    clients.take_in("moving", &Client::moving());
    clients.take_in("northwind", &Client::copy_of(&repository().join("examples/northwind")));
    report_all(&clients, &["--format", "json"]).expect_status(0);
    let page = clients.read(INDEX);
    let index = index_json(&clients);
    let mut claims = 0;
    for row in rows(&page) {
        let (place, folder) = if row.contains("northwind") { (1, "northwind") } else { (0, "moving") };
        let digest = &index["clients"][place]["outcome"]["report"];
        let label = digest["period"]["label"].as_str().unwrap();
        let text = clients.read(&format!("{folder}/reports/{label}/report.json"));
        let report: Value = serde_json::from_str(&text).unwrap();
        let (found, looked_at) = unfounded(row, &report);
        assert!(found.is_empty(), "{folder}: {found:#?}");
        claims += looked_at;

        let judged = |kind: &str, wanted: &[&str]| {
            let scopes = report["products"].as_array().unwrap().iter().chain([&report["overall"]]);
            let stages = scopes.flat_map(|scope| scope["stages"].as_array().unwrap());
            let metrics = stages.flat_map(|stage| stage["metrics"].as_array().unwrap());
            metrics.filter(|metric| metric["headline"] == true && wanted.contains(&metric[kind].as_str().unwrap())).count()
        };
        assert_eq!(digest["targets"].as_array().unwrap().len(), judged("status", &["on_track", "at_risk", "off_track"]));
        assert!(digest["moves"].as_array().unwrap().len() <= judged("verdict", &["up", "down"]));
        assert_eq!(digest["currency"], report["currency"]);
        let gaps = report["overall"]["findings"]["gaps"].as_array().unwrap();
        if let Some(first) = gaps.iter().find(|gap| gap["rank"] == 1) {
            let fix = &digest["fix_first"];
            assert_eq!((&fix["from"], &fix["to"], &fix["money"]), (&first["from"], &first["to"], &first["money"]));
            assert!(row.contains(fix["worth"].as_str().unwrap()));
        }
    }
    assert!(claims > 8, "the index claims {claims} things: does the test still find them?");
}

#[test]
fn the_json_follows_its_schema() {
    let clients = three();
    report_all(&clients, &["--format", "html"]).expect_status(1);
    let schema: Value = serde_json::from_str(&cvj(&["schema", "portfolio"]).expect_status(0).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut index = index_json(&clients);
    let faults: Vec<String> = validator.iter_errors(&index).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(index["clients"][0]["outcome"]["failed"]["hint"], "did you mean `sessions`?");
    assert_eq!(index["clients"][1]["outcome"]["report"]["files"]["page"], "../b-well/reports/2026-10/report.html");
    index["clients"][0]["outcome"] = "perhaps".into();
    assert!(!validator.is_valid(&index), "the schema says nothing about outcomes");
}

/// What a link leads to, from the folder of the index.
fn targets(page: &str) -> Vec<String> {
    let links = page.split("<a href=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0);
    let decoded = |link: &str| {
        let mut bytes = Vec::new();
        let mut rest = link.bytes();
        while let Some(byte) = rest.next() {
            let digits: Vec<u8> = if byte == b'%' { rest.by_ref().take(2).collect() } else { Vec::new() };
            bytes.push(std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(byte));
        }
        String::from_utf8(bytes).unwrap()
    };
    links.filter(|link| !link.starts_with('#')).map(decoded).collect()
}

#[track_caller]
fn check_links(folder: &Path, count: usize) {
    let targets = targets(&std::fs::read_to_string(folder.join("index.html")).unwrap());
    assert_eq!(targets.len(), count, "{targets:?}");
    for target in targets {
        assert!(folder.join(&target).is_file(), "{target} from {}", folder.display());
    }
}

#[test]
fn links_lead_to_what_was_written() {
    let clients = Client::new();
    for folder in ["plain", "with space & ümlaut", "100% #1?"] {
        clients.take_in(folder, &Client::moving());
    }
    report_all(&clients, &["--format", "html,worksheet"]).expect_status(0);
    check_links(&clients.path().join("portfolio"), 9);
    let elsewhere = Client::new();
    let out = elsewhere.path().join("deep/index");
    report_all(&clients, &["--format", "html", "--out", out.to_str().unwrap()]).expect_status(0);
    check_links(&out, 3);
    report_all(&clients, &["--format", "json"]).expect_status(0);
    check_links(&clients.path().join("portfolio"), 0);
}

#[cfg(unix)]
#[test]
fn hostile_names_are_text() {
    let hostile = "<script>alert(1)</script> \\\"quoted\\\" {{ client }} & \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{202e}and some sixty more letters of it";
    let clients = Client::new();
    for folder in ["<img src=x onerror=alert(2)>", "javascript:alert(3)", "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \"x\""] {
        let client = Client::moving();
        client.replace("cvj.toml", "Small Moving", hostile);
        client.replace("cvj.toml", "Piano move", "<b onclick=alert(4)>Piano");
        clients.take_in(folder, &with_a_problem(client));
    }
    let wrong = Client::moving();
    wrong.replace("cvj.toml", "sum(sessions)", "sum(\\\"<script>alert(5)</script>\\\")");
    clients.take_in("wrong", &wrong);
    let output = report_all(&clients, &["--out", "../index-of-hostile-names", "--format", "html"]);
    let folder = clients.path().join("../index-of-hostile-names");
    let page = std::fs::read_to_string(folder.join("index.html"));
    check_links(&folder, 3);
    std::fs::remove_dir_all(&folder).unwrap();
    let page = page.unwrap();
    assert_eq!(output.status, 1);
    assert!(!output.stderr.contains('\u{1b}'));
    assert_eq!(page.matches("<script").count(), 1, "ours");
    let body = page.split_once("<body>").unwrap().1;
    for markup in ["<img", "<b ", "onclick=alert(4)>Piano<", "href=\"javascript", "href=\"&quot;"] {
        assert!(!body.contains(markup), "{markup}");
    }
    assert!(body.contains("<bdi>&lt;script&gt;alert(1)"), "the name is shown as it is");
    assert!(body.contains("&lt;script&gt;alert(5)"), "so is the error");
}

#[test]
fn what_holds_no_clients_is_told() {
    let check = |folder: &Client, arguments: &[&str], status: i32, parts: [&str; 2]| {
        let output = folder.cvj(arguments).expect_status(status);
        for part in parts {
            assert!(output.stderr.contains(part), "{part}: {}", output.stderr);
        }
        assert!(!folder.path().join("portfolio").exists() && output.stdout.is_empty());
    };
    let all = ["report", "--all", "."];
    let own = Client::moving();
    check(&own, &all, 1, ["`.` is the folder of one client", "hint: `cvj report .` writes its report"]);
    check(
        &own,
        &["report", "--all", "cvj.toml"],
        1,
        ["`cvj.toml` is a file", "hint: name the folder that holds a folder per client"],
    );
    check(&own, &["report", "--all", "nowhere"], 1, ["`nowhere` cannot be read", "hint: "]);
    check(&Client::new(), &all, 1, ["`.` holds no client", "hint: each client is a folder of its own"]);
    check(&own, &["report", "--all", ".", "elsewhere"], 2, ["--all", "[DIR]"]);
    check(&own, &["report", "--all", ".", "--product", "Piano"], 2, ["--all", "--product"]);
    check(&own, &["report", "--jobs", "2"], 2, ["--all", "required"]);

    let clients = three();
    let inside = ["report", "--all", ".", "--out", "b-well/index"];
    check(&clients, &inside, 2, ["lies in the folder of the client `b-well`", "hint: "]);
    assert!(!clients.path().join("b-well/reports").exists(), "nothing is run");
    clients.write("full/notes.txt", "mine");
    check(&clients, &["report", "--all", ".", "--out", "full"], 1, ["holds files and no report", "--out"]);
    assert!(!clients.path().join("b-well/reports").exists(), "nothing is run");
}

#[test]
fn a_report_and_an_index_do_not_replace_each_other() {
    let clients = three();
    report_all(&clients, &["--format", "html"]).expect_status(1);
    let index = content_of(&clients.path().join("portfolio"));
    let output = clients.cvj_report(&["b-well", "--out", "portfolio"]).expect_status(1);
    assert!(output.stderr.contains("`portfolio` holds a portfolio that cvj wrote"), "{}", output.stderr);
    assert_eq!(content_of(&clients.path().join("portfolio")), index);

    clients.cvj_report(&["b-well", "--out", "one", "--format", "html"]).expect_status(0);
    let output = report_all(&clients, &["--out", "one"]).expect_status(1);
    assert!(output.stderr.contains("`one` holds a client's report that cvj wrote"), "{}", output.stderr);
    assert_eq!(content_of(&clients.path().join("one")).len(), 2);
}

#[test]
fn a_client_that_another_run_writes_is_told_and_stops_no_other() {
    let clients = three();
    clients.write("b-well/reports/.2026-10.cvj-lock", "");
    let lock = std::fs::File::options().write(true).open(clients.path().join("b-well/reports/.2026-10.cvj-lock")).unwrap();
    lock.lock().unwrap();
    report_all(&clients, &["--format", "json"]).expect_status(1);
    let failed = index_json(&clients)["clients"][1]["outcome"]["failed"].to_string();
    assert!(failed.contains("another cvj is writing"), "{failed}");
    assert!(clients.path().join("c-problem/reports/2026-10/report.json").is_file());
}

#[test]
fn what_is_no_client_is_left_out_and_said() {
    let clients = three();
    clients.write("notes/todo.txt", "call them");
    clients.write("reports/cvj.toml", "");
    clients.write(".git/cvj.toml", "");
    let output = report_all(&clients, &["--format", "json"]).expect_status(1);
    assert!(output.stderr.contains("note: no cvj.toml in: `notes`\n"), "{}", output.stderr);
    assert_eq!(index_json(&clients)["clients"].as_array().unwrap().len(), 3);
    let again = report_all(&clients, &["--format", "json", "--quiet"]).expect_status(1);
    assert!(again.stderr.starts_with("failed    a-broken\n") && !again.stderr.contains("report "), "{}", again.stderr);
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_and_links_to_clients_do_not_hang() {
    let clients = three();
    let elsewhere = firm("Faraway");
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, clients.path().join(name)).unwrap();
    link(Path::new("."), "itself");
    link(Path::new(".."), "above");
    link(Path::new("round"), "round");
    link(Path::new("b-well"), "a-link");
    link(Path::new("nowhere"), "nowhere-link");
    link(elsewhere.path(), "far");
    let output = report_all(&clients, &["--format", "html"]).expect_status(1);
    let folders: Vec<Value> =
        index_json(&clients)["clients"].as_array().unwrap().iter().map(|client| client["folder"].clone()).collect();
    assert_eq!(folders, ["a-broken", "b-well", "c-problem", "far", "nowhere-link", "round"]);
    check_links(&clients.path().join("portfolio"), 3);
    assert!(output.stderr.contains("note: a link to a client that is there already: `a-link`\n"), "{}", output.stderr);
    let lost = &index_json(&clients)["clients"][4]["outcome"]["failed"];
    assert_eq!(lost["error"], "it is a link that leads nowhere");
}

/// How the run of a client failed.
fn error_of(clients: &Client, place: usize) -> String {
    index_json(clients)["clients"][place]["outcome"]["failed"]["error"].as_str().unwrap_or_default().to_owned()
}

#[cfg(unix)]
#[test]
fn no_report_is_under_the_link_of_another_client() {
    use std::os::unix::fs::symlink;

    let clients = Client::new();
    for (folder, name) in [("alpha", "Quillfeather"), ("beta", "Thistlewood"), ("gamma", "Brackenridge")] {
        clients.take_in(folder, &firm(name));
    }
    // What an earlier run left there is of one of the two, and nobody knows of which.
    clients.write("shared/2026-09/report.html", "of one of them");
    for folder in ["alpha", "beta"] {
        symlink("../shared", clients.path().join(folder).join("reports")).unwrap();
    }
    let output = report_all(&clients, &["--format", "html"]).expect_status(1);
    assert!(
        output
            .stderr
            .contains("failed    alpha\n          error: its reports would share a folder with those of the client `beta`")
    );
    assert!(error_of(&clients, 0).contains("the client `beta`") && error_of(&clients, 1).contains("the client `alpha`"));
    assert!(!clients.path().join("shared/2026-10").exists(), "nothing is written");
    check_links(&clients.path().join("portfolio"), 1);
    assert_eq!(targets(&clients.read(INDEX)), ["../gamma/reports/2026-10/report.html"]);

    // The index names all, so that it goes where no client's reports go either.
    std::fs::remove_file(clients.path().join("beta/reports")).unwrap();
    let output = report_all(&clients, &["--out", "shared/index"]).expect_status(2);
    assert!(output.stderr.contains("of the client `alpha`"), "{}", output.stderr);
    report_all(&clients, &["--format", "html"]).expect_status(0);
    assert!(clients.read("shared/2026-10/report.html").contains("Quillfeather"));
}

#[test]
fn a_client_that_fails_keeps_its_earlier_report_in_the_index() {
    let clients = three();
    clients.replace("a-broken/cvj.toml", "sum(sesions)", "sum(sessions)");
    report_all(&clients, &["--format", "html", "--period", "2026-09"]).expect_status(0);
    clients.replace("a-broken/cvj.toml", "sum(sessions)", "sum(sesions)");
    report_all(&clients, &["--format", "html"]).expect_status(1);
    let earlier = &index_json(&clients)["clients"][0]["outcome"]["failed"]["earlier"];
    assert_eq!((&earlier["period"], &earlier["page"]), (&"2026-09".into(), &"../a-broken/reports/2026-09/report.html".into()));
    assert!(clients.read(INDEX).contains(">Earlier report (2026-09)</a>"));
    check_links(&clients.path().join("portfolio"), 3);
}

#[test]
fn a_secret_in_the_environment_that_serves_several_clients_is_told() {
    let clients = three();
    let source = "\n[source.crm]\nplugin = \"hubspot\"\ntoken = { secret = \"CVJ_TEST_PORTAL\" }\n";
    for folder in ["b-well", "c-problem"] {
        let config = format!("{folder}/cvj.toml");
        clients.write(&config, clients.read(&config) + source);
    }
    let mut command = clients.command(&["report", "--all", ".", "--offline", "--format", "json"]);
    let told = "the secret `CVJ_TEST_PORTAL` in the environment goes to 2 clients";
    let without = output_of(&mut command).expect_status(1);
    assert!(!without.stderr.contains(told), "{}", without.stderr);
    let with = output_of(command.env("CVJ_TEST_PORTAL", "x")).expect_status(1);
    assert!(with.stderr.contains(told) && with.stderr.contains("`b-well`, `c-problem`"), "{}", with.stderr);
    assert_eq!(with.stderr.matches("CVJ_TEST_PORTAL` in the environment").count(), 1);
}

#[test]
fn a_run_in_the_folder_of_all_clients_says_how_all_are_run() {
    let clients = three();
    let output = clients.cvj_report(&[]).expect_status(1);
    for part in ["there is no cvj.toml in `.`, but there is one in `a-broken`", "`cvj report --all .` of all"] {
        assert!(output.stderr.contains(part), "{part}: {}", output.stderr);
    }
    let output = clients.cvj(&["report", "--all", ".", "b-well"]).expect_status(2);
    assert!(output.stderr.contains("cvj report [OPTIONS] --all <CLIENTS_DIR>\n"), "{}", output.stderr);
    assert!(!output.stderr.contains("<CLIENTS_DIR> [DIR]"), "{}", output.stderr);
}

#[test]
fn a_folder_can_be_written_with_a_dot_before_it() {
    let clients = three();
    clients.cvj_report(&["./b-well", "--format", "json"]).expect_status(0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_all_and_leaves_whole_reports() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let clients = Client::new();
    for folder in ["a", "b", "c"] {
        let client = Client::moving();
        client
            .write("cvj.toml", client.read("cvj.toml") + "\n[source.slow]\nplugin = \"chaos\"\nmisbehave = \"hang-in-tables\"\n");
        clients.take_in(folder, &client);
    }
    let mut command = clients.command(&["report", "--all", ".", "--jobs", "2"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let start = Instant::now();
    Command::new("sh").args(["-c", &format!("kill -INT {}", running.id())]).status().unwrap();
    let output = running.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("stopped before the end; 0 of 3 reports were written, and no index"), "{stderr}");
    assert!(start.elapsed() < Duration::from_secs(20), "stopped after {:?}", start.elapsed());
    assert!(!clients.path().join("portfolio").exists());
}

#[test]
fn a_worksheet_that_a_person_edited_is_told_with_what_helps_here() {
    let clients = three();
    report_all(&clients, &["--format", "worksheet"]).expect_status(1);
    clients.write("b-well/reports/2026-10/overall.worksheet.xlsx", "not of this run");
    let sheet =
        content_of(&clients.path().join("b-well/reports")).into_keys().find(|path| path.ends_with("quillfeather.worksheet.xlsx"));
    clients.write(&format!("b-well/reports/{}", sheet.unwrap()), "what a person typed");
    let output = report_all(&clients, &["--format", "worksheet"]).expect_status(1);
    assert!(output.stderr.contains("was edited since cvj wrote it"), "{}", output.stderr);
    assert!(output.stderr.contains("`cvj report b-well --out`"), "{}", output.stderr);
}
