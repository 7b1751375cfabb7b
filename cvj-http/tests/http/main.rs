//! Requests against a server on loopback that does what vendors do on their bad days.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails, and the message says why")]

mod auth;
mod cancel;
mod faults;
mod host;
mod pace;
mod redirects;
mod server;
mod silence;
mod tape;
#[cfg(not(any(target_vendor = "apple", windows)))]
mod tls;

use std::process::Command;
use std::time::Duration;

use cvj_core::source::SecretName;
use cvj_http::{Api, ApiSettings, Auth, Pace, Plain, Retries, Tape, Timeouts};

use crate::server::Server;

/// Settings under which a test takes milliseconds, on a busy machine too.
fn settings(base_url: &str, auth: Auth) -> ApiSettings {
    ApiSettings {
        pace: Pace { per_second: 1e6, concurrent: 64 },
        timeouts: Timeouts {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(10),
            answer: Duration::from_secs(20),
        },
        retries: Retries { attempts: 6, first: Duration::from_millis(4), longest: Duration::from_secs(2) },
        tape: Tape::Off,
        ..ApiSettings::new("Acme", base_url, auth, Plain)
    }
}

/// The same, with little patience.
fn hasty(base_url: &str, auth: Auth) -> ApiSettings {
    let timeouts = Timeouts { silence: Duration::from_millis(300), answer: Duration::from_millis(700), ..Timeouts::default() };
    ApiSettings { timeouts, ..settings(base_url, auth) }
}

/// Runs one of the ignored tests in a process of its own, with these environment variables.
fn in_child(test: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]).envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

fn api(server: &Server, auth: Auth) -> Api {
    Api::new(settings(&server.url, auth)).expect("good settings")
}

fn named(name: &str) -> SecretName {
    SecretName { secret: name.to_owned() }
}

fn bearer() -> Auth {
    Auth::Bearer(named("TOKEN"))
}
