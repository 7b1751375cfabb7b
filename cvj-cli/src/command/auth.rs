//! `cvj auth`: stores, tries and removes the credentials of a source.

use std::io::{self, IsTerminal, Read};
use std::sync::Arc;

use cvj_core::nearest::nearest;
use cvj_engine::config::Config;
use cvj_engine::{FoundSecret, SecretKey};

use crate::arguments::{AuthCommand, PluginArguments, PullArguments, SourceArguments, StoredSecrets};
use crate::command::{Done, request};
use crate::failure::Failure;
use crate::interrupt;
use crate::progress::Progress;
use crate::terminal::Terminal;
use crate::vault::{Keyring, KeyringError, one_value};

/// A longer text is no secret.
const MOST_BYTES: u64 = 1 << 16;

/// Does what was asked.
pub(crate) fn run(command: &AuthCommand, plugins: &PluginArguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    match command {
        AuthCommand::Set { stored, stdin } => {
            let is_terminal = io::stdin().is_terminal();
            if !is_terminal && !stdin {
                return Err(Failure::Usage {
                    message: "standard input is no terminal, so nobody can be asked for a secret".to_owned(),
                    hint: "add `--stdin` to read it from standard input".to_owned(),
                });
            }
            // Asking turns Ctrl-C into a signal: with a handler, the terminal shows again what is typed before cvj ends.
            let _cancelled = interrupt::flag(terminal);
            let keys = keys_of(stored)?;
            if is_terminal {
                set(&keys, &Keyring::of_the_user(), terminal, |key| ask(key, terminal))
            } else {
                only_one(&keys)?;
                set(&keys, &Keyring::of_the_user(), terminal, |key| read(io::stdin().lock(), key))
            }
        }
        AuthCommand::Test { source } => test(source, plugins, terminal),
        AuthCommand::Remove { stored } => remove(&keys_of(stored)?, &Keyring::of_the_user(), terminal),
    }
}

/// The secrets meant: all that the source names, or the one chosen of them.
fn keys_of(stored: &StoredSecrets) -> Result<Vec<SecretKey>, Failure> {
    let source = &stored.source;
    let config = Config::read(&source.folder)?;
    let keys = SecretKey::all_of(&config, &source.name)?;
    let Some(name) = &stored.secret else { return Ok(keys) };
    let chosen = keys.iter().find(|key| key.name == *name).cloned();
    chosen.map(|key| vec![key]).ok_or_else(|| {
        let names = || keys.iter().map(|key| key.name.as_str());
        let hint = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its secrets are {}", names().collect::<Vec<_>>().join(", ")),
        };
        Failure::Secret { message: format!("source `{}` names no secret `{name}`", source.name), hint: Some(hint) }
    })
}

fn only_one(keys: &[SecretKey]) -> Result<(), Failure> {
    if keys.len() == 1 {
        return Ok(());
    }
    let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    Err(Failure::Usage {
        message: format!("`--stdin` gives one secret, and the source names {}", names.join(", ")),
        hint: format!("store one after the other: `--secret {}`", names[0]),
    })
}

fn set(
    keys: &[SecretKey],
    keyring: &Keyring,
    terminal: &Terminal,
    mut value_of: impl FnMut(&SecretKey) -> Result<String, Failure>,
) -> Result<Done, Failure> {
    for key in keys {
        // Nobody shall type a secret that has nowhere to go.
        keyring.open().map_err(|error| failed(&error, key, "stored"))?;
        let given = value_of(key)?;
        let value = given.trim();
        if value.is_empty() {
            let hint = Some("nothing was stored; `cvj auth remove` takes away what is".to_owned());
            return Err(Failure::Secret { message: format!("the value given for `{}` is empty", key.name), hint });
        }
        if value.len() < given.len() {
            terminal.warning(&format!("blanks and line ends around the value of `{}` were left out", key.name));
        }
        keyring.set(key, value).map_err(|error| failed(&error, key, "stored"))?;
        terminal.note(&format!("stored `{}` of source `{}` in the keyring, for {}", key.name, key.source, key.client));
        if std::env::var_os(&key.name).is_some_and(|value| !value.is_empty()) {
            terminal.warning(&format!("the environment variable {} is set, and goes before the keyring", key.name));
        }
    }
    Ok(Done::Clean)
}

fn remove(keys: &[SecretKey], keyring: &Keyring, terminal: &Terminal) -> Result<Done, Failure> {
    for key in keys {
        let was_there = keyring.remove(key).map_err(|error| failed(&error, key, "removed"))?;
        let done = if was_there { "removed" } else { "there was no" };
        terminal.note(&format!("{done} `{}` of source `{}` in the keyring, for {}", key.name, key.source, key.client));
    }
    Ok(Done::Clean)
}

/// Prints where each secret came from, and whether it was accepted.
fn test(source: &SourceArguments, plugins: &PluginArguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let progress = Arc::new(Progress::new(Arc::clone(terminal), interrupt::flag(terminal)));
    let request = request(source.folder.clone(), None, Vec::new(), plugins, &PullArguments::default());
    let tried = cvj_engine::try_credentials(&request, &source.name, Arc::<Progress>::clone(&progress));
    progress.finish();
    let trial = tried?;
    for FoundSecret { name, place } in &trial.secrets {
        terminal.data(&format!("`{name}` comes from {place}"))?;
    }
    let tables = trial.outcome?;
    let tables = if tables.is_empty() { "no tables".to_owned() } else { tables.join(", ") };
    terminal.data(&format!("source `{}` accepts the credentials: it has {tables}", source.name))?;
    Ok(Done::Clean)
}

fn failed(error: &KeyringError, key: &SecretKey, done: &str) -> Failure {
    Failure::Secret { message: format!("`{}` cannot be {done}: {error}", key.name), hint: Some(error.hint(key)) }
}

fn ask(key: &SecretKey, terminal: &Terminal) -> Result<String, Failure> {
    let prompt = format!("{} for source `{}` of {}: ", key.name, key.source, key.client);
    terminal.ask_secret(&prompt).map_err(|error| Failure::Secret {
        message: format!("`{}` cannot be asked for: {error}", key.name),
        hint: Some("nothing was stored for it".to_owned()),
    })
}

/// One line, or a key in PEM form.
fn read(input: impl Read, key: &SecretKey) -> Result<String, Failure> {
    let wrong = |why: String, hint: &str| Failure::Secret {
        message: format!("standard input gives no value for `{}`: {why}", key.name),
        hint: Some(hint.to_owned()),
    };
    let mut text = String::new();
    let read = input.take(MOST_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| wrong(error.to_string(), "give the secret as UTF-8 text"))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(wrong(format!("it has more than {MOST_BYTES} bytes"), "give the secret alone"));
    }
    one_value(&text)
        .map(str::to_owned)
        .map_err(|lines| wrong(format!("it has {lines} lines"), "give the secret alone, on one line"))
}

#[cfg(test)]
mod tests {
    use keyring_core::mock;

    use super::*;
    use crate::arguments::OutputArguments;

    fn key(name: &str) -> SecretKey {
        SecretKey { client: "Acme".to_owned(), source: "crm".to_owned(), name: name.to_owned() }
    }

    fn terminal() -> Terminal {
        Terminal::new(&OutputArguments { quiet: true, verbose: 0 })
    }

    fn keyring() -> Keyring {
        Keyring::Given(mock::Store::new().unwrap())
    }

    #[test]
    fn secrets_are_stored_trimmed_and_removed() {
        let keyring = keyring();
        let keys = [key("CVJ_TEST_ID"), key("CVJ_TEST_KEY")];
        let value = |key: &SecretKey| Ok(format!(" value of {}\n", key.name));
        assert_eq!(set(&keys, &keyring, &terminal(), value).unwrap(), Done::Clean);
        assert_eq!(keyring.get(&keys[0]).unwrap().as_deref(), Some("value of CVJ_TEST_ID"));
        assert_eq!(keyring.get(&keys[1]).unwrap().as_deref(), Some("value of CVJ_TEST_KEY"));
        for _ in 0..2 {
            remove(&keys[..1], &keyring, &terminal()).unwrap();
        }
        assert_eq!(keyring.get(&keys[0]).unwrap(), None);
        assert!(keyring.get(&keys[1]).unwrap().is_some());
    }

    #[test]
    fn an_empty_value_is_not_stored() {
        let keyring = keyring();
        let keys = [key("CVJ_TEST_ID")];
        keyring.set(&keys[0], "earlier").unwrap();
        let error = set(&keys, &keyring, &terminal(), |_| Ok(" \n".to_owned())).unwrap_err();
        assert!(error.to_string().contains("`CVJ_TEST_ID` is empty"), "{error}");
        assert_eq!(keyring.get(&keys[0]).unwrap().as_deref(), Some("earlier"));
    }

    #[test]
    fn without_a_keyring_nobody_is_asked() {
        let error = set(&[key("CVJ_TEST_ID")], &Keyring::Off, &terminal(), |_| panic!("asked")).unwrap_err();
        let told = error.rendered(false);
        assert!(told.contains("`CVJ_TEST_ID` cannot be stored: the keyring is turned off"), "{told}");
        assert!(told.contains("hint: set the environment variable CVJ_TEST_ID"), "{told}");
    }

    #[test]
    fn a_locked_keyring_is_told_without_the_value() {
        let store = mock::Store::new().unwrap();
        let keyring = Keyring::Given(store.clone());
        let entry = keyring.open().unwrap().build("cvj: Acme", "crm/CVJ_TEST_ID", None).unwrap();
        let locked = keyring_core::Error::NoStorageAccess("prompt dismissed".into());
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(locked);
        let error = set(&[key("CVJ_TEST_ID")], &keyring, &terminal(), |_| Ok("s3cret".to_owned())).unwrap_err();
        let told = error.rendered(false);
        assert!(told.contains("is locked") && told.contains("hint: unlock it") && !told.contains("s3cret"), "{told}");
    }

    #[test]
    fn standard_input_gives_one_value() {
        let read = |text: &str| read(text.as_bytes(), &key("CVJ_TEST_ID")).map_err(|error| error.rendered(false));
        assert_eq!(read("s3cret \n\n").unwrap(), "s3cret ");
        assert_eq!(read("-----BEGIN KEY-----\nabc\n-----END KEY-----\n").unwrap().lines().count(), 3);
        let told = read("s3cret\nuser: me\n").unwrap_err();
        assert!(told.contains("it has 2 lines") && !told.contains("s3cret"), "{told}");
        let told = read(&"x".repeat(70_000)).unwrap_err();
        assert!(told.contains("more than 65536 bytes"), "{told}");
    }

    #[test]
    fn several_secrets_need_a_choice() {
        let told = only_one(&[key("A"), key("B")]).unwrap_err().rendered(false);
        assert!(told.contains("names A, B") && told.contains("--secret A"), "{told}");
    }
}
