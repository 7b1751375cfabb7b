//! What HubSpot's answers mean.

use std::time::Duration;

use cvj_core::{SourceError, Status};
use cvj_http::{Answer, Dialect, Judgement};
use serde::Deserialize;
use serde_json::Value;

/// HubSpot's manner of saying no.
pub(crate) struct HubSpotDialect;

/// What an answer that failed says.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Failure {
    message: String,
    category: String,
    policy_name: String,
    errors: Vec<Value>,
}

impl Failure {
    fn of(answer: &Answer) -> Self {
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// The scopes that a request would have needed.
    fn scopes(&self) -> Vec<&str> {
        let named = self.errors.iter().filter_map(|error| error["context"]["requiredGranularScopes"].as_array());
        named.flatten().filter_map(Value::as_str).collect()
    }
}

impl Dialect for HubSpotDialect {
    fn judge(&self, answer: &Answer) -> Option<Judgement> {
        match answer.status {
            // A day's quota comes back at midnight: waiting for it is not what a person wants.
            429 => {
                let failure = Failure::of(answer);
                let none_left = answer.header("x-hubspot-ratelimit-daily-remaining").is_some_and(|left| left.trim() == "0");
                (failure.policy_name == "DAILY" || none_left).then(|| {
                    let message = "HubSpot: the account's requests of this day are used up";
                    let hint = "run again after midnight in the account's time zone: what was read so far is kept";
                    Judgement::Fail(SourceError::new(Status::RateLimited, message).with_hint(hint))
                })
            }
            403 => {
                let failure = Failure::of(answer);
                (failure.category == "MISSING_SCOPES").then(|| {
                    let scopes = failure.scopes().join(" or ");
                    let needs =
                        if scopes.is_empty() { "a scope that it lacks".to_owned() } else { format!("the scope {scopes}") };
                    let message = format!("HubSpot: {} needs {needs}", answer.of);
                    let hint = "grant it to the service key or app in HubSpot's settings";
                    Judgement::Fail(SourceError::new(Status::Unauthorized, message).with_hint(hint))
                })
            }
            // Locked for a moment, and what HubSpot's gateway says when it does not reach HubSpot.
            423 | 521..=524 => Some(Judgement::Retry(None)),
            _ => None,
        }
    }

    fn reason(&self, answer: &Answer) -> Option<String> {
        const LONGEST: usize = 200;
        let message = Failure::of(answer).message;
        let words = message.split_whitespace().map(|word| if word.contains('@') { "…" } else { word });
        let line: String = words.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
        (!line.is_empty()).then_some(line)
    }

    /// Near the end of what a stretch of ten seconds allows, everyone waits until a few more requests are free: the stretch
    /// moves on with time, and other apps ask too. Searches do not say what is left.
    fn pause(&self, answer: &Answer) -> Option<Duration> {
        const FEW: u64 = 4;
        let number = |name| answer.header(name)?.trim().parse::<u64>().ok();
        let left = number("x-hubspot-ratelimit-remaining")?;
        let most = number("x-hubspot-ratelimit-max").filter(|most| *most > 0)?;
        let interval = number("x-hubspot-ratelimit-interval-milliseconds")?;
        (left < FEW).then(|| Duration::from_millis(interval * (FEW - left) / most))
    }
}
