//! Wrong configurations, paths, columns, types, plugins and flags. Each ends in one message that says where and what to do,
//! exits with 1 (2 for the command line), prints nothing to stdout, and leaves the earlier report as it was.

use cvj_tests::{Client, content_of};

/// One wrong thing.
struct Wrong {
    what: &'static str,
    changes: &'static [Change],
    arguments: &'static [&'static str],
    status: i32,
    /// A piece of `cvj.toml` whose line the message must name.
    place: Option<&'static str>,
    /// What the message must say besides.
    says: &'static [&'static str],
}

/// A change to the client's folder, which gives a report without it.
#[derive(Clone, Copy)]
enum Change {
    /// In `cvj.toml`, the first text becomes the second.
    Config(&'static str, &'static str),
    /// At the end of `cvj.toml`.
    Append(&'static str),
    Write(&'static str, &'static [u8]),
    Remove(&'static str),
}

use Change::{Append, Config, Remove, Write};

const fn config(what: &'static str, changes: &'static [Change], place: &'static str, says: &'static [&'static str]) -> Wrong {
    Wrong { what, changes, arguments: &["report"], status: 1, place: Some(place), says }
}

const fn data(what: &'static str, changes: &'static [Change], says: &'static [&'static str]) -> Wrong {
    Wrong { what, changes, arguments: &["report"], status: 1, place: None, says }
}

const fn flags(what: &'static str, arguments: &'static [&'static str], status: i32, says: &'static [&'static str]) -> Wrong {
    Wrong { what, changes: &[], arguments, status, place: None, says }
}

const BROKEN_PLUGIN: &str = if cfg!(windows) {
    "plugins/cvj_plugin_broken.dll"
} else if cfg!(target_os = "macos") {
    "plugins/libcvj_plugin_broken.dylib"
} else {
    "plugins/libcvj_plugin_broken.so"
};

const WRONG: &[Wrong] = &[
    // The configuration as text.
    config("broken TOML", &[Config("currency = \"USD\"", "currency = \"USD")], "currency = \"USD", &[]),
    config("an unknown table", &[Config("[report]", "[reprot]")], "[reprot]", &["`reprot`", "did you mean `report`?"]),
    config("an unknown key", &[Config("history = 3", "histroy = 3")], "histroy", &["did you mean `history`?"]),
    config("a number as text", &[Config("history = 3", "history = \"three\"")], "\"three\"", &["history"]),
    config("too much history", &[Config("history = 3", "history = 0")], "history = 0", &["history"]),
    data("not UTF-8", &[Write("cvj.toml", b"[client]\nname = \"Caf\xe9\"\n")], &["cvj.toml:2", "UTF-8"]),
    data("no cvj.toml", &[Remove("cvj.toml")], &["cvj.toml"]),
    // The configuration's values.
    config(
        "an unknown time zone",
        &[Config("America/Chicago", "America/Chicgo")],
        "America/Chicgo",
        &["did you mean `America/Chicago`?"],
    ),
    config("an unknown currency", &[Config("\"USD\"", "\"dollars\"")], "dollars", &["ISO 4217"]),
    config("an unknown kind of period", &[Config("\"month\"", "\"fortnight\"")], "fortnight", &["month"]),
    config("an unreadable as_of", &[Config("2026-11-04", "next Friday")], "next Friday", &["as_of"]),
    config("an unknown stage", &[Config("stage = \"aware\"", "stage = \"awre\"")], "awre", &["did you mean `aware`?"]),
    config("an unknown unit", &[Config("unit = \"percent\"", "unit = \"percents\"")], "percents", &["did you mean `percent`?"]),
    config("a window of the first stage", &[Append("[window]\naware = 3\n")], "aware = 3", &["first stage"]),
    config("a window below zero", &[Append("[window]\nconvert = -3\n")], "convert = -3", &[]),
    config("a product twice", &[Config("\"Piano move\"", "\"local move\"")], "name = \"local move\"", &["twice"]),
    config("a source without a plugin", &[Append("[source.more]\npath = \"x.csv\"\n")], "[source.more]", &["`more`", "plugin"]),
    config(
        "a metric without a time",
        &[Config("unit = \"percent\"\nat = \"date\"", "unit = \"percent\"")],
        "[[metric]]",
        &["`at`"],
    ),
    // Definitions against their tables.
    config(
        "an unknown source",
        &[Config("from = \"web\"\nvalue = \"sum(sessions)\"", "from = \"wbe\"\nvalue = \"sum(sessions)\"")],
        "\"wbe\"",
        &["`wbe`", "`web`"],
    ),
    config("an unknown column", &[Config("sum(sessions)", "sum(sesions)")], "sesions", &["`sesions`", "`sessions`"]),
    config(
        "an unknown person column",
        &[Config("from = \"letters\"\nperson = \"email\"", "from = \"letters\"\nperson = \"emial\"")],
        "emial",
        &["`email`"],
    ),
    config(
        "an unknown column in a list",
        &[Config("at = \"joined_at\"", "at = \"joined_at\"\nby = [\"email\", \"intrest\"]")],
        "intrest",
        &["`intrest`", "`interest`"],
    ),
    config(
        "persons in a list of values to print",
        &[Config("at = \"joined_at\"", "at = \"joined_at\"\nby = [\"interest\", \"email\"]")],
        "\"email\"]",
        &["`email`", "printed"],
    ),
    config("an unparsable expression", &[Config("sum(sessions)", "sum(sessions")], "sum(sessions", &[]),
    config("an unknown function", &[Config("sum(sessions)", "summ(sessions)")], "summ", &["summ"]),
    config("no aggregate", &[Config("\"sum(sessions)\"", "\"sessions\"")], "\"sessions\"", &["aggregate"]),
    config(
        "a statement in an expression",
        &[Config("\"sum(sessions)\"", "\"sum(sessions); DROP TABLE web\"")],
        "DROP TABLE",
        &[],
    ),
    config(
        "a view that is no SELECT",
        &[Append("[table.t]\nsql = \"CREATE TABLE x AS SELECT 1\"\n")],
        "CREATE TABLE",
        &["SELECT"],
    ),
    config(
        "a view of any three rows",
        &[Append("[table.t]\nsql = \"SELECT * FROM web LIMIT 3\"\n")],
        "LIMIT",
        &["LIMIT", "same inputs"],
    ),
    config(
        "a view that reads the clock",
        &[Append("[table.t]\nsql = 'SELECT \"now\"() AS n FROM web'\n")],
        "now",
        &["`now`"],
    ),
    data(
        "thousands or decimals",
        &[
            Write(
                "exports/orders.csv",
                b"Order ID,Email,Created at,Item,Total\n1001,ann@example.com,2026-10-01 10:00:00,piano,1.234\n1002,bob@example.com,2026-10-31 10:00:00,piano,2.500\n",
            ),
        ],
        &["`total`", "1.234", "decimal = "],
    ),
    data("a folder as path", &[Config("path = \"exports/orders.csv\"", "path = \"exports\"")], &["is a folder", "exports/*"]),
    data(
        "nothing defined",
        &[Write("cvj.toml", b"[client]\nname = \"N\"\ncurrency = \"USD\"\ntimezone = \"UTC\"\n[report]\nas_of = \"2026-11-04\"\n")],
        &["no metric and no touchpoint", "[[metric]]"],
    ),
    config(
        "a view that writes a file",
        &[Append("[table.t]\nsql = \"COPY (SELECT * FROM web) TO 'out.csv'\"\n")],
        "COPY",
        &["SELECT"],
    ),
    config(
        "a view over a file",
        &[Append("[table.t]\nsql = \"SELECT * FROM 'exports/orders.csv'\"\n")],
        "exports/orders.csv",
        &[],
    ),
    data(
        "two definitions of one metric",
        &[Append(
            "[[metric]]\nstage = \"aware\"\nname = \"Sessions\"\nfrom = \"web\"\nvalue = \"count(*)\"\nat = \"date\"\nproduct = \"page\"\n",
        )],
        &["cvj.toml:", "Sessions", "combine"],
    ),
    // What the sources find.
    data("no file at a path", &[Config("exports/web-*.csv", "exports/nothing-*.csv")], &["`web`", "exports/nothing-*.csv"]),
    data("an empty file", &[Write("exports/orders.csv", b"")], &["`shop`", "orders.csv"]),
    data("text where a number is needed", &[Config("sum(sessions)", "sum(page)")], &["`page`", "number"]),
    data("text where a time is needed", &[Config("at = \"joined_at\"", "at = \"interest\"")], &["`interest`"]),
    data(
        "a rate above one",
        &[Write("exports/web-2026.csv", b"Date,Page,Sessions,Visitors,Sign-ups\n2026-10-03,/local,150,10,14\n")],
        &["Opt-in rate", "14", "10"],
    ),
    // Plugins.
    config(
        "a mistyped plugin",
        &[Config("plugin = \"csv\"\npath = \"exports/orders.csv\"", "plugin = \"cvs\"\npath = \"exports/orders.csv\"")],
        "\"cvs\"",
        &["`cvs`", "did you mean `csv`?"],
    ),
    data(
        "a plugin that is not there",
        &[Config("plugin = \"csv\"\npath = \"exports/orders.csv\"", "plugin = \"salesforce\"\npath = \"exports/orders.csv\"")],
        &["`shop`", "`salesforce`", "tried", "--plugin-path"],
    ),
    config(
        "an unknown key of a plugin",
        &[Config("path = \"exports/orders.csv\"", "path = \"exports/orders.csv\"\ndelimeter = \";\"")],
        "delimeter",
        &["`delimeter`", "`delimiter`"],
    ),
    config(
        "a plugin's key of a wrong type",
        &[Config("path = \"exports/orders.csv\"", "path = 5")],
        "path = 5",
        &["`shop`", "`path`"],
    ),
    Wrong {
        arguments: &["report", "--plugin-path", "plugins"],
        ..data(
            "a plugin that is no library",
            &[
                Config("plugin = \"csv\"\npath = \"exports/orders.csv\"", "plugin = \"broken\""),
                Write(BROKEN_PLUGIN, b"#!/bin/sh\n"),
            ],
            &["`shop`", "cvj_plugin_broken"],
        )
    },
    // The command line.
    flags("no such folder", &["report", "nowhere"], 1, &["nowhere"]),
    flags("an unknown product", &["report", "--product", "Pano move"], 1, &["`Pano move`", "Piano move"]),
    flags("a folder that is a file", &["report", "--out", "cvj.toml"], 1, &["`cvj.toml`", "not a folder"]),
    flags("a folder of other things", &["report", "--out", "exports"], 1, &["`exports`", "--out"]),
    flags("an unreadable period", &["report", "--period", "2026-13"], 2, &["--period", "2026-10"]),
    flags("an unknown format", &["report", "--format", "html,pdf"], 2, &["--format", "pdf", "worksheet"]),
    flags("an unknown flag", &["report", "--perod", "2026-10"], 2, &["--perod", "--period"]),
    flags("an unknown command", &["raport"], 2, &["raport", "report"]),
    flags("no time for plugins", &["check", "--plugin-timeout", "0"], 2, &["--plugin-timeout"]),
    flags("a page that is not written", &["report", "--open", "--format", "json"], 2, &["--open", "--format"]),
];

#[test]
fn each_ends_in_one_message_and_leaves_the_earlier_report() {
    let good = Client::moving();
    let first = good.cvj_report(&["--period", "2026-10"]).expect_status(0);
    assert!(first.stdout.contains("report.html"), "{}", first.stdout);
    let found: Vec<String> = std::thread::scope(|scope| {
        let halves = WRONG.chunks(WRONG.len().div_ceil(2));
        let running: Vec<_> =
            halves.map(|half| scope.spawn(|| half.iter().flat_map(|wrong| faults(wrong, &good)).collect())).collect();
        running.into_iter().flat_map(|half| -> Vec<String> { half.join().unwrap() }).collect()
    });
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// What is wrong with the answer to a wrong input.
fn faults(wrong: &Wrong, good: &Client) -> Vec<String> {
    let client = good.fork();
    for change in wrong.changes {
        match *change {
            Config(old, new) => client.replace("cvj.toml", old, new),
            Append(text) => client.write("cvj.toml", client.read("cvj.toml") + text),
            Write(name, bytes) => client.write(name, bytes),
            Remove(name) => std::fs::remove_file(client.path().join(name)).unwrap(),
        }
    }
    let exports = content_of(&client.path().join("exports"));
    let answer = client.cvj(wrong.arguments);

    let mut faults = Vec::new();
    let mut demand = |holds: bool, what: String| {
        if !holds {
            faults.push(format!("{}: {what}\n{}", wrong.what, answer.stderr));
        }
    };
    demand(answer.status == wrong.status, format!("exit code {}, expected {}", answer.status, wrong.status));
    demand(answer.stdout.is_empty(), format!("stdout holds {:?}", answer.stdout));
    let messages = answer.stderr.lines().filter(|line| line.starts_with("error:")).count();
    demand(messages == 1, format!("{messages} messages"));
    demand(!answer.stderr.contains("panicked"), "a panic shows".to_owned());
    let advice = ["hint: ", "tip: ", "For more information"];
    demand(advice.iter().any(|word| answer.stderr.contains(word)), "nothing says what to do".to_owned());
    for part in wrong.says {
        demand(answer.stderr.contains(part), format!("{part:?} is not said"));
    }
    if let Some(place) = wrong.place {
        let text = client.read("cvj.toml");
        // The last one: what was added stands at the end.
        let before = text.rfind(place).map_or("", |at| &text[..at]);
        let line = before.matches('\n').count() + 1;
        demand(answer.stderr.contains(&format!("cvj.toml:{line}:")), format!("cvj.toml:{line} is not named"));
    }
    let reports = |client: &Client| content_of(&client.path().join("reports"));
    demand(reports(&client) == reports(good), "the earlier report is not as it was".to_owned());
    demand(content_of(&client.path().join("exports")) == exports, "the exports are not as they were".to_owned());
    faults
}

#[test]
fn there_are_more_than_twenty_kinds() {
    let mut kinds: Vec<&str> = WRONG.iter().map(|wrong| wrong.what).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(kinds.len() == WRONG.len() && kinds.len() > 20, "{}", kinds.len());
}
