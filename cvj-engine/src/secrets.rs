//! Where a source's secrets come from: the environment, then the vaults that the request brings, in their order.
//!
//! **Invariant:** a value goes to the plugin whose source names it, and nowhere else: every text of that source is scrubbed.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cvj_core::nearest::nearest;
use cvj_core::source::Level;
use cvj_core::{SourceError, Status};
use ring::hmac;
use serde_json::Value;

use crate::config::{Config, SourceSettings, Step};
use crate::error::EngineError;
use crate::scrub::scrub;
use crate::watch::Watch;

/// What people call the place that goes before all others.
const ENVIRONMENT: &str = "the environment";

/// Which secret is meant. Clients are told apart by their names, so that the same name of a secret in two clients' folders is
/// two secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretKey {
    /// The client's name in `cvj.toml`.
    pub client: String,
    /// The source's name there.
    pub source: String,
    /// The secret's name, which is also that of its environment variable.
    pub name: String,
}

/// A place, beside the environment, where a person keeps secrets.
pub trait Vault: fmt::Debug + Send + Sync {
    /// What people call it: "the keyring".
    fn place(&self) -> &'static str;

    /// The value kept there. May ask a person, and stops waiting for them when `is_cancelled` says so.
    fn find(&self, key: &SecretKey, is_cancelled: &dyn Fn() -> bool) -> Result<String, NotFound>;
}

/// Why a place gave no secret, as a clause without a full stop and without any value: "the keyring holds none".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotFound(pub String);

/// Where a secret was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSecret {
    /// Its name.
    pub name: String,
    /// What people call the place: "the environment".
    pub place: &'static str,
}

impl SecretKey {
    /// The secrets that a source names; an error where there is no such source or it names none.
    pub fn all_of(config: &Config, source: &str) -> Result<Vec<Self>, EngineError> {
        let settings = settings_of(config, source)?;
        let keys = Self::named_in(&config.client.name, settings);
        if keys.is_empty() {
            let path = [Step::Key("source"), Step::Key(source)];
            let hint = format!(
                "a key that takes a secret is written `{{ secret = \"NAME\" }}`; `cvj schema plugin {}` prints its keys",
                settings.plugin
            );
            return Err(config.error_at_key(&path, format!("source `{source}` names no secret"), Some(hint)));
        }
        Ok(keys)
    }

    fn named_in(client: &str, settings: &SourceSettings) -> Vec<Self> {
        let mut names = secret_names(&settings.config);
        names.sort_unstable();
        names.dedup();
        let key = |name| Self { client: client.to_owned(), source: settings.name.clone(), name };
        names.into_iter().map(key).collect()
    }
}

/// The settings of a source by its name.
pub(crate) fn settings_of<'a>(config: &'a Config, source: &str) -> Result<&'a SourceSettings, EngineError> {
    config.sources.iter().find(|settings| settings.name == source).ok_or_else(|| {
        let names = || config.sources.iter().map(|settings| settings.name.as_str());
        let hint = match nearest(source, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its sources are {}", names().collect::<Vec<_>>().join(", ")),
        };
        EngineError::Request { message: format!("cvj.toml has no source `{source}`"), hint: Some(hint) }
    })
}

/// The secrets of one source.
pub(crate) struct Secrets {
    source: String,
    keys: Vec<SecretKey>,
    vaults: Vec<Arc<dyn Vault>>,
    /// Held while places are searched: two threads must not ask a person for the same secret.
    searching: Mutex<()>,
    found: Mutex<Vec<(FoundSecret, String)>>,
}

impl Secrets {
    pub(crate) fn new(config: &Config, settings: &SourceSettings, vaults: &[Arc<dyn Vault>]) -> Self {
        Self {
            source: settings.name.clone(),
            keys: SecretKey::named_in(&config.client.name, settings),
            vaults: vaults.to_vec(),
            searching: Mutex::default(),
            found: Mutex::default(),
        }
    }

    /// The value of a secret that the configuration names. A place is asked once per run.
    pub(crate) fn get(&self, name: &str, watch: &dyn Watch) -> Result<String, SourceError> {
        let key = self.keys.iter().find(|key| key.name == name).ok_or_else(|| {
            let message = format!("the configuration of source `{}` names no secret `{name}`", self.source);
            SourceError::new(Status::Unauthorized, message)
        })?;
        let searching = self.searching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = self.found().iter().find(|(found, _)| found.name == name) {
            return Ok(value.clone());
        }
        let (place, value) = self.search(key, watch)?;
        let trimmed = value.trim();
        if trimmed.len() < value.len() {
            let message = format!("the secret `{name}` from {place} has blanks or line ends around it; they are left out");
            watch.log(&self.source, Level::Warn, &message);
        }
        self.found().push((FoundSecret { name: name.to_owned(), place }, trimmed.to_owned()));
        drop(searching);
        Ok(trimmed.to_owned())
    }

    fn search(&self, key: &SecretKey, watch: &dyn Watch) -> Result<(&'static str, String), SourceError> {
        let name = &key.name;
        let mut looked = Vec::new();
        match std::env::var(name) {
            Ok(value) if !value.trim().is_empty() => return Ok((ENVIRONMENT, value)),
            Ok(_) => looked.push(format!("the environment variable {name} is empty")),
            Err(std::env::VarError::NotPresent) => looked.push(format!("the environment variable {name} is not set")),
            Err(std::env::VarError::NotUnicode(_)) => looked.push(format!("the environment variable {name} is not UTF-8 text")),
        }
        for vault in &self.vaults {
            let found = vault.find(key, &|| watch.is_cancelled());
            if watch.is_cancelled() {
                return Err(SourceError::cancelled());
            }
            match found {
                Ok(value) if !value.trim().is_empty() => return Ok((vault.place(), value)),
                Ok(_) => looked.push(format!("{} gave an empty one", vault.place())),
                Err(why) => looked.push(why.to_string()),
            }
        }
        let message = format!("the secret `{name}` was not found: {}", looked.join("; "));
        let hint = format!("`cvj auth set {}` stores it in the keyring; or set the environment variable {name}", self.source);
        Err(SourceError::new(Status::Unauthenticated, message).with_hint(hint))
    }

    /// The values of all secrets that the configuration names, as a keyed hash: equal while they are. Nobody can try out values
    /// without the key. Of one that is not found, that it is not: whether it is needed is the plugin's to know.
    pub(crate) fn fingerprint(&self, key: &hmac::Key, watch: &dyn Watch) -> Result<hmac::Tag, SourceError> {
        let mut signed = hmac::Context::with_key(key);
        for name in self.names() {
            let value = match self.get(name, watch) {
                Err(error) if error.status == Status::Cancelled => return Err(error),
                found => found.ok(),
            };
            // With its length, so that no two lists are one text.
            signed.update(&value.as_ref().map_or(u64::MAX, |value| value.len() as u64).to_le_bytes());
            signed.update(value.unwrap_or_default().as_bytes());
        }
        Ok(signed.sign())
    }

    /// The names of all secrets that the configuration names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.name.as_str())
    }

    /// What was handed out so far, and from where.
    pub(crate) fn found_places(&self) -> Vec<FoundSecret> {
        self.found().iter().map(|(found, _)| found.clone()).collect()
    }

    /// The text without anything that was handed out.
    pub(crate) fn scrub(&self, text: &str) -> String {
        scrub(text, self.found().iter().map(|(_, value)| value.as_str()))
    }

    /// What to do about a failure that credentials, or the address that they are for, may be behind. `hint`: the plugin's own.
    pub(crate) fn advice(&self, status: Status, hint: Option<String>) -> Option<String> {
        let found = self.found_places();
        let missing = found.len() < self.keys.len();
        match status {
            // What is not there cannot be wrong, and the message says where it was looked for.
            _ if self.keys.is_empty() => hint,
            Status::Unauthenticated if !missing => {
                let said = found.iter().map(|found| self.replacement(found)).collect::<Vec<_>>().join("; ");
                Some(hint.map_or_else(|| said.clone(), |hint| format!("{hint}; {said}")))
            }
            Status::Unauthorized if !missing => {
                hint.or_else(|| Some("the credentials are accepted; what they may do is set on the other side".to_owned()))
            }
            Status::NotFound | Status::Io | Status::Timeout => {
                let address = format!("look at the network, and at the address in [source.{}] if cvj.toml sets one", self.source);
                hint.or_else(|| Some(format!("{address}; `--offline` uses what was pulled before")))
            }
            _ => hint,
        }
    }

    fn replacement(&self, found: &FoundSecret) -> String {
        let FoundSecret { name, place } = found;
        let how = if *place == ENVIRONMENT {
            "which goes before all other places: set that variable anew".to_owned()
        } else {
            format!("`cvj auth set {}` stores another", self.source)
        };
        format!("`{name}` came from {place}, {how}")
    }

    fn found(&self) -> MutexGuard<'_, Vec<(FoundSecret, String)>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names under `{ "secret": "NAME" }` anywhere in a configuration.
fn secret_names(config: &Value) -> Vec<String> {
    match config {
        Value::Object(map) => match (map.len(), map.get("secret")) {
            (1, Some(Value::String(name))) => vec![name.clone()],
            _ => map.values().flat_map(secret_names).collect(),
        },
        Value::Array(list) => list.iter().flat_map(secret_names).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::watch::Silent;

    const CONFIG: &str = r#"
[client]
name = "Acme"
currency = "USD"
timezone = "UTC"

[source.crm]
plugin = "x"
logins = [{ user = "u", key = { secret = "CVJ_TEST_B" } }]
token = { secret = "CVJ_TEST_A" }
again = { secret = "CVJ_TEST_A" }

[source.path]
plugin = "x"
token = { secret = "PATH" }

[source.web]
plugin = "csv"
"#;

    fn config() -> Config {
        Config::parse(CONFIG.to_owned()).unwrap()
    }

    /// A vault of fixed values that counts how often it is asked.
    #[derive(Debug, Default)]
    struct Drawer {
        values: HashMap<&'static str, &'static str>,
        asked: AtomicUsize,
    }

    impl Vault for Drawer {
        fn place(&self) -> &'static str {
            "the drawer"
        }

        fn find(&self, key: &SecretKey, _: &dyn Fn() -> bool) -> Result<String, NotFound> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            assert_eq!(key.client, "Acme");
            let value = self.values.get(key.name.as_str());
            value.map(|value| (*value).to_owned()).ok_or_else(|| NotFound("the drawer is empty".to_owned()))
        }
    }

    fn drawer(values: &[(&'static str, &'static str)]) -> Arc<Drawer> {
        Arc::new(Drawer { values: values.iter().copied().collect(), asked: AtomicUsize::new(0) })
    }

    fn secrets(source: &str, vaults: &[&Arc<Drawer>]) -> Secrets {
        let vaults: Vec<Arc<dyn Vault>> = vaults.iter().map(|vault| Arc::clone(vault) as _).collect();
        let config = config();
        Secrets::new(&config, settings_of(&config, source).unwrap(), &vaults)
    }

    #[test]
    fn secrets_are_those_that_the_source_names() {
        let keys = SecretKey::all_of(&config(), "crm").unwrap();
        let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["CVJ_TEST_A", "CVJ_TEST_B"]);
        assert!(keys.iter().all(|key| (key.client.as_str(), key.source.as_str()) == ("Acme", "crm")));
        for (source, message, hint) in [
            ("crn", "no source `crn`", "did you mean `crm`?"),
            ("warehouse", "no source `warehouse`", "its sources are crm, path, web"),
            ("web", "source `web` names no secret", "cvj schema plugin csv"),
        ] {
            let error = SecretKey::all_of(&config(), source).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.hint().unwrap().contains(hint), "{:?}", error.hint());
        }
    }

    #[test]
    fn the_first_place_that_has_it_gives_it_and_is_asked_once() {
        let (empty, full) = (drawer(&[]), drawer(&[("CVJ_TEST_A", " s3cret\n")]));
        let secrets = secrets("crm", &[&empty, &full]);
        for _ in 0..3 {
            assert_eq!(secrets.get("CVJ_TEST_A", &Silent).unwrap(), "s3cret");
        }
        assert_eq!((empty.asked.load(Ordering::Relaxed), full.asked.load(Ordering::Relaxed)), (1, 1));
        assert_eq!(secrets.found_places(), [FoundSecret { name: "CVJ_TEST_A".to_owned(), place: "the drawer" }]);
        assert_eq!(secrets.scrub("Bearer s3cret"), "Bearer •••");
    }

    #[test]
    fn a_fingerprint_changes_with_the_values_and_the_key() {
        let fingerprint = |key: &[u8], first, second| {
            let secrets = secrets("crm", &[&drawer(&[("CVJ_TEST_A", first), ("CVJ_TEST_B", second)])]);
            secrets.fingerprint(&hmac::Key::new(hmac::HMAC_SHA256, key), &Silent).map(|tag| tag.as_ref().to_vec())
        };
        let one = fingerprint(b"key", "a", "b").unwrap();
        assert_eq!(fingerprint(b"key", "a\n", "b").unwrap(), one);
        for (key, first, second) in [("key", "b", "a"), ("key", "a", "c"), ("another", "a", "b"), ("key", "a", " ")] {
            assert_ne!(fingerprint(key.as_bytes(), first, second).unwrap(), one);
        }
    }

    #[test]
    fn the_environment_goes_before_every_vault() {
        let full = drawer(&[("PATH", "of the vault")]);
        let secrets = secrets("path", &[&full]);
        assert_eq!(secrets.get("PATH", &Silent).unwrap(), std::env::var("PATH").unwrap().trim());
        assert_eq!(secrets.found_places()[0].place, "the environment");
        assert_eq!(full.asked.load(Ordering::Relaxed), 0);
        let advice = secrets.advice(Status::Unauthenticated, Some("make a new token".to_owned())).unwrap();
        assert!(advice.starts_with("make a new token; `PATH` came from the environment"), "{advice}");
    }

    #[test]
    fn a_secret_that_is_nowhere_names_every_place() {
        let secrets = secrets("crm", &[&drawer(&[("CVJ_TEST_A", " ")]), &drawer(&[])]);
        let error = secrets.get("CVJ_TEST_A", &Silent).unwrap_err();
        assert_eq!(error.status, Status::Unauthenticated);
        for part in ["variable CVJ_TEST_A is not set", "the drawer gave an empty one", "the drawer is empty"] {
            assert!(error.message.contains(part), "{error}");
        }
        assert_eq!(secrets.advice(error.status, error.hint.clone()), error.hint);
        assert!(error.hint.unwrap().contains("cvj auth set crm"));
        assert_eq!(secrets.get("HOME", &Silent).unwrap_err().status, Status::Unauthorized);
    }

    #[test]
    fn advice_tells_failures_apart() {
        let secrets = secrets("crm", &[&drawer(&[("CVJ_TEST_A", "a"), ("CVJ_TEST_B", "b")])]);
        for name in ["CVJ_TEST_A", "CVJ_TEST_B"] {
            secrets.get(name, &Silent).unwrap();
        }
        for (status, part) in [
            (Status::Unauthenticated, "`CVJ_TEST_B` came from the drawer, `cvj auth set crm` stores another"),
            (Status::Unauthorized, "what they may do"),
            (Status::Io, "the address in [source.crm]"),
        ] {
            let advice = secrets.advice(status, None).unwrap();
            assert!(advice.contains(part), "{advice}");
        }
        assert_eq!(secrets.advice(Status::InvalidData, None), None);
    }
}
