//! Where secrets are kept beside the environment: the system's keyring, and a command of the user's.

mod command;
mod keyring;

use std::sync::Arc;

use cvj_engine::Vault;

use self::command::SecretCommand;
pub(crate) use self::keyring::{Keyring, KeyringError};

/// The first line of a key that has several.
const KEY_BEGINS: &str = "-----BEGIN ";

/// In the order in which they are asked. Both are the user's own settings: nothing in a client's folder chooses them.
pub(crate) fn all() -> Vec<Arc<dyn Vault>> {
    vec![Arc::new(Keyring::of_the_user()), Arc::new(SecretCommand::of_the_user())]
}

/// The text without its last line end, if it is one secret: a line, or a key in PEM form. If it is not: how many lines it has.
pub(crate) fn one_value(text: &str) -> Result<&str, usize> {
    match text.trim().lines().count() {
        lines @ 2.. if !text.trim_start().starts_with(KEY_BEGINS) => Err(lines),
        _ => Ok(text.trim_end_matches(['\r', '\n'])),
    }
}
