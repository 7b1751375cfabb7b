//! Plugins that misbehave: whatever they do, `cvj` tells it in one message, exits with 1, and leaves the earlier report as it
//! was; no fault of theirs ends it by a signal. And a plugin written in C, used like any other.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use cvj_tests::{Client, Output, content_of, program, repository};

const CONFIG: &str = r#"[client]
name = "Chaos"
currency = "USD"
timezone = "UTC"

[report]
period = "month"
history = 2
as_of = "2026-11-04"

[source.x]
plugin = "chaos"
misbehave = "none"
rows = 400

[[touchpoint]]
stage = "subscribe"
from = "x"
person = "email"
at = "at"
"#;

/// A client whose source behaves, with a report.
fn client() -> (Client, BTreeMap<String, Vec<u8>>) {
    let client = Client::new();
    client.write("cvj.toml", CONFIG);
    client.cvj_report(&[]).expect_status(0);
    let report = content_of(&client.path().join("reports"));
    assert!(report.contains_key("2026-10/report.json"), "{:?}", report.keys());
    (client, report)
}

/// Asserts that the run failed with exit code 1 and one message, which names the source and says this, and printed nothing
/// else.
#[track_caller]
fn assert_one_message(fault: &str, output: Output, says: &str) {
    let Output { stdout, stderr, .. } = output.expect_status(1);
    let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(errors.len(), 1, "{fault} is not told in one message:\n{stderr}");
    assert!(
        errors[0].contains(says) && errors[0].contains("`x`"),
        "{fault} does not name the source and say {says:?}:\n{stderr}"
    );
    for noise in ["thread '", "RUST_BACKTRACE", "stack backtrace"] {
        assert!(!stderr.contains(noise), "{fault} prints {noise:?}:\n{stderr}");
    }
    assert_eq!(stdout, "", "{fault} prints to stdout");
}

#[test]
fn every_fault_ends_in_one_message_and_keeps_the_earlier_report() {
    let faults = [
        ("panic-in-open", "chaos was asked to panic in open"),
        ("panic-in-tables", "chaos was asked to panic in tables"),
        ("panic-in-plan", "chaos was asked to panic in plan"),
        ("panic-in-stream", "chaos was asked to panic in its stream"),
        ("panic-with-payload-that-panics-on-drop", "the plugin panicked"),
        ("nul-in-error", "after the NUL byte"),
        ("producer-dies", "chaos was asked to let its producer die"),
        ("error-in-stream", "chaos was asked to fail in its stream"),
        ("schema-changed-always", "column `id` is no longer a whole number"),
        ("wrong-batch-schema", "a batch of another schema than it planned"),
        ("short-filter-answers", "the plugin `chaos` broke its contract"),
    ];
    let (client, report) = client();
    for (fault, says) in faults {
        client.write("cvj.toml", CONFIG.replace("\"none\"", &format!("{fault:?}")));
        assert_one_message(fault, client.cvj_report(&[]), says);
        assert_eq!(content_of(&client.path().join("reports")), report, "{fault} touched the earlier report");
    }
}

#[test]
fn a_plugin_that_hangs_is_given_up() {
    let (client, report) = client();
    for fault in ["hang-in-open", "hang-in-tables", "hang-in-stream"] {
        client.write("cvj.toml", CONFIG.replace("\"none\"", &format!("{fault:?}")));
        let start = Instant::now();
        let output = client.cvj_report(&["--plugin-timeout", "1"]);
        assert!(start.elapsed() < Duration::from_secs(30), "{fault} held cvj up for {:?}", start.elapsed());
        assert_one_message(fault, output, "the plugin `chaos` did not answer for 1 s");
        assert_eq!(content_of(&client.path().join("reports")), report, "{fault} touched the earlier report");
    }
}

#[test]
fn faults_that_cost_no_data_leave_the_report_as_it_is() {
    let (client, report) = client();
    for fault in [
        "panic-in-release",
        "panic-in-stream-release",
        "hang-in-release",
        "schema-changed-once",
        "task-kept-too-long",
        "floods-log",
    ] {
        client.write("cvj.toml", CONFIG.replace("\"none\"", &format!("{fault:?}")));
        client.cvj_report(&["--format", "json"]).expect_status(0);
        let now = content_of(&client.path().join("reports"));
        assert_eq!(now["2026-10/report.json"], report["2026-10/report.json"], "{fault} changes the report");
    }
}

#[test]
fn a_panic_in_check_is_a_problem_found() {
    let client = Client::new();
    client.write("cvj.toml", CONFIG.replace("\"none\"", "\"panic-in-check\""));
    let output = client.cvj(&["check"]).expect_status(1);
    let told = output.stdout + &output.stderr;
    assert!(told.contains("panic in check") && !told.contains("thread '"), "{told}");
}

/// Compiles a plugin of `tests/c_plugin` into the client's `plugins`; `false`, said aloud, where there is no C compiler.
fn compile(client: &Client, file: &str, name: &str, define: &str) -> bool {
    let folder = client.path().join("plugins");
    std::fs::create_dir_all(&folder).unwrap();
    let library = format!("{}cvj_plugin_{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let sources = repository().join("tests").join("c_plugin");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-shared", "-fPIC", define, "-I"]).arg(repository().join("cvj-core").join("include"));
    cc.arg(sources.join(Path::new(file))).arg("-o").arg(folder.join(library));
    match cc.output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(error) => {
            assert!(std::env::var_os("CVJ_REQUIRE").is_none(), "CVJ_REQUIRE is set: {error}");
            eprintln!("skipped: there is no C compiler `cc` ({error})");
            false
        }
    }
}

fn config_for(plugin: &str) -> String {
    CONFIG.replace("\"chaos\"", &format!("{plugin:?}")).replace("misbehave = \"none\"\nrows = 400\n", "")
}

#[test]
fn a_plugin_written_in_c_gives_a_report() {
    let client = Client::new();
    client.write("cvj.toml", config_for("minimal"));
    if !compile(&client, "minimal.c", "minimal", "-DNDEBUG") {
        return;
    }
    client.cvj_report(&["--plugin-path", "plugins", "--format", "json"]).expect_status(0);
    let report = client.report_json("2026-10");
    let subscribe = &report["overall"]["stages"].as_array().unwrap()[2];
    assert_eq!((subscribe["stage"].as_str(), subscribe["people"]["any"].as_u64()), (Some("subscribe"), Some(3)));
    assert_eq!(report["sources"][0]["tables"][0]["rows_read"], 3);
}

#[test]
fn plugins_are_found_by_the_environment_and_in_the_users_data_folder() {
    let client = Client::new();
    client.write("cvj.toml", config_for("minimal"));
    if !compile(&client, "minimal.c", "minimal", "-DNDEBUG") {
        return;
    }
    let plugins = client.path().join("plugins");
    let status = |mut command: Command| command.current_dir(client.path()).args(["check"]).output().unwrap().status;
    assert_eq!(status(program()).code(), Some(1), "nothing says where the plugin is");
    let mut command = program();
    command.env("CVJ_PLUGIN_PATH", std::env::join_paths([client.path().join("none"), plugins.clone()]).unwrap());
    assert_eq!(status(command).code(), Some(0), "CVJ_PLUGIN_PATH");
    if cfg!(all(unix, not(target_os = "macos"))) {
        std::fs::create_dir(client.path().join("cvj")).unwrap();
        std::fs::rename(&plugins, client.path().join("cvj").join("plugins")).unwrap();
        let mut command = program();
        command.env("XDG_DATA_HOME", client.path());
        assert_eq!(status(command).code(), Some(0), "the user's data folder");
    }
}

#[test]
fn the_working_directory_is_no_place_for_plugins() {
    let client = Client::new();
    client.write("cvj.toml", config_for("stray"));
    let library = format!("{}cvj_plugin_stray{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    client.write(&library, "not looked at");
    let mut command = program();
    command.env("CVJ_PLUGIN_PATH", std::env::join_paths(["", "."]).unwrap()).env("LD_LIBRARY_PATH", client.path());
    let output = command.current_dir(client.path()).args(["check"]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("the plugin `stray` was not found"), "{told}");
    assert!(!told.contains(&*client.path().to_string_lossy()), "{told}");
}

#[test]
fn a_broken_plugin_written_in_c_is_refused_or_told() {
    let faults = [
        ("NEWER_ABI", "it needs a newer cvj"),
        ("ABORTS", "panic = \"abort\""),
        ("NO_UTF8", "column `email`"),
        ("STREAM_ENDS_IN_FAILURE", "ended a stream with error 5"),
    ];
    for (fault, says) in faults {
        let client = Client::new();
        client.write("cvj.toml", config_for("broken"));
        if !compile(&client, "broken.c", "broken", &format!("-DFAULT={fault}")) {
            return;
        }
        let output = client.cvj_report(&["--plugin-path", "plugins"]);
        assert_one_message(fault, output, says);
        assert!(!client.path().join("reports").exists(), "{fault} left a report");
    }
}
