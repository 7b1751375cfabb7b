//! Sources over a network: what is pulled is kept, used again, gone on with, pulled anew; and never a wrong number. The plugin
//! `faraway` pretends to be one and logs every call.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use cvj_tests::{Client, Output, content_of, output_of};
use serde_json::Value;

const CONFIG: &str = r#"[client]
name = "Afar"
currency = "USD"
timezone = "UTC"

[report]
as_of = "2026-11-04"
history = 2

[source.crm]
plugin = "faraway"
folder = "far"

[[touchpoint]]
stage = "subscribe"
from = "crm.contacts"
person = "email"
at = "created"

[[touchpoint]]
stage = "convert"
from = "crm_won"
person = "email"
at = "closed"
value = "CAST(amount AS DECIMAL(18, 2))"

[[metric]]
stage = "convert"
name = "Sales"
from = "crm.deals"
value = "sum(amount)"
at = "closed"
unit = "money"
"#;

/// A definition that needs one more column of contacts.
const BY_CITY: &str = r#"
[[touchpoint]]
stage = "engage"
from = "crm.contacts"
person = "email"
at = "created"
by = ["city"]
"#;

const REPORT: &str = "reports/2026-10/report.json";

/// A client with a source afar of 100 contacts in 5 parts and 50 deals in 3.
struct Afar(Client);

impl Afar {
    fn new() -> Self {
        let client = Client::new();
        client.write("cvj.toml", CONFIG);
        client.write("far/state.json", "{}");
        Self(client)
    }

    /// A client whose tables were pulled.
    fn pulled() -> Self {
        let afar = Self::new();
        afar.report(&[]).expect_status(0);
        fs::remove_file(afar.0.path().join("far/calls.log")).unwrap();
        afar
    }

    fn state(&self, state: &str) {
        self.0.write("far/state.json", state);
    }

    fn report(&self, arguments: &[&str]) -> Output {
        self.0.cvj_report(&[&["--format", "json"], arguments].concat())
    }

    /// The calls so far, in the order of their names.
    fn calls(&self) -> Vec<String> {
        let log = fs::read_to_string(self.0.path().join("far/calls.log")).unwrap_or_default();
        let mut calls: Vec<String> = log.lines().map(str::to_owned).collect();
        calls.sort();
        calls
    }

    fn reads(&self) -> Vec<String> {
        self.calls().into_iter().filter(|call| call.starts_with("read")).collect()
    }

    fn kept(&self, arguments: &[&str]) -> Value {
        let listed = self.0.cvj(&[&["cache", "list", "--json"], arguments].concat()).expect_status(0);
        serde_json::from_str(&listed.stdout).unwrap()
    }

    /// Files of the cache with this ending.
    fn files(&self, ending: &str) -> Vec<PathBuf> {
        content_of(self.0.cache())
            .into_keys()
            .filter(|name| name.ends_with(ending))
            .map(|name| self.0.cache().join(name))
            .collect()
    }

    /// Makes what is kept older.
    fn age(&self, hours: i64) {
        let files = self.files("plan.json").into_iter().chain(self.files("listing.json"));
        for path in files {
            let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            for key in ["planned", "listed"] {
                if let Some(at) = record.get_mut(key) {
                    let then = at.as_str().unwrap().parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_hours(hours);
                    *at = then.to_string().into();
                }
            }
            fs::write(path, record.to_string()).unwrap();
        }
    }
}

/// The reads of a whole pull.
fn all_reads() -> Vec<String> {
    let reads = |table: &str, parts: u32| (0..parts).map(|part| format!("read {table} {part}")).collect::<Vec<_>>();
    [reads("contacts", 5), reads("deals", 3)].concat()
}

#[test]
fn a_table_is_pulled_once_and_only_what_definitions_need() {
    let afar = Afar::new();
    let first = afar.report(&[]).expect_status(0);
    assert!(!first.stderr.contains("as pulled"), "{}", first.stderr);
    let plans = ["open", "plan contacts id email created limit false", "plan deals id contact closed amount limit false"];
    let calls: Vec<String> = plans.map(str::to_owned).into_iter().chain(all_reads()).chain(["tables".to_owned()]).collect();
    assert_eq!(afar.calls(), calls);
    let report = afar.0.read(REPORT);
    let again = afar.report(&[]).expect_status(0);
    assert!(again.stderr.contains("crm: as pulled ") && again.stderr.contains("(--refresh pulls anew)"), "{}", again.stderr);
    afar.0.cvj(&["explain", "Sales"]).expect_status(0);
    assert_eq!(afar.calls(), calls, "the second run asks nothing");
    assert_eq!(afar.0.read(REPORT), report);

    let deals = &afar.0.report_json("2026-10")["sources"][0]["tables"][0];
    assert_eq!((&deals["name"], &deals["rows_read"], &deals["rows_expected"]), (&"deals".into(), &50.into(), &50.into()));
    assert_eq!(deals["rows_left_out"][0]["rows"], 2);
    assert_eq!(deals["rejects"][0]["why"], "not a number: `about 300`");
    for path in afar.files(".parquet") {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(5).any(|word| word == b"phone"), "{} holds a column that nobody needs", path.display());
    }
    assert!(!afar.files(".json").iter().any(|path| fs::read_to_string(path).unwrap().contains("someone@example.com")));
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let afar = Afar::new();
    fs::set_permissions(afar.0.cache(), fs::Permissions::from_mode(0o755)).unwrap();
    afar.report(&[]).expect_status(0);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = [afar.files(".json"), afar.files(".parquet"), afar.files(".lock")].concat();
    assert!(files.len() > 8);
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        for folder in file.ancestors().skip(1).take_while(|folder| folder.starts_with(afar.0.cache())) {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
        }
    }
}

#[test]
fn a_failed_pull_is_gone_on_with() {
    let whole = Afar::pulled().0.read(REPORT);
    let afar = Afar::new();
    afar.state(r#"{"fails": "contacts 4"}"#);
    let failed = afar.report(&[]).expect_status(1);
    assert!(failed.stderr.contains("the daily quota is used up"), "{}", failed.stderr);
    assert!(failed.stderr.contains("parts are kept: the next run goes on from there"), "{}", failed.stderr);
    assert!(!afar.0.path().join("reports").exists());
    let offline = afar.report(&["--offline"]).expect_status(1);
    assert!(offline.stderr.contains("was never pulled to the end"), "{}", offline.stderr);
    let there: Vec<String> =
        afar.files(".parquet").iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    // Four parts are pulled at once: when the fifth begins, one of the same table has come to its end.
    assert!(!there.is_empty(), "{there:?}");
    let before = afar.reads();
    afar.state("{}");
    let done = afar.report(&[]).expect_status(0);
    assert!(done.stderr.contains("crm: goes on with what was begun at "), "{}", done.stderr);
    assert_eq!(afar.reads().len() - before.len(), 8 - there.len(), "what was there is not read again: {:?}", afar.reads());
    assert_eq!(afar.0.read(REPORT), whole);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_what_was_pulled_and_no_report() {
    let whole = Afar::pulled().0.read(REPORT);
    let afar = Afar::new();
    afar.state(r#"{"wait_ms": 500}"#);
    let mut command = afar.0.command(&["report", "--format", "json", "-v"]);
    let run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while afar.files("00000.json").is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(1), "no part is ever whole");
        std::thread::sleep(Duration::from_millis(20));
    }
    let stopped = Instant::now();
    assert!(std::process::Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    let output = run.wait_with_output().unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(4), "stopped after {:?}", stopped.elapsed());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("source `crm`: waits (rate limit)"), "{told}");
    assert!(told.contains("stopped before the end") && told.contains("the next run goes on from there"), "{told}");
    assert!(!afar.0.path().join("reports").exists());
    let there = afar.files(".parquet").len();
    let before = afar.reads().len();
    afar.state("{}");
    afar.report(&[]).expect_status(0);
    assert_eq!(afar.reads().len() - before, 8 - there);
    assert_eq!(afar.0.read(REPORT), whole);
}

#[test]
fn offline_asks_nobody_and_says_what_is_missing() {
    let afar = Afar::new();
    let nothing = afar.report(&["--offline"]).expect_status(1);
    assert!(nothing.stderr.contains("source `crm` cannot be read offline: nothing of it is kept"), "{}", nothing.stderr);
    let afar = Afar::pulled();
    let report = afar.0.read(REPORT);
    afar.age(49);
    for command in [&["report", "--format", "json", "--offline"][..], &["check", "--offline"], &["explain", "Sales", "--offline"]]
    {
        let output = afar.0.cvj(command).expect_status(0);
        assert!(output.stderr.contains("(2 days ago, --offline)"), "{command:?}: {}", output.stderr);
    }
    assert_eq!((afar.calls(), afar.0.read(REPORT)), (Vec::new(), report));
    afar.0.write("cvj.toml", CONFIG.to_owned() + BY_CITY);
    let lacking = afar.report(&["--offline"]).expect_status(1);
    assert!(lacking.stderr.contains("`contacts`") && lacking.stderr.contains("lacks the column `city`"), "{}", lacking.stderr);
    afar.0.write("cvj.toml", CONFIG.replace("folder = \"far\"", "folder = \"far\"\naccount = \"another\""));
    let other = afar.report(&["--offline"]).expect_status(1);
    assert!(other.stderr.contains("settings have changed since"), "{}", other.stderr);
    afar.report(&["--offline", "--refresh"]).expect_status(2);
}

#[test]
fn what_does_not_do_is_pulled_anew() {
    let afar = Afar::pulled();
    let mut read = 0;
    let mut pulls_anew = |what: &str, reads: usize, output: Output| {
        output.expect_status(0);
        assert_eq!(afar.reads().len() - read, reads, "{what}");
        read = afar.reads().len();
    };
    pulls_anew("fresh", 0, afar.report(&[]));
    pulls_anew("refreshed", 8, afar.report(&["--refresh"]));
    afar.age(13);
    pulls_anew("old", 8, afar.report(&[]));
    afar.0.write("cvj.toml", CONFIG.to_owned() + BY_CITY);
    let output = afar.report(&[]);
    assert!(output.stderr.contains("table `contacts` is pulled anew: it lacks the column `city`"), "{}", output.stderr);
    pulls_anew("one more column", 5, output);
    afar.0.write("cvj.toml", CONFIG);
    pulls_anew("one column less", 0, afar.report(&[]));
    afar.0.write("cvj.toml", CONFIG.replace("folder = \"far\"", "folder = \"far\"\naccount = \"another\""));
    pulls_anew("other settings", 8, afar.report(&[]));
}

#[test]
fn a_refresh_goes_on_with_its_own_and_no_other() {
    let afar = Afar::new();
    let parts = || afar.files(".parquet").iter().filter(|path| path.to_string_lossy().contains("begun")).count();
    let reads = |arguments: &[&str], status| {
        let before = afar.reads().len();
        let output = afar.report(arguments).expect_status(status);
        (afar.reads().len() - before, output.stderr.contains("goes on with what was begun at "))
    };
    afar.state(r#"{"fails": "deals 1"}"#);
    reads(&[], 1);
    assert!(!reads(&["--refresh"], 1).1, "another run's is begun again");
    afar.state("{}");
    let there = parts();
    assert!(there > 0);
    assert_eq!(reads(&["--refresh"], 0), (8 - there, true));
    assert_eq!(reads(&["--refresh"], 0), (8, false), "one that came to its end is not used");
}

#[test]
fn data_of_another_account_is_never_used() {
    let whole = Afar::pulled().0.read(REPORT);
    let afar = Afar::new();
    afar.0.write("cvj.toml", CONFIG.replace("folder = \"far\"", "folder = \"far\"\ntoken = { secret = \"CVJ_TEST_FAR\" }"));
    let report = |token: &str, arguments: &[&str]| {
        let mut command = afar.0.command(&[&["report", "--format", "json"], arguments].concat());
        output_of(command.env("CVJ_TEST_FAR", token))
    };
    afar.state(r#"{"contacts": 200, "fails": "deals 1"}"#);
    report("first", &[]).expect_status(1);
    afar.state("{}");
    let before = afar.reads().len();
    let second = report("second", &[]).expect_status(0);
    assert!(
        second.stderr.contains("tables `contacts`, `deals` are pulled anew: the source's credentials have changed since"),
        "{}",
        second.stderr
    );
    assert_eq!((afar.reads().len() - before, afar.0.read(REPORT)), (8, whole), "what another began is not gone on with");
    report("second", &[]).expect_status(0);
    assert_eq!(afar.reads().len() - before, 8, "the same account's is used again");
    let third = report("third", &[]).expect_status(0);
    assert!(third.stderr.contains("credentials have changed"), "{}", third.stderr);
    assert_eq!(afar.reads().len() - before, 16);
    let none = afar.report(&[]).expect_status(1);
    assert!(none.stderr.contains("the secret `CVJ_TEST_FAR` was not found"), "{}", none.stderr);
    afar.report(&["--offline"]).expect_status(0);
    assert_eq!(afar.reads().len() - before, 16);
    let kept = content_of(afar.0.cache());
    for secret in ["first", "second", "third"] {
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|word| word == secret.as_bytes());
        assert!(!kept.values().any(|bytes| holds(bytes)), "a file of the cache holds a secret");
    }
}

#[test]
fn a_column_that_is_new_afar_is_found() {
    let afar = Afar::pulled();
    let by = |column: &str| afar.0.write("cvj.toml", CONFIG.to_owned() + &BY_CITY.replace("city", column));
    by("language");
    let unknown = afar.report(&[]).expect_status(1);
    assert!(unknown.stderr.contains("`language`"), "{}", unknown.stderr);
    assert_eq!(afar.calls(), ["open", "tables"], "what it has is asked before that is an error");
    let offline = afar.report(&["--offline"]).expect_status(1);
    assert!(offline.stderr.contains("what `crm` has is known as of "), "{}", offline.stderr);
    afar.state(r#"{"languages": true}"#);
    afar.report(&[]).expect_status(0);
    assert!(afar.reads().iter().all(|read| read.starts_with("read contacts")), "{:?}", afar.reads());
    by("dialect");
    afar.report(&[]).expect_status(1);
}

#[test]
fn columns_that_change_begin_the_pull_again() {
    let afar = Afar::pulled();
    let report = afar.0.read(REPORT);
    afar.state(r#"{"text_keys": true}"#);
    afar.0.write("cvj.toml", CONFIG.to_owned() + BY_CITY);
    afar.report(&[]).expect_status(0);
    assert_eq!(afar.reads(), all_reads(), "both tables have other keys");
    afar.0.write("cvj.toml", CONFIG);
    afar.report(&[]).expect_status(0);
    assert_eq!(afar.0.read(REPORT), report);
    afar.state(r#"{"changes": true}"#);
    let plans = || afar.calls().iter().filter(|call| call.starts_with("plan contacts")).count();
    let before = plans();
    let output = afar.report(&["--refresh"]).expect_status(1);
    assert!(output.stderr.contains("a column was taken away"), "{}", output.stderr);
    assert_eq!(plans() - before, 2, "a source that never settles is pulled twice, not for ever");
}

#[test]
fn a_control_total_that_differs_is_told_and_strict() {
    let afar = Afar::new();
    afar.state(r#"{"says": 101}"#);
    let output = afar.0.cvj_report(&["--format", "json,html,worksheet"]).expect_status(0);
    let warning = "table `crm.contacts`: the source says it has 101 rows, 100 were received";
    assert!(output.stderr.contains(warning), "{}", output.stderr);
    let tables = &afar.0.report_json("2026-10")["sources"][0]["tables"];
    assert_eq!((&tables[1]["rows_read"], &tables[1]["rows_expected"]), (&100.into(), &101.into()));
    assert!(afar.0.read("reports/2026-10/report.html").contains("contacts: the source says it has 101 rows, 100 received."));
    afar.report(&["--strict"]).expect_status(3);
    let checked = afar.0.cvj(&["check"]).expect_status(0);
    assert!(checked.stdout.contains("contacts: 100 rows; the source says it has 101"), "{}", checked.stdout);
}

/// What becomes of a file's bytes.
type Damage = fn(&mut Vec<u8>);

#[test]
fn what_was_damaged_gives_no_number() {
    let whole = Afar::pulled().0.read(REPORT);
    let flip: Damage = |bytes| {
        let middle = bytes.len() / 3;
        bytes[middle] ^= 1;
    };
    let damages: [(&str, &str, Damage); 5] = [
        ("flipped", "00001.parquet", flip),
        ("truncated", "00001.parquet", |bytes| bytes.truncate(100)),
        ("emptied receipt", "00001.json", Vec::clear),
        ("truncated plan", "plan.json", |bytes| bytes.truncate(40)),
        ("newer plan", "plan.json", |bytes| *bytes = b"{\"version\": 99}".to_vec()),
    ];
    for (what, file, damage) in damages {
        let afar = Afar::pulled();
        let path = afar.files(file).into_iter().find(|path| path.to_string_lossy().contains("contacts")).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let offline = afar.report(&["--offline"]).expect_status(1);
        assert!(offline.stderr.contains("contacts"), "{what}: {}", offline.stderr);
        let online = afar.report(&[]).expect_status(0);
        assert!(online.stderr.contains("it is pulled anew"), "{what}: {}", online.stderr);
        assert_eq!((afar.reads().len(), afar.0.read(REPORT)), (5, whole.clone()), "{what}");
    }
}

#[test]
fn two_runs_at_once_pull_once() {
    let afar = Afar::new();
    afar.state(r#"{"wait_ms": 100}"#);
    let run = || {
        let mut command = afar.0.command(&["explain", "Sales"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let outputs = [run(), run()].map(|run| run.wait_with_output().unwrap());
    let told = outputs.each_ref().map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(outputs.iter().all(|output| output.status.success()), "{told:?}");
    assert_eq!(told.iter().filter(|told| told.contains("waits for another cvj")).count(), 1, "{told:?}");
    assert_eq!(afar.reads(), all_reads());
}

#[test]
fn a_check_pulls_no_table() {
    let afar = Afar::new();
    let checked = afar.0.cvj(&["check"]).expect_status(0);
    assert!(checked.stdout.contains("contacts: not pulled: `cvj report` pulls it"), "{}", checked.stdout);
    assert!(
        checked.stdout.contains("p•••")
            && !checked.stdout.contains("@example.com")
            && checked.stdout.contains("Subscribe touchpoint"),
        "{}",
        checked.stdout
    );
    assert!(afar.calls().contains(&"check".to_owned()));
    assert_eq!(afar.reads(), ["read contacts 0", "read deals 0"]);
    assert!(afar.calls().iter().all(|call| !call.ends_with("limit false")) && afar.files(".parquet").is_empty());
    afar.0.replace("cvj.toml", "sum(amount)", "sum(amuont)");
    let wrong = afar.0.cvj(&["check"]).expect_status(1);
    assert!(wrong.stderr.contains("did you mean `amount`?"), "{}", wrong.stderr);
}

#[test]
fn a_view_that_needs_no_column_of_a_table_counts_its_rows() {
    const COUNTED: &str = r#"
[table.counted]
sql = "SELECT d.closed, c.n FROM crm.deals d CROSS JOIN (SELECT count(*) AS n FROM crm.contacts) c"

[[metric]]
stage = "aware"
name = "Contacts"
from = "counted"
value = "max(n)"
at = "closed"
"#;
    let afar = Afar::new();
    let (head, _) = CONFIG.split_once("[[touchpoint]]").unwrap();
    afar.0.write("cvj.toml", head.to_owned() + COUNTED);
    afar.report(&[]).expect_status(0);
    assert_eq!(afar.0.report_json("2026-10")["overall"]["stages"][0]["metrics"][0]["actual"], 100.0);
    assert!(afar.calls().contains(&"plan contacts id limit false".to_owned()), "{:?}", afar.calls());
}

#[test]
fn what_is_kept_is_listed_and_cleared() {
    let afar = Afar::pulled();
    let kept = afar.kept(&[]);
    let told = |index: usize| (kept[index]["table"].clone(), kept[index]["rows"].clone(), kept[index]["complete"].clone());
    assert_eq!([told(0), told(1)], [("contacts".into(), 100.into(), true.into()), ("deals".into(), 49.into(), true.into())]);
    assert_eq!(kept[0]["client"], afar.0.path().canonicalize().unwrap().to_str().unwrap());
    assert!(afar.0.cvj(&["cache", "list"]).expect_status(0).stdout.contains("contacts"));
    afar.0.cvj(&["cache", "clear", "other"]).expect_status(2);
    afar.0.cvj(&["cache", "clear", "--client", "far"]).expect_status(2);
    assert_eq!(afar.kept(&[]), kept, "it is of another client and source");
    afar.0.cvj(&["cache", "clear", "--client", ".", "crm"]).expect_status(0);
    assert_eq!((afar.kept(&[]), afar.files(".parquet").len()), (Value::Array(Vec::new()), 0));
}

#[test]
fn a_folder_that_cannot_hold_it_is_told() {
    let afar = Afar::new();
    let within = output_of(afar.0.command(&["report"]).env("CVJ_CACHE", afar.0.path().join("cache")));
    assert!(within.expect_status(1).stderr.contains("lies in the client's folder"));
    let file = output_of(afar.0.command(&["report"]).env("CVJ_CACHE", afar.0.cache().join("file").join("below")));
    file.expect_status(0);
    fs::write(afar.0.cache().join("full"), "").unwrap();
    let blocked = output_of(afar.0.command(&["report"]).env("CVJ_CACHE", afar.0.cache().join("full"))).expect_status(1);
    assert!(blocked.stderr.contains("cannot be created") && blocked.stderr.contains("hint: set CVJ_CACHE"), "{}", blocked.stderr);
}

#[test]
fn clients_that_are_pulled_at_once_keep_their_own() {
    let clients = Client::new();
    for (folder, rows) in [("a", 40), ("b", 100)] {
        let afar = Afar::new();
        afar.state(&format!(r#"{{"contacts": {rows}}}"#));
        clients.take_in(folder, &afar.0);
    }
    let people = |folder: &str| {
        let report: Value = serde_json::from_str(&clients.read(&format!("{folder}/{REPORT}"))).unwrap();
        let mut tables = report["sources"].as_array().unwrap().iter().flat_map(|source| source["tables"].as_array().unwrap());
        tables.find(|table| table["name"] == "contacts").unwrap()["rows_read"].clone()
    };
    for more in ["--refresh", "--offline"] {
        clients.cvj_report(&["--all", ".", "--jobs", "2", "--format", "json", more]).expect_status(0);
        assert_eq!((people("a"), people("b")), (40.into(), 100.into()), "{more}");
    }
}
