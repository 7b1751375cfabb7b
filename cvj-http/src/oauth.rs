//! OAuth 2.0: access tokens by refresh token, by client credentials and by signed assertion (RFC 6749, RFC 7523).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cvj_core::source::{Level, SecretName};
use cvj_core::{SourceError, Status, Task};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::auth::Credentials;
use crate::secrets;
use crate::vault::Granted;

/// How long an assertion is good for: vendors take three minutes to an hour.
const ASSERTION_LASTS: i64 = 180;

/// The claims of an assertion.
pub(crate) struct Claims<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) scope: &'a str,
}

/// What a token endpoint says.
#[derive(Deserialize)]
struct Granting {
    access_token: String,
    /// Seconds, which some vendors write as text.
    #[serde(default)]
    expires_in: Value,
    refresh_token: Option<String>,
}

/// What it says where it refuses.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: String,
}

/// An access token for a refresh token.
pub(crate) fn by_refresh_token(
    api: &Api,
    token_url: &str,
    (client_id, client_secret): (&str, &SecretName),
    refresh_token: &SecretName,
    task: &Task,
) -> Result<Granted, SourceError> {
    let newest = api.vault().refresh_token();
    let is_first = newest.is_none();
    let sent = newest.map_or_else(|| api.secret(task, refresh_token), Ok)?;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client_id),
        ("client_secret", &api.secret(task, client_secret)?),
        ("refresh_token", &sent),
    ];
    let token = token(api, token_url, &form, &[client_secret, refresh_token], task)?;
    if let Some(newer) = token.refresh_token.clone().filter(|newer| *newer != sent) {
        secrets::keep(&newer);
        api.vault().keep_refresh_token(newer);
        if is_first {
            let name = &refresh_token.secret;
            task.log(
                Level::Warn,
                &format!("{} gave a new refresh token: the stored secret `{name}` may not work again", api.name()),
            );
        }
    }
    Ok(granted(&token))
}

/// An access token for a client's own credentials.
pub(crate) fn by_client(
    api: &Api,
    token_url: &str,
    (client_id, client_secret): (&str, &SecretName),
    scope: &str,
    task: &Task,
) -> Result<Granted, SourceError> {
    let secret = api.secret(task, client_secret)?;
    let mut form = vec![("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", &secret)];
    form.extend((!scope.is_empty()).then_some(("scope", scope)));
    Ok(granted(&token(api, token_url, &form, &[client_secret], task)?))
}

/// An access token for an assertion signed with a private key.
pub(crate) fn by_assertion(
    api: &Api,
    token_url: &str,
    claims: &Claims<'_>,
    private_key: &SecretName,
    task: &Task,
) -> Result<Granted, SourceError> {
    let pem = api.secret(task, private_key)?;
    let now = jiff::Timestamp::now().as_second();
    let assertion = signed(claims, now, &pem).map_err(|why| {
        let message = format!("the secret `{}` holds no RSA key in PEM: {why}", private_key.secret);
        SourceError::new(Status::InvalidArgument, message).with_hint("it begins with -----BEGIN PRIVATE KEY-----")
    })?;
    secrets::keep(&assertion);
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
    Ok(granted(&token(api, token_url, &form, &[private_key], task)?))
}

fn granted(token: &Granting) -> Granted {
    let credentials = Credentials { header: "authorization", value: format!("Bearer {}", token.access_token) };
    let seconds = token.expires_in.as_f64().or_else(|| token.expires_in.as_str()?.trim().parse().ok());
    match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).filter(|lasts| !lasts.is_zero()) {
        Some(lasts) => Granted::lasting(credentials, lasts),
        None => Granted::for_ever(credentials),
    }
}

/// Asks the token endpoint. `held` names the secrets that a refusal is about.
fn token(api: &Api, url: &str, form: &[(&str, &str)], held: &[&SecretName], task: &Task) -> Result<Granting, SourceError> {
    let answer = api.token_request(url, form)?.send(task)?;
    if !(200..300).contains(&answer.status) {
        let Refusal { error, error_description } = serde_json::from_slice(&answer.body).unwrap_or_default();
        let words = [error, error_description].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(": ");
        let words = if words.is_empty() { format!("answered {}", answer.status) } else { words };
        let names = held.iter().map(|name| format!("`{}`", name.secret)).collect::<Vec<_>>().join(" and ");
        let message = format!("{} gave no access token: {}", api.name(), secrets::quoted(&words));
        let error = SourceError::new(Status::Unauthenticated, message);
        return Err(error.with_hint(format!("check the client id and the secrets {names}")));
    }
    let token: Granting = answer.json()?;
    if token.access_token.is_empty() {
        return Err(SourceError::new(Status::InvalidData, format!("{} gave an empty access token", api.name())));
    }
    secrets::keep(&token.access_token);
    Ok(token)
}

/// A JSON Web Token signed with RS256. Line breaks of the key may be written as `\n`, as they are in environment variables.
fn signed(claims: &Claims<'_>, now: i64, pem: &str) -> Result<String, String> {
    let pem = pem.replace("\\n", "\n");
    let key = match PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| "it cannot be read".to_owned())? {
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
        _ => return Err("it is a key of another kind".to_owned()),
    };
    let key = key.map_err(|error| error.to_string())?;
    let mut body = json!({ "iss": claims.issuer, "aud": claims.audience, "iat": now, "exp": now + ASSERTION_LASTS });
    for (name, value) in [("sub", claims.subject), ("scope", claims.scope)] {
        if !value.is_empty() {
            body[name] = value.into();
        }
    }
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(body.to_string()));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &ring::rand::SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| "it does not sign".to_owned())?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
