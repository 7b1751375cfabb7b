//! The keys of a HubSpot source in `cvj.toml`.

use cvj_core::source::SecretName;
use cvj_core::{SourceError, Status};
use cvj_http::Auth;
use schemars::JsonSchema;
use serde::Deserialize;

/// A source that reads HubSpot. One of `token` and `oauth` says who asks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HubSpotConfig {
    /// The token of a service key or private app.
    #[serde(default)]
    pub token: Option<SecretName>,
    /// The credentials of an app that was installed by OAuth.
    #[serde(default)]
    pub oauth: Option<OAuthApp>,
    /// The version of HubSpot's API: a date such as `2026-09` (the default), or `v3`, which HubSpot ends in September 2027.
    #[serde(default)]
    #[schemars(with = "String")]
    pub version: Version,
    /// Where the API is.
    #[serde(default = "hubspot")]
    pub base_url: String,
    /// Searches a second. HubSpot allows five to all apps of an account together; the default leaves one to the others.
    #[serde(default = "four")]
    #[schemars(range(min = 0.1, max = 1000.0))]
    pub searches_per_second: f64,
    /// Other requests a second. HubSpot allows 10 on small and 19 on large plans.
    #[serde(default = "nine")]
    #[schemars(range(min = 0.1, max = 1000.0))]
    pub requests_per_second: f64,
}

/// An app that was installed by OAuth.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuthApp {
    /// The app's client id, which is no secret.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: SecretName,
    /// The refresh token that HubSpot gave when the app was installed.
    pub refresh_token: SecretName,
}

fn hubspot() -> String {
    "https://api.hubapi.com".to_owned()
}

fn four() -> f64 {
    4.0
}

fn nine() -> f64 {
    9.0
}

impl HubSpotConfig {
    /// Who asks.
    pub(crate) fn auth(&self) -> Result<Auth, SourceError> {
        match (&self.token, &self.oauth) {
            (Some(token), None) => Ok(Auth::Bearer(token.clone())),
            (None, Some(app)) => Ok(Auth::OAuthRefresh {
                token_url: self.version.token_path(),
                client_id: app.client_id.clone(),
                client_secret: app.client_secret.clone(),
                refresh_token: app.refresh_token.clone(),
            }),
            (token, _) => {
                let what = if token.is_some() { "both `token` and `oauth` are given" } else { "no credentials are given" };
                let hint = "set token = { secret = \"HUBSPOT_TOKEN\" }, or oauth = { client_id, client_secret, refresh_token }";
                Err(SourceError::new(Status::InvalidArgument, what).with_hint(hint))
            }
        }
    }
}

/// A version of HubSpot's API, which decides where things are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Version {
    /// One of the versions that come twice a year: `2026-09`.
    Dated(String),
    /// The last numbered one; associations are v4's and tokens v1's.
    V3,
}

impl Default for Version {
    fn default() -> Self {
        Self::Dated("2026-09".to_owned())
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_date = text.len() == 7 && format!("{text}-01").parse::<jiff::civil::Date>().is_ok();
        match text.as_str() {
            "v3" => Ok(Self::V3),
            _ if is_date => Ok(Self::Dated(text)),
            _ => Err(format!("`{text}` is no version of HubSpot's API: a year and month such as `2026-09`, or `v3`")),
        }
    }
}

impl Version {
    /// Where a part of the API is: `/crm/objects/2026-09`, `/crm/v3/objects`.
    pub(crate) fn path(&self, area: &str, part: &str) -> String {
        match self {
            Self::Dated(date) => format!("/{area}/{part}/{date}"),
            Self::V3 => format!("/{area}/v3/{part}"),
        }
    }

    /// Where associations are read.
    pub(crate) fn associations_path(&self, from: &str, to: &str) -> String {
        match self {
            Self::Dated(date) => format!("/crm/associations/{date}/{from}/{to}/batch/read"),
            Self::V3 => format!("/crm/v4/associations/{from}/{to}/batch/read"),
        }
    }

    /// Where an account says what it is.
    pub(crate) fn account_path(&self) -> String {
        match self {
            Self::Dated(date) => format!("/account-info/{date}/details"),
            Self::V3 => "/account-info/v3/details".to_owned(),
        }
    }

    /// Where access tokens are given.
    fn token_path(&self) -> String {
        match self {
            Self::Dated(date) => format!("/oauth/{date}/token"),
            Self::V3 => "/oauth/v1/token".to_owned(),
        }
    }
}
