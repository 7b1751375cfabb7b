//! How a request says who asks.

use cvj_core::source::SecretName;
use cvj_core::{SourceError, Task};

use crate::api::Api;

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
    /// A session of the vendor's own: gives the credentials at the first request, and anew once after a 401.
    Session(Box<dyn Fn(&Api, &Task) -> Result<Credentials, SourceError> + Send + Sync>),
}

/// A header that carries credentials. Its value is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The header's name.
    pub header: &'static str,
    /// Its value.
    pub value: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credentials").field("header", &self.header).finish_non_exhaustive()
    }
}
