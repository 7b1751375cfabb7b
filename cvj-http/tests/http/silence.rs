//! Errors and logs hold no secret, no address of a person and no query, whatever the other side says.

use cvj_core::SourceError;
use cvj_http::{Answer, Api, ApiSettings, Auth, Dialect};
use serde_json::{Value, json};

use crate::host::{Host, SECRETS};
use crate::server::{Reply, Server};
use crate::{bearer, hasty, named, settings};

/// Whatever must not be told, as it is and as it is written in forms, JSON and headers.
pub(crate) fn forbidden() -> Vec<String> {
    let mut forbidden = vec!["anna@example.com".to_owned(), "anna%40example.com".to_owned(), "access-9".to_owned()];
    for (name, secret) in SECRETS {
        let secret = secret.trim_end();
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        forbidden.extend([secret.to_owned(), form, Value::from(secret).to_string().trim_matches('"').to_owned()]);
        if name == "PASSWORD" {
            let basic = format!("anna:{secret}");
            forbidden.push(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, basic));
        }
    }
    forbidden
}

/// Quotes everything, as vendors do that echo the request.
struct Chatty;

impl Dialect for Chatty {
    fn reason(&self, answer: &Answer) -> Option<String> {
        Some(String::from_utf8_lossy(&answer.body).into_owned())
    }
}

fn echo(status: u16) -> Server {
    Server::new(move |request, _| {
        let said = json!({
            "asked": request.target, "sent": request.body,
            "as": request.header("authorization"), "key": request.header("x-key"), "about": "anna@example.com",
            "token": "access-9 rt-first-31 tok-8f2a&é pass/word+1 cs-77aa\"x",
        });
        if status == 200 { Reply::json(&said.to_string()[1..]) } else { Reply::status(status, &said.to_string()) }
    })
}

fn ways() -> Vec<Auth> {
    let (token_url, client_id) = ("/oauth/token".to_owned(), "id-1".to_owned());
    vec![
        bearer(),
        Auth::Basic { user: "anna".to_owned(), password: named("PASSWORD") },
        Auth::Header { name: "x-key", value: named("PASSWORD") },
        Auth::OAuthRefresh { token_url, client_id, client_secret: named("CLIENT_SECRET"), refresh_token: named("REFRESH") },
    ]
}

fn told(host: &Host, error: &SourceError) -> String {
    format!("{error:?}\n{}\n", host.log().join("\n"))
}

#[test]
fn nothing_that_is_quoted_back_gets_out() {
    let mut all = String::new();
    for status in [200, 400, 401, 403, 404, 429, 500, 503] {
        let server = echo(status);
        for auth in ways() {
            let host = Host::new();
            let api = Api::new(ApiSettings { dialect: Box::new(Chatty), ..settings(&server.url, auth) }).unwrap();
            // All are known by now, however little this way to authenticate needs them.
            for (name, _) in SECRETS {
                api.secret(&host.task(), &named(name)).unwrap();
            }
            let request = api.post("/people/anna@example.com").query("email", "anna@example.com").query("key", "tok-8f2a&é");
            let body = json!({ "password": "pass/word+1", "of": "anna@example.com" });
            let error = request.json(&body).send(&host.task()).expect_err("no answer is good");
            all.push_str(&told(&host, &error));
        }
    }
    let tells: Vec<String> =
        forbidden().into_iter().filter(|secret| secret != "access-9" && all.contains(secret.as_str())).collect();
    assert_eq!(tells, Vec::<String>::new(), "{all}");
    assert!(all.contains("(secret)") && all.contains("person-"), "{all}");
}

#[test]
fn an_access_token_that_was_got_is_a_secret_too() {
    let server = Server::new(|request, _| match request.target.as_str() {
        "/oauth/token" => Reply::json("{\"access_token\":\"access-9\",\"refresh_token\":\"rt-next-32\"}"),
        _ => Reply::status(400, "{\"for\":\"access-9 rt-next-32\"}"),
    });
    let host = Host::new();
    let auth = ways().pop().unwrap();
    let api = Api::new(ApiSettings { dialect: Box::new(Chatty), ..settings(&server.url, auth) }).unwrap();
    let error = api.get("/x").send(&host.task()).expect_err("refused");
    assert!(error.message.ends_with("answered 400: {\"for\":\"(secret) (secret)\"}"), "{}", error.message);
}

#[test]
fn connections_that_fail_tell_no_query() {
    for reply in [Reply::Nothing, Reply::Raw(Vec::new()), Reply::Raw(b"anna@example.com\r\n\r\n".to_vec())] {
        let server = Server::replying([reply]);
        let (api, host) = (Api::new(hasty(&server.url, bearer())).unwrap(), Host::new());
        let error = api.get("/x").query("email", "anna@example.com").query("n", 517).send(&host.task()).expect_err("broken");
        let all = told(&host, &error);
        assert!(!all.contains("517") && !all.contains("anna") && !all.contains("tok-8f2a"), "{all}");
    }
}
