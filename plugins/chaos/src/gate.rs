//! Credentials, and what an API says about them: right, wrong, without rights, or no API there at all.

use cvj_core::source::Level;
use cvj_core::{SourceError, Status, Task};

use crate::ChaosConfig;
use crate::misbehave::Misbehave;

/// Lets a caller in that has the right token, or that needs none.
pub(crate) fn enter(config: &ChaosConfig, task: &Task) -> Result<(), SourceError> {
    if config.misbehave == Misbehave::NobodyAnswers {
        return Err(SourceError::new(Status::Io, "nobody answers at https://chaos.invalid"));
    }
    let Some(name) = &config.token else { return Ok(()) };
    let token = task.secret(&name.secret)?;
    task.log(Level::Warn, &format!("chaos was given the token {token}"));
    match token.as_str() {
        "open-sesame" => Ok(()),
        "read-nothing" => {
            Err(SourceError::new(Status::Unauthorized, "chaos lets this token read no events: it lacks the scope `events.read`"))
        }
        _ => {
            let message = format!("chaos does not know the token {token} (asked with ?token={})", percent_encoded(&token));
            Err(SourceError::new(Status::Unauthenticated, message).with_hint("make a token in the settings of chaos"))
        }
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02X}"))
}
