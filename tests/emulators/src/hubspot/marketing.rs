//! Marketing e-mails and campaigns, with their numbers.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::generate::UNTIL;
use super::portal::Portal;
use crate::{Answer, Request};

const EMAILS: u64 = 36;
const CAMPAIGNS: u64 = 5;

/// When an e-mail was sent: one a fortnight.
fn sent_at(number: u64) -> Timestamp {
    UNTIL - SignedDuration::from_hours(24 * 14 * (EMAILS - number) as i64) + SignedDuration::from_hours(10)
}

fn email_id(number: u64) -> u64 {
    180_000_000_000 + number * 7
}

fn campaign_id(number: u64) -> String {
    format!("7d1a3f52-0000-4000-8000-{number:012x}")
}

/// What became of an e-mail: sent, delivered, opened, clicked, bounced, unsubscribed.
fn counters(number: u64) -> [(&'static str, u64); 6] {
    let sent = 1000 + number * 37;
    let bounced = sent / 50 + number % 3;
    let delivered = sent - bounced;
    let opened = delivered * (30 + number % 11) / 100;
    let clicked = opened * (10 + number % 7) / 100;
    [
        ("sent", sent),
        ("delivered", delivered),
        ("open", opened),
        ("click", clicked),
        ("bounce", bounced),
        ("unsubscribed", number % 9),
    ]
}

fn statistics(emails: &[u64]) -> Value {
    let mut sums = counters(0).map(|(name, _)| (name, 0));
    for number in emails {
        for (sum, (_, count)) in sums.iter_mut().zip(counters(*number)) {
            sum.1 += count;
        }
    }
    let count = |name: &str| sums.iter().find(|(key, _)| *key == name).map_or(0, |(_, count)| *count);
    let ratio = |of: u64, all: u64| if all == 0 { 0.0 } else { of as f64 * 100.0 / all as f64 };
    let counters: serde_json::Map<String, Value> = sums.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
    json!({
        "counters": counters,
        "ratios": {
            "openratio": ratio(count("open"), count("delivered")), "clickratio": ratio(count("click"), count("delivered")),
            "clickthroughratio": ratio(count("click"), count("open")), "bounceratio": ratio(count("bounce"), count("sent")),
            "unsubscribedratio": ratio(count("unsubscribed"), count("delivered")),
        },
        "deviceBreakdown": {"open_device_type": {"computer": count("open") / 2, "mobile": count("open") - count("open") / 2}},
        "qualifierStats": {},
    })
}

fn email(number: u64, with_statistics: bool) -> Value {
    let at = sent_at(number).to_string();
    let mut email = json!({
        "id": email_id(number).to_string(), "name": format!("Newsletter {number} – Größe"), "subject": format!("News {number}"),
        "state": "PUBLISHED", "type": "BATCH_EMAIL", "subcategory": "batch", "isPublished": true, "isAb": false,
        "isTransactional": false, "archived": false, "createdAt": at, "updatedAt": at, "publishDate": at, "publishedAt": at,
        "campaign": campaign_id(number % CAMPAIGNS), "campaignName": format!("Campaign {}", number % CAMPAIGNS),
        "language": "en", "sendOnPublish": true,
    });
    if with_statistics {
        email["stats"] = statistics(&[number]);
    }
    email
}

fn page(request: &Request, all: Vec<Value>, total: bool) -> Value {
    let limit = request.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10usize).clamp(1, 100);
    let after: usize = request.parameter("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let count = all.len();
    let results: Vec<Value> = all.into_iter().skip(after).take(limit).collect();
    let mut body = json!({"results": results});
    if total {
        body["total"] = json!(count);
    }
    if after + limit < count {
        body["paging"] = json!({"next": {"after": (after + limit).to_string(), "link": "?after="}});
    }
    body
}

impl Portal {
    /// The ids of the marketing e-mails.
    pub fn email_ids() -> Vec<u64> {
        (0..EMAILS).map(email_id).collect()
    }

    pub(super) fn emails(&mut self, rest: &[&str], request: &Request) -> Answer {
        match rest {
            [] => {
                let with = request.parameter("includeStats") == Some("true");
                Answer::json(200, &page(request, (0..EMAILS).map(|number| email(number, with)).collect(), true))
            }
            ["statistics", "list"] => {
                let moment = |key| request.parameter(key).and_then(|text| text.parse::<Timestamp>().ok());
                let (Some(start), Some(end)) = (moment("startTimestamp"), moment("endTimestamp")) else {
                    return self.invalid("startTimestamp and endTimestamp are required");
                };
                let asked: Vec<u64> = request.list("emailIds").into_iter().filter_map(|id| id.parse().ok()).collect();
                let emails: Vec<u64> = (0..EMAILS)
                    .filter(|number| (start..=end).contains(&sent_at(*number)))
                    .filter(|number| asked.is_empty() || asked.contains(&email_id(*number)))
                    .collect();
                let ids: Vec<u64> = emails.iter().map(|number| email_id(*number)).collect();
                Answer::json(200, &json!({"emails": ids, "campaignAggregations": {}, "aggregate": statistics(&emails)}))
            }
            [id] => match (0..EMAILS).find(|number| email_id(*number).to_string() == *id) {
                Some(number) => Answer::json(200, &email(number, request.parameter("includeStats") == Some("true"))),
                None => self.not_found(),
            },
            _ => self.not_found(),
        }
    }

    pub(super) fn campaigns(&mut self, rest: &[&str], request: &Request) -> Answer {
        let campaign = |number: u64| {
            let names = request.list("properties");
            let all = [("hs_name", format!("Campaign {number}")), ("hs_start_date", "2026-01-01".to_owned())];
            let shown = all.into_iter().filter(|(name, _)| names.contains(name));
            let shown: serde_json::Map<String, Value> = shown.map(|(name, value)| (name.to_owned(), json!(value))).collect();
            let at = "2026-01-01T08:00:00Z";
            json!({"id": campaign_id(number), "properties": shown, "createdAt": at, "updatedAt": at, "businessUnits": []})
        };
        if rest.is_empty() {
            return Answer::json(200, &page(request, (0..CAMPAIGNS).map(campaign).collect(), true));
        }
        let Some(number) = (0..CAMPAIGNS).find(|number| campaign_id(*number) == rest[0]) else { return self.not_found() };
        match &rest[1..] {
            [] => {
                let mut campaign = campaign(number);
                campaign["assets"] = json!({});
                Answer::json(200, &campaign)
            }
            ["reports", "metrics"] => Answer::json(
                200,
                &json!({"sessions": 5000 + number * 311, "newContactsFirstTouch": 120 + number * 7,
                    "newContactsLastTouch": 110 + number * 5, "influencedContacts": 400 + number * 13}),
            ),
            ["reports", "revenue"] => Answer::json(
                200,
                &json!({"currencyCode": "EUR", "contactsNumber": 40 + number, "dealsNumber": 12 + number,
                    "dealAmount": 15_000.5 + number as f64, "revenueAmount": 9_000.25 + number as f64}),
            ),
            ["budget", "totals"] => Answer::json(
                200,
                &json!({"currencyCode": "EUR", "budgetItems": [], "spendItems": [], "budgetTotal": 2000.0,
                    "spendTotal": 1500.0, "remainingBudget": 500.0}),
            ),
            _ => self.not_found(),
        }
    }
}
