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

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Answer { status, headers, body: body.as_bytes().to_vec(), of: "POST /crm/objects/2026-09/deals/search".to_owned() }
    }

    fn failure(answer: &Answer) -> Option<(Status, String)> {
        match HubSpotDialect.judge(answer)? {
            Judgement::Fail(error) => Some((error.status, error.message)),
            _ => None,
        }
    }

    #[test]
    fn a_day_is_not_waited_for_and_a_second_is() {
        let daily = answer(429, &[], r#"{"category": "RATE_LIMITS", "policyName": "DAILY"}"#);
        assert_eq!(failure(&daily).map(|(status, _)| status), Some(Status::RateLimited));
        let used_up = answer(429, &[("x-hubspot-ratelimit-daily-remaining", "0")], "");
        assert_eq!(failure(&used_up).map(|(status, _)| status), Some(Status::RateLimited));
        let headers = [("x-hubspot-ratelimit-daily-remaining", "649000")];
        let secondly = answer(429, &headers, r#"{"message": "You have reached your secondly limit.", "policyName": "SECONDLY"}"#);
        assert_eq!(HubSpotDialect.judge(&secondly), None);
    }

    #[test]
    fn a_missing_scope_is_named() {
        let body =
            r#"{"category": "MISSING_SCOPES", "errors": [{"context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}]}"#;
        let (status, message) = failure(&answer(403, &[], body)).unwrap();
        assert_eq!(status, Status::Unauthorized);
        assert_eq!(message, "HubSpot: POST /crm/objects/2026-09/deals/search needs the scope crm.objects.deals.read");
        assert_eq!(HubSpotDialect.judge(&answer(403, &[], "<html>")), None);
    }

    #[test]
    fn no_address_is_quoted() {
        let said = answer(400, &[], r#"{"message": "Contact ann@example.org\n is odd"}"#);
        assert_eq!(HubSpotDialect.reason(&said).as_deref(), Some("Contact … is odd"));
    }

    #[test]
    fn waits_for_as_many_as_are_missing() {
        let left = |left| {
            let headers = [
                ("x-hubspot-ratelimit-remaining", left),
                ("x-hubspot-ratelimit-max", "100"),
                ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
            ];
            HubSpotDialect.pause(&answer(200, &headers, "{}"))
        };
        assert_eq!(left("50"), None);
        assert_eq!(left("0"), Some(Duration::from_millis(400)));
        assert_eq!(left("-1"), None);
    }
}
