//! Credentials: where they are looked for, what `cvj auth` and `cvj check` say about them, and that their values are nowhere.

use std::io::Write;
use std::process::{Command, Stdio};

use cvj_tests::{Client, Output, content_of, program};

/// A source that asks for a token, and one that needs none.
const CONFIG: &str = r#"[client]
name = "Acme & Co"
currency = "USD"
timezone = "UTC"

[report]
period = "month"
history = 2
as_of = "2026-11-04"

[source.crm]
plugin = "chaos"
rows = 400
token = { secret = "CVJ_TEST_TOKEN" }

[source.letters]
plugin = "csv"
path = "letters.csv"

[[touchpoint]]
stage = "subscribe"
from = "crm"
person = "email"
at = "at"

[[touchpoint]]
stage = "engage"
from = "letters"
person = "email"
at = "at"
"#;

fn client() -> Client {
    let client = Client::new();
    client.write("cvj.toml", CONFIG);
    client.write("letters.csv", "email,at\nann@example.com,2026-10-01 10:00:00\nbob@example.com,2026-10-02 11:00:00\n");
    client
}

/// `cvj` in the client's folder, with settings of the environment, and with text on standard input.
fn run(client: &Client, arguments: &[&str], settings: &[(&str, &str)], stdin: &str) -> Output {
    let mut command: Command = program();
    command.current_dir(client.path()).args(arguments).envs(settings.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that does not read its input may have closed it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Output { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn with_token(client: &Client, arguments: &[&str], token: &str) -> Output {
    run(client, arguments, &[("CVJ_TEST_TOKEN", token)], "")
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn a_report_is_made_with_a_token_of_the_environment_and_does_not_hold_it() {
    let client = client();
    let output = with_token(&client, &["report", "-vv"], "open-sesame").expect_status(0);
    assert_says(&output.stderr, &["chaos was given the token •••"]);
    assert!(!output.stderr.contains("open-sesame"), "{}", output.stderr);
    for (name, bytes) in content_of(client.path()) {
        let found = bytes.windows(11).any(|window| window == b"open-sesame");
        assert!(!found, "{name} holds the token");
    }
}

#[test]
fn check_tells_right_wrong_missing_and_powerless_credentials_and_wrong_hosts_apart() {
    let client = client();
    let right = with_token(&client, &["check"], "open-sesame").expect_status(0);
    assert_says(&right.stdout, &["secret `CVJ_TEST_TOKEN` from the environment", "2 rows from letters.csv", "400 rows"]);

    let missing = run(&client, &["check"], &[], "").expect_status(1);
    assert_says(
        &missing.stderr,
        &[
            "error: source `crm`: the secret `CVJ_TEST_TOKEN` was not found",
            "the environment variable CVJ_TEST_TOKEN is not set",
            "the keyring is turned off by CVJ_KEYRING",
            "CVJ_SECRET_COMMAND is not set",
            "hint: `cvj auth set crm`",
        ],
    );

    let wrong = with_token(&client, &["check"], "wr/ng tökén").expect_status(1);
    assert_says(
        &wrong.stderr,
        &[
            "error: source `crm`: chaos does not know the token ••• (asked with ?token=•••)",
            "hint: make a token in the settings of chaos; `CVJ_TEST_TOKEN` came from the environment",
        ],
    );
    assert!(!wrong.stderr.contains("wr") && !wrong.stderr.contains("%77"), "{}", wrong.stderr);

    let powerless = with_token(&client, &["check"], "read-nothing").expect_status(1);
    assert_says(&powerless.stderr, &["it lacks the scope `events.read`", "hint: the credentials are accepted"]);

    client.replace("cvj.toml", "rows = 400", "misbehave = \"nobody-answers\"");
    let nobody = with_token(&client, &["check"], "open-sesame").expect_status(1);
    assert_says(
        &nobody.stderr,
        &["nobody answers at https://chaos.invalid", "hint: look at the network, and at the address in [source.crm]"],
    );

    let errors = |output: &Output| output.stderr.lines().filter(|line| line.starts_with("error: source")).count();
    for output in [&missing, &wrong, &powerless, &nobody] {
        assert_eq!(errors(output), 1, "{}", output.stderr);
        assert_says(&output.stdout, &["crm (chaos): could not be opened", "letters (csv)", "not read from letters.csv"]);
    }
}

#[test]
fn check_tells_the_problems_of_all_sources() {
    let client = client();
    client.replace("cvj.toml", "path = \"letters.csv\"", "pth = \"letters.csv\"");
    let output = run(&client, &["check", "--json"], &[], "").expect_status(1);
    assert_says(&output.stderr, &["the secret `CVJ_TEST_TOKEN` was not found", "the plugin `csv` has no key `pth`"]);
    let json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(json["problems"].as_array().unwrap().len(), 2);
    assert_eq!(json["sources"][0]["opened"], false);
    assert_eq!(json["sources"][0]["name"], "crm");
}

#[test]
fn auth_test_says_where_a_secret_comes_from() {
    let client = client();
    let output = with_token(&client, &["auth", "test", "crm"], "open-sesame\n").expect_status(0);
    assert_says(&output.stdout, &["`CVJ_TEST_TOKEN` comes from the environment", "accepts the credentials: it has events"]);
    assert_says(&output.stderr, &["warning: source `crm`: the secret `CVJ_TEST_TOKEN` from the environment has blanks"]);
    let output = with_token(&client, &["auth", "test", "crm"], "wrong-token").expect_status(1);
    assert_says(&output.stdout, &["`CVJ_TEST_TOKEN` comes from the environment"]);
    assert_says(&output.stderr, &["error: source `crm`: chaos does not know the token •••"]);
    let output = run(&client, &["auth", "test", "crm"], &[], "").expect_status(1);
    assert_eq!(output.stdout, "");
    assert_says(&output.stderr, &["was not found"]);
}

#[cfg(unix)]
#[test]
fn a_command_of_the_user_gives_the_secret() {
    let client = client();
    client.write("store/Acme & Co/crm", "open-sesame\nuser: me\n");
    let store = client.path().join("store").to_string_lossy().into_owned();
    let line = format!("cat '{store}/{{client}}/{{source}}'");
    let output = run(&client, &["auth", "test", "crm"], &[("CVJ_SECRET_COMMAND", &line)], "").expect_status(0);
    assert_says(&output.stdout, &["`CVJ_TEST_TOKEN` comes from CVJ_SECRET_COMMAND", "accepts the credentials"]);
    assert!(!output.stderr.contains("blanks"), "{}", output.stderr);

    let both = [("CVJ_SECRET_COMMAND", line.as_str()), ("CVJ_TEST_TOKEN", "open-sesame")];
    let output = run(&client, &["auth", "test", "crm"], &both, "").expect_status(0);
    assert_says(&output.stdout, &["comes from the environment"]);

    client.replace("cvj.toml", "name = \"Acme & Co\"", "name = \"../store/Acme & Co\"");
    let output = run(&client, &["auth", "test", "crm"], &[("CVJ_SECRET_COMMAND", &line)], "").expect_status(1);
    assert_says(&output.stderr, &["CVJ_SECRET_COMMAND cannot be given `../store/Acme & Co` for {client}"]);

    client.write("cvj.toml", CONFIG);
    let failing = "sh -c 'echo open-sesame; echo the store is shut >&2; exit 7'";
    let output = run(&client, &["report"], &[("CVJ_SECRET_COMMAND", failing)], "").expect_status(1);
    assert_says(&output.stderr, &["the store is shut", "CVJ_SECRET_COMMAND (`sh`) failed (exit status: 7)"]);
    assert!(!output.stderr.contains("open-sesame"), "{}", output.stderr);
}

#[test]
fn auth_set_says_what_is_in_its_way() {
    let client = client();
    for (arguments, status, parts) in [
        (&["auth", "set", "crm"][..], 2, &["error: standard input is no terminal", "hint: add `--stdin`"][..]),
        (&["auth", "set", "crn", "--stdin"], 1, &["cvj.toml has no source `crn`", "hint: did you mean `crm`?"]),
        (&["auth", "set", "letters", "--stdin"], 1, &["cvj.toml:16", "source `letters` names no secret"]),
        (&["auth", "set", "crm", "nowhere", "--stdin"], 1, &["there is no folder nowhere"]),
        (&["auth", "set", "crm", "--stdin", "--secret", "CVJ_TEST_TOKN"], 1, &["hint: did you mean `CVJ_TEST_TOKEN`?"]),
        (
            &["auth", "set", "crm", "--stdin"],
            1,
            &["cannot be stored: the keyring is turned off by CVJ_KEYRING", "hint: set the env"],
        ),
        (&["auth", "remove", "crm"], 1, &["cannot be removed: the keyring is turned off by CVJ_KEYRING"]),
    ] {
        let output = run(&client, arguments, &[], "hidden-value\n").expect_status(status);
        assert_says(&output.stderr, parts);
        assert!(!output.stderr.contains("hidden-value"), "{}", output.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_a_keyring_is_told_so() {
    let client = client();
    let nothing = format!("unix:path={}/no-bus", client.path().display());
    let settings = [("CVJ_KEYRING", "on"), ("DBUS_SESSION_BUS_ADDRESS", nothing.as_str())];
    let output = run(&client, &["auth", "set", "crm", "--stdin"], &settings, "hidden-value\n").expect_status(1);
    assert_says(&output.stderr, &["there is no keyring on this machine", "hint: set the environment variable CVJ_TEST_TOKEN"]);
    let output = run(&client, &["report"], &settings, "").expect_status(1);
    assert_says(&output.stderr, &["was not found", "there is no keyring on this machine", "CVJ_SECRET_COMMAND is not set"]);
}
