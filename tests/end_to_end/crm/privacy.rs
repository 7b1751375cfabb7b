//! What must be nowhere: no secret in anything that is printed, written, recorded or kept, and no e-mail address outside the
//! files that keep what was pulled.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cvj_emulators::Server;
use cvj_emulators::hubspot::{Limits, Portal, Size};
use cvj_emulators::odoo::{Odoo, Sample};
use cvj_tests::{Client, content_of, output_of};

use super::{BY_OAUTH, BY_TOKEN, HubSpot};

/// A secret that is written differently in a form, in JSON, in a URL and in base64.
const SECRET: &str = "k/ey+of \"odd\" characters=&%é";

/// Everything that a client's runs left behind, by what it is.
type Traces = BTreeMap<String, Vec<u8>>;

/// Runs everything that there is over a client, as loudly as can be; `with` gives a command its credentials.
fn traces(client: &Client, period: &str, with: impl Fn(&mut Command)) -> Traces {
    let (tape, apart) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut traces = Traces::new();
    let mut run = |what: &str, arguments: &[&str], settings: &[(&str, &Path)], with: &dyn Fn(&mut Command)| {
        let mut command = client.command(arguments);
        with(&mut command);
        let output = output_of(command.envs(settings.iter().copied())).expect_status(0);
        traces.insert(format!("{what}: stdout"), output.stdout.into_bytes());
        traces.insert(format!("{what}: stderr"), output.stderr.into_bytes());
        client.read(&format!("reports/{period}/report.json"))
    };
    let direct = run("report", &["report", "-vv"], &[], &with);
    run("check", &["check", "-vv"], &[], &with);
    run("explain", &["explain", "convert/Revenue", "-vv"], &[], &with);
    run("cache list", &["cache", "list"], &[], &with);
    let taped = apart.path().join("recorded");
    let recorded = run("record", &["report", "-vv"], &[("CVJ_HTTP_RECORD", tape.path()), ("CVJ_CACHE", &taped)], &with);
    assert_eq!(recorded, direct);
    let played = apart.path().join("replayed");
    let replayed = run("replay", &["report", "-vv"], &[("CVJ_HTTP_REPLAY", tape.path()), ("CVJ_CACHE", &played)], &|_| {});
    assert_eq!(replayed, direct, "an address has a stand-in, the same wherever it stands");

    let folders = [("client", client.path()), ("cache", client.cache()), ("cassette", tape.path()), ("apart", apart.path())];
    for (name, folder) in folders {
        let files = content_of(folder);
        assert!(files.len() > 1, "{name} is empty");
        for (path, bytes) in files {
            if bytes.starts_with(b"PK") {
                let mut sheets = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
                for index in 0..sheets.len() {
                    let mut part = sheets.by_index(index).unwrap();
                    let mut content = Vec::new();
                    part.read_to_end(&mut content).unwrap();
                    traces.insert(format!("{name}/{path}/part {index}"), content);
                }
            } else {
                traces.insert(format!("{name}/{path}"), bytes);
            }
        }
    }
    for kind in ["report.html", "worksheet.xlsx", ".parquet", ".svg"] {
        assert!(traces.keys().any(|name| name.contains(kind)), "nothing was searched for in any {kind}");
    }
    traces
}

/// The ways to write a secret down.
fn spellings(secret: &str) -> Vec<String> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~*".contains(byte);
    let percent = |space: &str| {
        let escaped = |byte: u8| match byte {
            b' ' => space.to_owned(),
            byte if plain(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        secret.bytes().map(escaped).collect::<String>()
    };
    let json = serde_json::Value::from(secret).to_string();
    // Where it stands in a longer text, its bytes fall differently into groups of three; the ends depend on what is beside.
    let within = (0..3).map(|skip| {
        let whole = secret.len() - (secret.len() - skip) % 3;
        STANDARD.encode(&secret.as_bytes()[skip..whole])
    });
    let ascii =
        [secret.to_owned(), percent("+"), percent("%20"), percent("%20").to_lowercase(), json.trim_matches('"').to_owned()];
    ascii.into_iter().chain(within).collect()
}

/// Something like `name@host.domain`, also as a URL or JSON write it.
fn address(text: &str) -> Option<String> {
    let text = text.replace("%40", "@").replace("\\u0040", "@").replace("&#64;", "@").replace("&commat;", "@");
    let local = |c: char| c.is_alphanumeric() || "._%+-'".contains(c);
    text.match_indices('@').find_map(|(at, _)| {
        let name: usize = text[..at].chars().rev().take_while(|c| local(*c)).map(char::len_utf8).sum();
        let host: usize =
            text[at + 1..].chars().take_while(|c| c.is_alphanumeric() || ".-".contains(*c)).map(char::len_utf8).sum();
        let host = text[at + 1..=at + host].trim_matches('.');
        (name > 0 && host.contains('.')).then(|| format!("{}@{host}", &text[at - name..at]))
    })
}

#[track_caller]
fn nothing_is_told(traces: &Traces, secrets: &[&str]) {
    let mut found = Vec::new();
    let spellings: Vec<String> = secrets.iter().flat_map(|secret| spellings(secret)).collect();
    for (name, bytes) in traces {
        let text = String::from_utf8_lossy(bytes);
        found.extend(spellings.iter().filter(|secret| text.contains(secret.as_str())).map(|secret| format!("{name}: {secret}")));
        if !name.ends_with(".parquet") {
            found.extend(address(&text).map(|address| format!("{name}: {address}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_search_finds_what_there_is() {
    for text in ["a@b.example", "mailto:a%40b.example", r#"{"to":"a\u0040b.example"}"#, "Zoë@b.example"] {
        assert!(address(text).is_some(), "{text}");
    }
    for text in ["@media print", "a @ b.example", "a@b", "€@.example"] {
        assert_eq!(address(text), None, "{text}");
    }
    let basic = STANDARD.encode(format!("somebody:{SECRET}"));
    let form = "k%2Fey%2Bof+%22odd%22+characters%3D%26%25%C3%A9";
    for text in [SECRET, form, &basic, &serde_json::Value::from(SECRET).to_string()] {
        assert!(spellings(SECRET).iter().any(|spelling| text.contains(spelling.as_str())), "{text}");
    }
}

#[test]
fn hubspot_by_token_and_by_oauth() {
    for credentials in [BY_TOKEN, BY_OAUTH] {
        let mut portal = Portal::generate(7, Size::of(300)).with_limits(Limits::none());
        portal.oauth.client_secret = SECRET.to_owned();
        portal.oauth.refresh_token = format!("{SECRET}-too");
        let crm = HubSpot::new(portal, credentials);
        let with = |command: &mut Command| {
            command.envs(crm.secrets.iter().map(|(name, value)| (name, value)));
        };
        let traces = traces(&crm.client, "2026-06", with);
        let mut secrets: Vec<&str> = crm.secrets.iter().map(|(_, secret)| secret.as_str()).collect();
        secrets.push("emulator-access-");
        nothing_is_told(&traces, &secrets);
        assert!(crm.server.requests().iter().any(|request| request.path.contains("/token")) == (credentials == BY_OAUTH));
    }
}

#[test]
fn odoo_by_both_protocols() {
    for version in [17, 19] {
        let mut odoo = Odoo::new(version, &Sample::default());
        odoo.users[0].key = SECRET.to_owned();
        let server = Server::start(odoo);
        let client = Client::new();
        client.write("cvj.toml", odoo_config(&server.url()));
        let traces = traces(&client, "2026-10", |command| {
            command.env("ODOO_KEY", SECRET);
        });
        nothing_is_told(&traces, &[SECRET]);
    }
}

fn odoo_config(url: &str) -> String {
    format!(
        r#"[client]
name = "Moves"
currency = "USD"
timezone = "Europe/Berlin"

[report]
as_of = "2026-11-01"

[[product]]
name = "Local move"

[[product]]
name = "Storage"

[[product]]
name = "Packing service"

[source.odoo]
plugin = "odoo"
url = "{url}"
database = "acme"
user = "admin"
key = {{ secret = "ODOO_KEY" }}
calls_per_second = 1000
"#
    )
}
