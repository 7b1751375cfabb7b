//! The system's keyring: Secret Service, macOS keychain, Windows credentials.
//!
//! An entry's service is `cvj: CLIENT` and its user `SOURCE/NAME`; no source's name holds a `/`, so that no two secrets share
//! an entry.

use std::sync::Arc;

use cvj_engine::{NotFound, SecretKey, Vault};
use keyring_core::{CredentialStore, Entry, Error};

/// Anything but `on` leaves the keyring alone: for machines where asking it would wait for a person.
const SWITCH: &str = "CVJ_KEYRING";

/// Why the keyring did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyringError {
    /// The user wants none.
    #[error("the keyring is turned off by {SWITCH}")]
    Off,
    /// Nothing answers.
    #[error("there is no keyring on this machine")]
    Absent,
    /// Nobody unlocked it.
    #[error("the keyring is locked and was not unlocked ({0})")]
    Locked(String),
    /// Windows takes 2,560 bytes.
    #[error("the keyring takes secrets of at most {0} characters")]
    TooLong(u32),
    /// Stored by someone else.
    #[error("what the keyring holds is no text")]
    NotText,
    /// Anything else.
    #[error("the keyring failed: {0}")]
    Failed(String),
}

impl KeyringError {
    /// What to do about it.
    pub(crate) fn hint(&self, key: &SecretKey) -> String {
        let name = &key.name;
        match self {
            Self::Off | Self::Absent | Self::TooLong(_) => {
                format!("set the environment variable {name}, or CVJ_SECRET_COMMAND to a command that prints secrets")
            }
            Self::Locked(_) => format!("unlock it and try again; or set the environment variable {name}"),
            Self::NotText => format!("`cvj auth set {}` replaces it", key.source),
            Self::Failed(_) => format!("try again; or set the environment variable {name}"),
        }
    }
}

impl From<Error> for KeyringError {
    // Errors that carry what is stored are not shown: it may be the secret.
    fn from(error: Error) -> Self {
        match error {
            Error::NoStorageAccess(why) => Self::Locked(reason(why.as_ref())),
            Error::BadEncoding(_) | Error::BadDataFormat(..) => Self::NotText,
            Error::TooLong(_, most) => Self::TooLong(most),
            Error::Ambiguous(_) => Self::Failed("it holds several entries of this name".to_owned()),
            Error::PlatformFailure(why) => Self::Failed(reason(why.as_ref())),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// The keyring, or what stands in for it.
#[derive(Debug)]
pub(crate) enum Keyring {
    /// That of the system, opened when it is first needed.
    System,
    /// None.
    Off,
    /// This one.
    #[cfg(test)]
    Given(Arc<CredentialStore>),
}

impl Keyring {
    /// The system's, unless the user turned it off.
    pub(crate) fn of_the_user() -> Self {
        let is_off = std::env::var_os(SWITCH).is_some_and(|value| !value.is_empty() && value != "on");
        if is_off { Self::Off } else { Self::System }
    }

    /// Whether it can be used: asked before a person is asked for a secret.
    pub(crate) fn open(&self) -> Result<Arc<CredentialStore>, KeyringError> {
        match self {
            Self::Off => Err(KeyringError::Off),
            Self::System => {
                let status = keyring::Entry::store_status();
                status.as_ref().map_err(|_| KeyringError::Absent)?;
                keyring_core::get_default_store().ok_or(KeyringError::Absent)
            }
            #[cfg(test)]
            Self::Given(store) => Ok(Arc::clone(store)),
        }
    }

    /// The value kept, if there is one.
    pub(crate) fn get(&self, key: &SecretKey) -> Result<Option<String>, KeyringError> {
        match self.entry(key)?.get_password() {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a value, in place of an earlier one.
    pub(crate) fn set(&self, key: &SecretKey, value: &str) -> Result<(), KeyringError> {
        Ok(self.entry(key)?.set_password(value)?)
    }

    /// Removes a value; `false`: there was none.
    pub(crate) fn remove(&self, key: &SecretKey) -> Result<bool, KeyringError> {
        match self.entry(key)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn entry(&self, key: &SecretKey) -> Result<Entry, KeyringError> {
        let (service, user) = (format!("cvj: {}", key.client), format!("{}/{}", key.source, key.name));
        Ok(self.open()?.build(&service, &user, None)?)
    }
}

impl Vault for Keyring {
    fn place(&self) -> &'static str {
        "the keyring"
    }

    fn find(&self, key: &SecretKey, _is_cancelled: &dyn Fn() -> bool) -> Result<String, NotFound> {
        match self.get(key) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => {
                Err(NotFound(format!("the keyring holds none of this name for source `{}` of {}", key.source, key.client)))
            }
            Err(error) => Err(NotFound(error.to_string())),
        }
    }
}

/// What the system says, without the names of libraries in front of it.
fn reason(error: &(dyn std::error::Error + Send + Sync)) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use keyring_core::mock;

    use super::*;

    fn key(client: &str, source: &str) -> SecretKey {
        SecretKey { client: client.to_owned(), source: source.to_owned(), name: "TOKEN".to_owned() }
    }

    #[test]
    fn clients_and_sources_do_not_mix() {
        let keyring = Keyring::Given(mock::Store::new().unwrap());
        let (acme, other) = (key("Acme", "crm"), key("Acme / crm", "crm"));
        keyring.set(&acme, "one").unwrap();
        keyring.set(&acme, "two").unwrap();
        assert_eq!(keyring.get(&acme).unwrap().as_deref(), Some("two"));
        for stranger in [&other, &key("Acme", "shop")] {
            assert_eq!(keyring.get(stranger).unwrap(), None);
            assert!(!keyring.remove(stranger).unwrap());
        }
        assert!(keyring.remove(&acme).unwrap());
        let why = keyring.find(&acme, &|| false).unwrap_err();
        assert_eq!(why.to_string(), "the keyring holds none of this name for source `crm` of Acme");
    }

    #[test]
    fn every_failure_says_what_to_do_and_no_value() {
        let store = mock::Store::new().unwrap();
        let keyring = Keyring::Given(store);
        let key = key("Acme", "crm");
        keyring.set(&key, "s3cret").unwrap();
        let failures = [
            (Error::NoStorageAccess("prompt dismissed".into()), "is locked and was not unlocked (prompt dismissed)"),
            (Error::BadEncoding(b"s3cret".to_vec()), "is no text"),
            (Error::TooLong("password".to_owned(), 2560), "at most 2560"),
            (Error::PlatformFailure("the bus is gone".into()), "failed: the bus is gone"),
            (Error::Ambiguous(Vec::new()), "several entries"),
        ];
        for (failure, says) in failures {
            let entry = keyring.entry(&key).unwrap();
            entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(failure);
            let error = keyring.get(&key).unwrap_err();
            let told = format!("{error} {error:?} {}", error.hint(&key));
            assert!(told.contains(says) && !told.contains("s3cret"), "{told}");
        }
        assert_eq!(Keyring::Off.get(&key).unwrap_err(), KeyringError::Off);
        assert!(KeyringError::Off.hint(&key).contains("variable TOKEN"));
    }
}
