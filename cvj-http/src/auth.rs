//! How a request says who asks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cvj_core::source::SecretName;
use cvj_core::{SourceError, Task};

use crate::api::Api;
use crate::oauth::{self, Claims};
use crate::secrets::{self, Listening};
use crate::vault::Granted;

/// How requests are authenticated. Secrets are asked of the host when they are needed, by name.
pub enum Auth {
    /// No credentials.
    None,
    /// `Authorization: Bearer <secret>`.
    Bearer(SecretName),
    /// `Authorization: Basic <user:secret>`.
    Basic {
        /// The user, which is no secret.
        user: String,
        /// The password.
        password: SecretName,
    },
    /// A header of the vendor's own: `x-api-token: <secret>`.
    Header {
        /// The header's name.
        name: &'static str,
        /// Its value.
        value: SecretName,
    },
    /// OAuth 2.0 with a refresh token: an access token is got at the first request, and anew once after a 401.
    OAuthRefresh {
        /// Path under the base URL, or an absolute URL of the same vendor.
        token_url: String,
        /// The client's id, which is no secret.
        client_id: String,
        /// The client's secret.
        client_secret: SecretName,
        /// The refresh token.
        refresh_token: SecretName,
    },
    /// OAuth 2.0 client credentials.
    OAuthClient {
        /// As above.
        token_url: String,
        /// As above.
        client_id: String,
        /// As above.
        client_secret: SecretName,
        /// Scopes, separated by blanks; may be empty.
        scope: String,
    },
    /// OAuth 2.0 JWT bearer (RFC 7523), signed with RS256.
    JwtBearer {
        /// As above.
        token_url: String,
        /// `iss`.
        issuer: String,
        /// `sub`; may be empty.
        subject: String,
        /// `aud`.
        audience: String,
        /// Scopes, separated by blanks; may be empty.
        scope: String,
        /// An RSA key in PEM.
        private_key: SecretName,
    },
    /// A session of the vendor's own: gives the credentials at the first request, and anew once after a 401. Its requests are
    /// sent with [`without_credentials`](crate::Request::without_credentials).
    Session(Box<Login>),
}

/// Logs in to a vendor's session.
pub type Login = dyn Fn(&Api, &Task) -> Result<Credentials, SourceError> + Send + Sync;

/// A header that carries credentials. Its value is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The header's name.
    pub header: &'static str,
    /// Its value.
    pub value: String,
}

impl Auth {
    /// Whether credentials that were refused can be had anew.
    pub(crate) fn renews(&self) -> bool {
        match self {
            Self::None | Self::Bearer(_) | Self::Basic { .. } | Self::Header { .. } => false,
            Self::OAuthRefresh { .. } | Self::OAuthClient { .. } | Self::JwtBearer { .. } | Self::Session(_) => true,
        }
    }

    /// The secret that stands for all: what to look at where credentials are refused.
    pub(crate) fn secret(&self) -> Option<&SecretName> {
        match self {
            Self::None | Self::Session(_) => None,
            Self::Bearer(name)
            | Self::Basic { password: name, .. }
            | Self::Header { value: name, .. }
            | Self::OAuthRefresh { refresh_token: name, .. }
            | Self::OAuthClient { client_secret: name, .. }
            | Self::JwtBearer { private_key: name, .. } => Some(name),
        }
    }

    /// Gets credentials.
    pub(crate) fn granted(&self, api: &Api, task: &Task) -> Result<Option<Granted>, SourceError> {
        let header = |header, value: String| {
            secrets::keep(&value);
            Ok(Some(Granted::for_ever(Credentials { header, value })))
        };
        match self {
            Self::None => Ok(None),
            Self::Bearer(name) => header("authorization", format!("Bearer {}", api.secret(task, name)?)),
            Self::Basic { user, password } => {
                let pair = STANDARD.encode(format!("{user}:{}", api.secret(task, password)?));
                secrets::keep(&pair);
                header("authorization", format!("Basic {pair}"))
            }
            Self::Header { name, value } => header(name, api.secret(task, value)?),
            Self::OAuthRefresh { token_url, client_id, client_secret, refresh_token } => {
                oauth::by_refresh_token(api, token_url, (client_id, client_secret), refresh_token, task).map(Some)
            }
            Self::OAuthClient { token_url, client_id, client_secret, scope } => {
                oauth::by_client(api, token_url, (client_id, client_secret), scope, task).map(Some)
            }
            Self::JwtBearer { token_url, issuer, subject, audience, scope, private_key } => {
                let claims = Claims { issuer, subject, audience, scope };
                oauth::by_assertion(api, token_url, &claims, private_key, task).map(Some)
            }
            Self::Session(login) => {
                let task = Task::new(std::sync::Arc::new(Listening(task.clone())));
                let credentials = login(api, &task)?;
                // The key alone, whatever scheme or cookie it is sent in; what is short is no key.
                let words = credentials.value.split([' ', ';', '=', ',']).filter(|word| word.len() >= 8);
                words.chain([credentials.value.as_str()]).for_each(secrets::keep);
                Ok(Some(Granted::for_ever(credentials)))
            }
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credentials").field("header", &self.header).finish_non_exhaustive()
    }
}
