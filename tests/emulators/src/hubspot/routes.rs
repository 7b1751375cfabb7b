//! Which request means what: authorisation, limits, paths.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::generate::UNTIL;
use super::portal::{Portal, TOKEN};
use super::record::{Kind, Shown};
use super::schema;
use crate::{Answer, Emulator, Request};

/// What a token may read, unless the portal lacks it.
const SCOPES: [&str; 8] = [
    "crm.objects.contacts.read",
    "crm.objects.companies.read",
    "crm.objects.deals.read",
    "crm.objects.line_items.read",
    "crm.objects.owners.read",
    "content",
    "marketing.campaigns.read",
    "marketing.campaigns.revenue.read",
];

/// The versions whose answers differ: of associations, v3 tells names of types, v4 ids as numbers, versions by date ids as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V3,
    V4,
    Dated,
}

/// The paths of all versions, as one: what it is about, the version, and the rest.
struct Route<'a> {
    area: &'a str,
    version: Version,
    rest: Vec<&'a str>,
}

impl<'a> Route<'a> {
    fn read(path: &'a str, dated: &[String]) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let known = |part: &str| matches!(part, "v1" | "v2" | "v3" | "v4") || dated.iter().any(|version| version == part);
        match parts.as_slice() {
            ["crm" | "marketing", numbered @ ("v3" | "v4"), area, rest @ ..] => {
                let version = if *numbered == "v4" { Version::V4 } else { Version::V3 };
                Some(Self { area, version, rest: rest.to_vec() })
            }
            ["crm" | "marketing", area, date, rest @ ..] if dated.iter().any(|version| version == date) => {
                Some(Self { area, version: Version::Dated, rest: rest.to_vec() })
            }
            [area @ ("oauth" | "account-info"), any, rest @ ..] if known(any) => {
                Some(Self { area, version: Version::Dated, rest: rest.to_vec() })
            }
            _ => None,
        }
    }
}

impl Emulator for Portal {
    fn starts_at(&self) -> Timestamp {
        UNTIL + SignedDuration::from_hours(8)
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Answer {
        if let Some(name) = request.path.strip_prefix("/_truth/") {
            return self.truth(name);
        }
        let versions = self.versions.clone();
        let Some(route) = Route::read(&request.path, &versions) else { return self.not_found() };
        if route.area == "oauth" {
            return self.oauth(&route.rest, request, now);
        }
        if let Err(refusal) = self.authorise(request, now) {
            return refusal;
        }
        let search = route.area == "objects" && route.rest.get(1) == Some(&"search");
        let left = match self.admit(search, now) {
            Ok(left) => left,
            Err(refusal) => return refusal,
        };
        let answer = self.route(&route, request);
        let answer = self.with_daily(answer);
        if search {
            return answer;
        }
        answer
            .with("x-hubspot-ratelimit-interval-milliseconds", &10_000)
            .with("x-hubspot-ratelimit-max", &self.limits.burst.limit)
            .with("x-hubspot-ratelimit-remaining", &left)
    }
}

impl Portal {
    fn authorise(&mut self, request: &Request, now: Timestamp) -> Result<(), Answer> {
        let Some(token) = request.bearer() else {
            let message = "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more \
                           details at https://developers.hubspot.com/docs/methods/auth/oauth-overview";
            return Err(self.error(401, "INVALID_AUTHENTICATION", message));
        };
        match self.tokens.get(token) {
            _ if token == TOKEN => Ok(()),
            Some(until) if *until > now => Ok(()),
            Some(_) => {
                let message = "The OAuth token used to make this call expired 5 second(s) ago.";
                Err(self.error(401, "EXPIRED_AUTHENTICATION", message))
            }
            None => Err(self.error(401, "INVALID_AUTHENTICATION", "Authentication credentials are invalid.")),
        }
    }

    /// Counts a request, or refuses it. Gives how many more this stretch of time allows.
    fn admit(&mut self, search: bool, now: Timestamp) -> Result<u32, Answer> {
        let today = now.as_second().div_euclid(86_400);
        if self.day.0 != today {
            self.day = (today, 0);
        }
        let (policy, waiting) = if self.day.1 >= self.limits.daily {
            ("DAILY", SignedDuration::from_secs(86_400 - now.as_second().rem_euclid(86_400)).unsigned_abs())
        } else {
            let searched = if search { self.limits.search.take() } else { Ok(0) };
            match (searched, self.limits.burst.take()) {
                (Err(wait), _) => ("SECONDLY", wait),
                (_, Err(wait)) => ("TEN_SECONDLY_ROLLING", wait),
                (_, Ok(left)) => {
                    self.day.1 += 1;
                    return Ok(left);
                }
            }
        };
        let answer = self.too_many(policy);
        let seconds = waiting.as_secs() + u64::from(waiting.subsec_nanos() > 0);
        Err(if self.retry_after { answer.with("retry-after", &seconds) } else { answer })
    }

    /// Refuses unless one of the scopes was granted.
    fn scopes(&mut self, any_of: &[&str]) -> Result<(), Answer> {
        if any_of.iter().any(|scope| !self.missing_scopes.contains(*scope)) {
            return Ok(());
        }
        Err(self.missing_scopes(any_of))
    }

    fn route(&mut self, route: &Route<'_>, request: &Request) -> Answer {
        self.routed(route, request).unwrap_or_else(|refusal| refusal)
    }

    fn kind(&mut self, name: &str) -> Result<Kind, Answer> {
        Kind::named(name).ok_or_else(|| self.invalid(&format!("Unable to infer object type from: {name}")))
    }

    fn routed(&mut self, route: &Route<'_>, request: &Request) -> Result<Answer, Answer> {
        let objects = |kind: Kind| format!("crm.objects.{}.read", kind.plural());
        match (request.method.as_str(), route.area, route.rest.as_slice()) {
            ("GET", "objects", [kind, id, "associations", to]) if route.version == Version::V4 => {
                let (from, to) = (self.kind(kind)?, self.kind(to)?);
                self.scopes(&[&objects(from)])?;
                self.scopes(&[&objects(to)])?;
                Ok(self.associations_of_one(from, id, to, request))
            }
            (method, "objects", [kind, rest @ ..]) if route.version != Version::V4 => {
                let kind = self.kind(kind)?;
                self.scopes(&[&objects(kind)])?;
                for to in request.list("associations") {
                    let to = self.kind(to)?;
                    self.scopes(&[&objects(to)])?;
                }
                match (method, rest) {
                    ("GET", []) => Ok(self.list(kind, request)),
                    ("POST", ["search"]) => Ok(self.search(kind, request)),
                    ("POST", ["batch", "read"]) => Ok(self.batch_read(kind, request)),
                    ("GET", [id]) => Ok(self.read(kind, id, request)),
                    _ => Ok(self.no_such_method()),
                }
            }
            ("GET", "properties", [kind, name @ ..]) => {
                let kind = self.kind(kind)?;
                self.scopes(&[&objects(kind), &format!("crm.schemas.{}.read", kind.plural())])?;
                let shown = schema::properties(kind).into_iter();
                let shown = shown.filter(|(name, ..)| self.property_type(kind, name).is_some());
                let mut shown = shown.map(|(name, sort, label)| schema::shown_property(kind, &name, sort, &label));
                match name {
                    [] => Ok(Answer::json(200, &json!({"results": shown.collect::<Vec<_>>()}))),
                    [name] => {
                        let found = shown.find(|property| property["name"] == *name);
                        Ok(found.map_or_else(|| self.not_found(), |property| Answer::json(200, &property)))
                    }
                    _ => Ok(self.not_found()),
                }
            }
            ("GET", "pipelines", [kind, rest @ ..]) => {
                let kind = self.kind(kind)?;
                self.scopes(&[&objects(kind), &format!("crm.schemas.{}.read", kind.plural())])?;
                let pipelines = schema::pipelines(kind);
                let body = match rest {
                    [] => Some(json!({"results": pipelines})),
                    [id, rest @ ..] => {
                        let pipeline = pipelines.into_iter().find(|pipeline| pipeline["id"] == *id);
                        match rest {
                            [] => pipeline,
                            ["stages"] => pipeline.map(|pipeline| json!({"results": pipeline["stages"]})),
                            _ => None,
                        }
                    }
                };
                Ok(body.map_or_else(|| self.not_found(), |body| Answer::json(200, &body)))
            }
            ("GET", "owners", rest) => {
                self.scopes(&["crm.objects.owners.read"])?;
                Ok(self.owners(rest, request))
            }
            ("POST", "associations", [from, to, "batch", "read"]) => {
                let (from, to) = (self.kind(from)?, self.kind(to)?);
                self.scopes(&[&objects(from)])?;
                self.scopes(&[&objects(to)])?;
                Ok(self.associations(from, to, request, route.version))
            }
            ("GET", "emails", rest) => {
                self.scopes(&["content", "marketing-email"])?;
                Ok(self.emails(rest, request))
            }
            ("GET", "campaigns", rest) => {
                let revenue = matches!(rest, [_, "reports", "revenue"]);
                self.scopes(&[if revenue { "marketing.campaigns.revenue.read" } else { "marketing.campaigns.read" }])?;
                Ok(self.campaigns(rest, request))
            }
            ("GET", "account-info", ["details"]) => Ok(Answer::json(
                200,
                &json!({"portalId": 12_345, "accountType": "STANDARD", "timeZone": "Europe/Berlin", "companyCurrency": "EUR",
                    "additionalCurrencies": ["USD"], "utcOffset": "+02:00", "utcOffsetMilliseconds": 7_200_000,
                    "uiDomain": "app.hubspot.com", "dataHostingLocation": "eu1"}),
            )),
            _ => Ok(self.not_found()),
        }
    }

    fn no_such_method(&mut self) -> Answer {
        self.error(405, "METHOD_NOT_ALLOWED", "HTTP 405 Method Not Allowed")
    }

    fn owners(&mut self, rest: &[&str], request: &Request) -> Answer {
        let archived = request.parameter("archived") == Some("true");
        let owners = schema::owners().into_iter().filter(|owner| owner["archived"] == archived);
        let mut owners: Vec<Value> = owners.collect();
        if let [id] = rest {
            let owner = owners.into_iter().find(|owner| owner["id"] == *id);
            return owner.map_or_else(|| self.not_found(), |owner| Answer::json(200, &owner));
        }
        let limit = request.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(100usize);
        if limit == 0 || limit > 500 {
            return self.invalid("limit must be between 1 and 500");
        }
        let after = request.parameter("after").and_then(|after| after.parse().ok()).unwrap_or(0usize).min(owners.len());
        let mut page = owners.split_off(after);
        let more = page.len() > limit;
        page.truncate(limit);
        let mut body = json!({"results": page});
        if more {
            body["paging"] = json!({"next": {"after": (after + limit).to_string(), "link": "?after="}});
        }
        Answer::json(200, &body)
    }

    /// Tokens: `POST /oauth/{version}/token`, and what a token may do.
    fn oauth(&mut self, rest: &[&str], request: &Request, now: Timestamp) -> Answer {
        let form = request.form();
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        match (request.method.as_str(), rest) {
            ("POST", ["token"]) => {}
            ("POST", ["token", "introspect"]) => return self.introspect(field("token"), now),
            ("GET", ["access-tokens", token]) => return self.introspect(token, now),
            ("POST", ["private-apps", "get", "access-token-info"]) => {
                let query = request.json().unwrap_or_default();
                return self.introspect(query["tokenKey"].as_str().unwrap_or_default(), now);
            }
            _ => return self.not_found(),
        }
        let oauth = self.oauth.clone();
        if field("client_id") != oauth.client_id || field("client_secret") != oauth.client_secret {
            return self.error(400, "BAD_CLIENT_SECRET", "missing or unknown client secret");
        }
        let known = match field("grant_type") {
            "refresh_token" => field("refresh_token") == oauth.refresh_token,
            "client_credentials" => true,
            _ => return self.error(400, "BAD_GRANT_TYPE", "missing or unknown grant type"),
        };
        if !known {
            return self.error(400, "BAD_REFRESH_TOKEN", "missing or unknown refresh token");
        }
        let token = format!("emulator-access-{}", self.tokens.len() + 1);
        self.tokens.insert(token.clone(), now + oauth.lifetime);
        Answer::json(
            200,
            &json!({"token_type": "bearer", "refresh_token": oauth.refresh_token, "access_token": token,
                "expires_in": oauth.lifetime.as_secs(), "hub_id": 12_345}),
        )
    }

    /// What a token is good for; in the words of all the paths that tell it.
    fn introspect(&mut self, token: &str, now: Timestamp) -> Answer {
        let left = match self.tokens.get(token) {
            _ if token == TOKEN => None,
            Some(until) if *until > now => Some(now.duration_until(*until).as_secs()),
            _ => return self.not_found(),
        };
        let scopes: Vec<&str> = SCOPES.into_iter().filter(|scope| !self.missing_scopes.contains(*scope)).collect();
        let mut body = json!({"active": true, "token_type": "access", "hub_id": 12_345, "hubId": 12_345, "user_id": 101,
            "userId": 101, "app_id": 111_111, "appId": 111_111, "hub_domain": "emulator.example.org", "scopes": scopes});
        if let Some(left) = left {
            body["expires_in"] = json!(left);
        }
        Answer::json(200, &body)
    }

    /// Everything of a kind, for checks by clients: `/_truth/contacts`, `/_truth/archived-contacts`.
    fn truth(&mut self, name: &str) -> Answer {
        let archived = name.strip_prefix("archived-");
        let Some(kind) = Kind::named(archived.unwrap_or(name)) else { return self.not_found() };
        let names: Vec<String> = schema::properties(kind).into_iter().map(|(name, ..)| name).collect();
        let names: Vec<String> = names.into_iter().filter(|name| self.property_type(kind, name).is_some()).collect();
        let history = match kind {
            Kind::Contact => vec!["lifecyclestage".to_owned()],
            Kind::Deal => vec!["dealstage".to_owned()],
            _ => Vec::new(),
        };
        let ids: Vec<u64> = self.ids_from(kind, 0, archived.is_some()).collect();
        let associations = |id: u64| {
            let others = Kind::ALL.into_iter().map(|to| {
                let ids = self.associated(kind, id, to).into_iter().map(|id| id.to_string());
                (to.plural().to_owned(), json!(ids.collect::<Vec<_>>()))
            });
            Value::Object(others.filter(|(_, ids)| ids != &json!([])).collect())
        };
        let records = ids.into_iter().filter_map(|id| self.record(kind, id)).map(|record| {
            let shown = Shown { record: &record, properties: &names, with_history: &history, associations: Vec::new() };
            let mut shown = serde_json::to_value(shown).unwrap_or_default();
            shown["associations"] = associations(record.id);
            shown
        });
        Answer::json(200, &json!({"results": records.collect::<Vec<_>>()}))
    }
}
