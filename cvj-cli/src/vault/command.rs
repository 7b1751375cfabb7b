//! A command of the user's that prints secrets: `CVJ_SECRET_COMMAND='pass show cvj/{client}/{source}/{name}'`.
//!
//! It is set by the user and never by `cvj.toml`: a client's folder that came from someone else must not run programs. What
//! comes from `cvj.toml` fills single arguments, and only if it can be no path of its own and no option.

use std::io::Read;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use cvj_engine::{NotFound, SecretKey, Vault};

use super::one_value;

const VARIABLE: &str = "CVJ_SECRET_COMMAND";
/// How long the command may take: long enough to unlock a password manager.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a waiting cvj looks whether it should stop.
const TICK: Duration = Duration::from_millis(50);
/// A longer answer is no secret.
const MOST_BYTES: u64 = 1 << 16;

/// The command, as it is set.
#[derive(Clone, Debug)]
pub(crate) struct SecretCommand {
    line: Option<String>,
    patience: Duration,
}

impl SecretCommand {
    /// As the environment says.
    pub(crate) fn of_the_user() -> Self {
        let line = std::env::var_os(VARIABLE).map(|line| line.to_string_lossy().into_owned());
        Self { line: line.filter(|line| !line.trim().is_empty()), patience: PATIENCE }
    }
}

impl Vault for SecretCommand {
    fn place(&self) -> &'static str {
        VARIABLE
    }

    fn find(&self, key: &SecretKey, is_cancelled: &dyn Fn() -> bool) -> Result<String, NotFound> {
        let Some(line) = &self.line else { return Err(NotFound(format!("{VARIABLE} is not set"))) };
        let answer = words(line).and_then(|words| {
            let words = words.iter().map(|word| filled_in(word, key)).collect::<Result<Vec<_>, _>>()?;
            run(&words, self.patience, is_cancelled)
        });
        answer.map_err(|why| NotFound(format!("{VARIABLE} {why}")))
    }
}

/// The command's words: parted by blanks, held together by quotes. A backslash is itself, as Windows paths want it.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    if quote.is_some() {
        return Err("has a quote that does not end".to_owned());
    }
    words.extend(word);
    Ok(words)
}

/// The word with the names of client, source and secret in their places.
fn filled_in(word: &str, key: &SecretKey) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = word;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let places = [("{client}", &key.client), ("{source}", &key.source), ("{name}", &key.name)];
        let Some((place, value)) = places.into_iter().find(|(place, _)| from.starts_with(place)) else {
            filled.push('{');
            rest = &from[1..];
            continue;
        };
        if !is_plain(value) {
            return Err(format!("cannot be given `{value}` for {place}: it holds what paths and options are made of"));
        }
        filled.push_str(value);
        rest = &from[place.len()..];
    }
    Ok(filled + rest)
}

/// Whether a name out of `cvj.toml` leads to no other place than the one written.
fn is_plain(name: &str) -> bool {
    let leads_elsewhere = |character: char| character.is_control() || matches!(character, '/' | '\\');
    !name.is_empty() && !name.starts_with(['-', '.']) && !name.contains(leads_elsewhere)
}

/// Runs the command without a shell. Its messages go where ours go; what it prints stays here.
fn run(words: &[String], patience: Duration, is_cancelled: &dyn Fn() -> bool) -> Result<String, String> {
    let Some((program, arguments)) = words.split_first() else { return Err("names no program".to_owned()) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(|error| format!("names `{program}`, which cannot be run: {error}"))?;
    let answer = match child.stdout.take() {
        Some(stdout) => outcome(&mut child, &read(stdout), patience, is_cancelled),
        None => Err("gave no answer".to_owned()),
    };
    if answer.is_err() {
        // It may have ended by itself in the meantime.
        let _ = child.kill();
        let _ = child.wait();
    }
    answer.map_err(|why| format!("(`{program}`) {why}"))
}

/// Reads on a thread of its own: a program that was given up may have left others that hold its output open.
fn read(stdout: ChildStdout) -> Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(1);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = stdout.take(MOST_BYTES + 1).read_to_end(&mut bytes);
        // Nobody listens any more where the command was given up.
        let _ = sender.send(result.map(|_| bytes));
    });
    receiver
}

fn outcome(
    child: &mut Child,
    output: &Receiver<std::io::Result<Vec<u8>>>,
    patience: Duration,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<String, String> {
    let start = Instant::now();
    let go_on = || match () {
        () if is_cancelled() => Err("was stopped".to_owned()),
        () if start.elapsed() >= patience => Err(format!("did not end within {} s", patience.as_secs())),
        () => Ok(()),
    };
    let bytes = loop {
        match output.recv_timeout(TICK) {
            Ok(bytes) => break bytes.map_err(|error| format!("could not be read: {error}"))?,
            Err(RecvTimeoutError::Timeout) => go_on()?,
            Err(RecvTimeoutError::Disconnected) => return Err("could not be read".to_owned()),
        }
    };
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("printed more than {MOST_BYTES} bytes"));
    }
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {
                go_on()?;
                std::thread::sleep(TICK);
            }
            Err(error) => return Err(error.to_string()),
        }
    };
    if !status.success() {
        return Err(format!("failed ({status})"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "printed what is no UTF-8 text".to_owned())?;
    // Programs such as `pass` print a user's name and notes below the secret.
    Ok(one_value(&text).unwrap_or_else(|_| text.lines().next().unwrap_or_default()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey { client: "Acme & Co".to_owned(), source: "crm".to_owned(), name: "TOKEN".to_owned() }
    }

    #[test]
    fn a_command_is_split_without_a_shell() {
        for (line, expected) in [
            ("pass show cvj/{client}/{name}", vec!["pass", "show", "cvj/{client}/{name}"]),
            (r#"  op read "op://My Vault/{name}" "#, vec!["op", "read", "op://My Vault/{name}"]),
            (r"C:\tools\get.exe 'a b'c '' $HOME;|", vec![r"C:\tools\get.exe", "a bc", "", "$HOME;|"]),
        ] {
            assert_eq!(words(line).unwrap(), expected);
        }
        assert_eq!(words("pass 'show").unwrap_err(), "has a quote that does not end");
    }

    #[test]
    fn names_fill_single_arguments_once() {
        assert_eq!(filled_in("{cvj}/{client}/{source}-{name}{", &key()).unwrap(), "{cvj}/Acme & Co/crm-TOKEN{");
        let odd = SecretKey { client: "{name}".to_owned(), ..key() };
        assert_eq!(filled_in("{client}", &odd).unwrap(), "{name}");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for client in ["../bank", "-rf", "a/b", r"a\b", ".", "", "a\nb"] {
            let strange = SecretKey { client: client.to_owned(), ..key() };
            let why = filled_in("cvj/{client}", &strange).unwrap_err();
            assert!(why.contains("{client}"), "{why}");
            assert_eq!(filled_in("cvj/{name}", &strange).unwrap(), "cvj/TOKEN");
        }
    }

    #[cfg(unix)]
    mod commands {
        use std::sync::atomic::{AtomicBool, Ordering};

        use super::*;

        fn find(line: &str, is_cancelled: &dyn Fn() -> bool) -> Result<String, String> {
            let command = SecretCommand { line: Some(line.to_owned()), patience: Duration::from_secs(1) };
            command.find(&key(), is_cancelled).map_err(|why| why.to_string())
        }

        #[test]
        fn the_first_line_is_the_secret() {
            assert_eq!(find(r"printf {name}-{client}\nuser:x\n", &|| false).unwrap(), "TOKEN-Acme & Co");
            let pem = r"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n";
            assert_eq!(find(&format!("printf -- '{pem}'"), &|| false).unwrap().lines().count(), 3);
        }

        #[test]
        fn a_command_that_gives_none_says_why_and_not_what_it_printed() {
            for (line, says) in [
                ("sh -c 'echo s3cret; exit 3'", "CVJ_SECRET_COMMAND (`sh`) failed (exit status: 3)"),
                ("no-such-program-of-cvj x", "names `no-such-program-of-cvj`, which cannot be run"),
                (r"printf '\377'", "no UTF-8 text"),
                ("yes s3cret", "printed more than 65536 bytes"),
                ("sh -c 'sleep 60 & sleep 60'", "did not end within 1 s"),
                ("  ", "names no program"),
            ] {
                let why = find(line, &|| false).unwrap_err();
                assert!(why.contains(says) && !why.contains("s3cret"), "{why}");
            }
        }

        #[test]
        fn a_command_is_stopped_with_the_run() {
            let asked = AtomicBool::new(false);
            let start = Instant::now();
            let command = SecretCommand { line: Some("sleep 60".to_owned()), patience: PATIENCE };
            let why = command.find(&key(), &|| asked.swap(true, Ordering::Relaxed)).unwrap_err();
            assert!(why.to_string().contains("was stopped"), "{why}");
            assert!(start.elapsed() < Duration::from_secs(10));
        }
    }
}
