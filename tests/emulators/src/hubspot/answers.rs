//! Errors as HubSpot writes them.

use serde_json::{Value, json};

use super::portal::Portal;
use super::record::Kind;
use crate::Answer;

impl Portal {
    /// The id by which HubSpot's support would find this answer.
    fn correlation(&mut self) -> String {
        self.answers += 1;
        format!("5f0ad5c4-0000-4000-8000-{:012x}", self.answers)
    }

    pub(super) fn error(&mut self, status: u16, category: &str, message: &str) -> Answer {
        let correlation = self.correlation();
        let body = json!({"status": "error", "message": message, "correlationId": correlation, "category": category});
        Answer::json(status, &body)
    }

    pub(super) fn invalid(&mut self, message: &str) -> Answer {
        self.error(400, "VALIDATION_ERROR", message)
    }

    pub(super) fn not_found(&mut self) -> Answer {
        self.error(404, "OBJECT_NOT_FOUND", "resource not found")
    }

    pub(super) fn missing_scopes(&mut self, scopes: &[&str]) -> Answer {
        let message = "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: \
                       https://developers.hubspot.com/scopes.";
        let errors = json!([{
            "message": "One or more of the following scopes are required.",
            "context": {"requiredGranularScopes": scopes},
        }]);
        let correlation = self.correlation();
        Answer::json(
            403,
            &json!({"status": "error", "message": message, "correlationId": correlation, "errors": errors,
                "links": {"scopes": "https://developers.hubspot.com/scopes"}, "category": "MISSING_SCOPES"}),
        )
    }

    /// An answer 429 of a policy: `TEN_SECONDLY_ROLLING`, `SECONDLY` or `DAILY`.
    pub fn too_many(&self, policy: &str) -> Answer {
        let correlation = format!("5f0ad5c4-0000-4000-9000-{:012x}", self.day.1);
        let body = json!({
            "status": "error", "message": format!("You have reached your {} limit.", policy.to_lowercase()),
            "errorType": "RATE_LIMIT", "category": "RATE_LIMITS", "correlationId": correlation, "policyName": policy,
            "groupName": "publicapi:private-apps:api-calls:12345",
        });
        self.with_daily(Answer::json(429, &body))
    }

    /// The answer with what is left of the day's quota.
    pub(super) fn with_daily(&self, answer: Answer) -> Answer {
        let daily = self.limits.daily;
        answer
            .with("x-hubspot-ratelimit-daily", &daily)
            .with("x-hubspot-ratelimit-daily-remaining", &daily.saturating_sub(self.day.1))
    }

    /// The error part of a batch's answer for what was not found.
    pub(super) fn not_in_batch(kind: Kind, ids: &[String]) -> Value {
        json!({
            "status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": ids},
            "message": format!(
                "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
                kind.singular().to_uppercase()
            ),
        })
    }
}
