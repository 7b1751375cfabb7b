//! Who asks: every way to say it, and what happens when it is no longer believed.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cvj_core::Status;
use cvj_http::{Api, Auth, Credentials};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::host::{Host, SECRETS};
use crate::server::{Received, Reply, Server};
use crate::{api, bearer, named};

fn form(request: &Received) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body.as_bytes()).into_owned().collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// A vendor whose access tokens are `access-1`, `access-2`…, of which it takes those from `valid` on.
fn vendor(expires_in: &'static str, valid: &Arc<AtomicUsize>) -> Server {
    let (given, valid) = (AtomicUsize::new(0), valid.clone());
    Server::new(move |request, _| {
        if request.target == "/oauth/token" {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            return Reply::json(&format!(
                "{{\"access_token\":\"access-{number}\",\"expires_in\":{expires_in},\"refresh_token\":\"rt-{number}\"}}"
            ));
        }
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer access-"));
        match token.and_then(|number| number.parse::<usize>().ok()) {
            Some(number) if number >= valid.load(Ordering::SeqCst) => Reply::json("1"),
            _ => Reply::status(401, "{}"),
        }
    })
}

fn refresh() -> Auth {
    Auth::OAuthRefresh {
        token_url: "/oauth/token".to_owned(),
        client_id: "id-1".to_owned(),
        client_secret: named("CLIENT_SECRET"),
        refresh_token: named("REFRESH"),
    }
}

fn tokens(server: &Server) -> Vec<Received> {
    server.received().into_iter().filter(|request| request.target == "/oauth/token").collect()
}

#[test]
fn bearer_basic_and_own_headers_arrive() {
    let check = |auth, header, expected: &str| {
        let server = Server::replying([Reply::json("1")]);
        api(&server, auth).get("/x").send(&Host::new().task()).unwrap();
        assert_eq!(server.received()[0].header(header).map(str::as_bytes), Some(expected.as_bytes()));
    };
    let basic = format!("Basic {}", STANDARD.encode("anna:pass/word+1"));
    check(Auth::Basic { user: "anna".to_owned(), password: named("PASSWORD") }, "authorization", &basic);
    check(Auth::Header { name: "x-api-token", value: named("PASSWORD") }, "x-api-token", "pass/word+1");
    check(Auth::Bearer(named("REFRESH")), "authorization", "Bearer rt-first-31");
}

#[test]
fn a_refused_token_is_an_error_that_names_the_secret_and_is_not_tried_again() {
    let server = Server::replying([Reply::status(401, "{}")]);
    let error = api(&server, bearer()).get("/x").send(&Host::new().task()).unwrap_err();
    assert_eq!(error.status, Status::Unauthenticated);
    assert_eq!(error.hint.as_deref(), Some("check the secret `TOKEN`: it may be wrong, expired or revoked"));
    assert_eq!(server.received().len(), 1);
}

#[test]
fn a_secret_that_the_host_does_not_have_is_the_hosts_error() {
    let server = Server::replying([Reply::json("1")]);
    let error = api(&server, Auth::Bearer(named("ABSENT"))).get("/x").send(&Host::new().task()).unwrap_err();
    assert_eq!(error.message, "no such secret");
    assert!(server.received().is_empty());
}

#[test]
fn an_access_token_is_got_once_and_anew_after_a_401_with_the_newest_refresh_token() {
    let valid = Arc::new(AtomicUsize::new(1));
    let server = vendor("1800", &valid);
    let (api, host) = (api(&server, refresh()), Host::new());
    for _ in 0..3 {
        api.get("/x").send(&host.task()).unwrap();
    }
    valid.store(2, Ordering::SeqCst);
    api.get("/x").send(&host.task()).unwrap();
    let asked: Vec<_> = tokens(&server).iter().map(form).collect();
    let client = [("grant_type", "refresh_token"), ("client_id", "id-1"), ("client_secret", "cs-77aa\"x")];
    let with = |token| pairs([client[0], client[1], client[2], ("refresh_token", token)]);
    assert_eq!(asked, [with("rt-first-31"), with("rt-1")]);
    assert!(host.log().iter().any(|line| line.contains("gave a new refresh token: the stored secret `REFRESH`")));
}

#[test]
fn a_new_token_that_is_refused_too_is_an_error() {
    let valid = Arc::new(AtomicUsize::new(9));
    let server = vendor("1800", &valid);
    let error = api(&server, refresh()).get("/x").send(&Host::new().task()).unwrap_err();
    assert_eq!((error.status, tokens(&server).len(), server.received().len()), (Status::Unauthenticated, 2, 4));
}

#[test]
fn a_token_is_renewed_shortly_before_it_ends() {
    let valid = Arc::new(AtomicUsize::new(1));
    for expires_in in ["0.2", "\"0.2\""] {
        let server = vendor(expires_in, &valid);
        let api = api(&server, refresh());
        api.get("/x").send(&Host::new().task()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(185));
        api.get("/x").send(&Host::new().task()).unwrap();
        let kinds: Vec<_> = server.received().into_iter().map(|request| request.target).collect();
        assert_eq!(kinds, ["/oauth/token", "/x", "/oauth/token", "/x"]);
    }
}

#[test]
fn threads_that_are_refused_all_at_once_renew_once() {
    const THREADS: usize = 12;
    // Nobody is told 401 before all have asked.
    let together = Barrier::new(THREADS);
    let given = AtomicUsize::new(0);
    let server = Server::new(move |request, _| {
        if request.target == "/oauth/token" {
            std::thread::sleep(std::time::Duration::from_millis(50));
            let number = given.fetch_add(1, Ordering::SeqCst);
            return Reply::json(&format!("{{\"access_token\":\"access-{number}\"}}"));
        }
        if request.header("authorization") == Some("Bearer access-0") {
            together.wait();
            return Reply::status(401, "{}");
        }
        Reply::json("1")
    });
    let api = api(&server, refresh());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| api.get("/x").send(&Host::new().task()).unwrap());
        }
    });
    assert_eq!(tokens(&server).len(), 2);
    assert_eq!(server.received().len(), 2 + 2 * THREADS);
}

#[test]
fn a_thread_that_is_refused_late_takes_the_token_that_another_got() {
    let given = Arc::new(AtomicUsize::new(0));
    let counted = given.clone();
    let server = Server::new(move |request, _| {
        if request.target == "/oauth/token" {
            return Reply::json(&format!("{{\"access_token\":\"access-{}\"}}", counted.fetch_add(1, Ordering::SeqCst)));
        }
        if request.header("authorization") != Some("Bearer access-0") {
            return Reply::json("1");
        }
        while request.target == "/late" && counted.load(Ordering::SeqCst) < 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        // The answer to whoever renewed is on its way before the late one is refused.
        std::thread::sleep(std::time::Duration::from_millis(if request.target == "/late" { 200 } else { 0 }));
        Reply::status(401, "{}")
    });
    let api = api(&server, refresh());
    std::thread::scope(|scope| {
        scope.spawn(|| api.get("/late").send(&Host::new().task()).unwrap());
        while !server.received().iter().any(|request| request.target == "/late") {
            std::thread::yield_now();
        }
        api.get("/x").send(&Host::new().task()).unwrap();
    });
    assert_eq!(given.load(Ordering::SeqCst), 2);
}

#[test]
fn a_client_asks_with_its_own_credentials() {
    let valid = Arc::new(AtomicUsize::new(1));
    let server = vendor("null", &valid);
    let auth = Auth::OAuthClient {
        token_url: format!("{}/oauth/token", server.url),
        client_id: "id-1".to_owned(),
        client_secret: named("CLIENT_SECRET"),
        scope: "read all".to_owned(),
    };
    api(&server, auth).get("/x").send(&Host::new().task()).unwrap();
    let client = [("grant_type", "client_credentials"), ("client_id", "id-1"), ("client_secret", "cs-77aa\"x")];
    assert_eq!(form(&tokens(&server)[0]), pairs([client[0], client[1], client[2], ("scope", "read all")]));
}

#[test]
fn an_assertion_is_signed_and_says_who_for_whom() {
    let valid = Arc::new(AtomicUsize::new(1));
    let server = vendor("3600", &valid);
    let auth = Auth::JwtBearer {
        token_url: "/oauth/token".to_owned(),
        issuer: "robot".to_owned(),
        subject: "anna".to_owned(),
        audience: "https://login.example.com".to_owned(),
        scope: String::new(),
        private_key: named("KEY"),
    };
    api(&server, auth).get("/x").send(&Host::new().task()).unwrap();
    let form = form(&tokens(&server)[0]);
    assert_eq!(form[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (text, signature) = form[1].1.rsplit_once('.').unwrap();
    let key = PrivatePkcs8KeyDer::from_pem_slice(SECRETS[4].1.as_bytes()).unwrap();
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public().as_ref());
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    public.verify(text.as_bytes(), &signature).expect("a good signature");
    let part = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header, claims) = text.split_once('.').map(|(header, claims)| (part(header), part(claims))).unwrap();
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT" }));
    let issued = claims["iat"].as_i64().unwrap();
    let expected =
        json!({ "iss": "robot", "aud": "https://login.example.com", "iat": issued, "exp": issued + 180, "sub": "anna" });
    assert_eq!(claims, expected);
    assert!((jiff::Timestamp::now().as_second() - issued).abs() < 60);
}

#[test]
fn a_key_that_is_none_is_named() {
    let server = Server::replying([Reply::json("1")]);
    let auth = Auth::JwtBearer {
        token_url: "/oauth/token".to_owned(),
        issuer: String::new(),
        subject: String::new(),
        audience: String::new(),
        scope: String::new(),
        private_key: named("PASSWORD"),
    };
    let error = api(&server, auth).get("/x").send(&Host::new().task()).unwrap_err();
    assert_eq!(error.message, "the secret `PASSWORD` holds no RSA key in PEM: it cannot be read");
}

#[test]
fn a_refused_refresh_token_is_explained_without_retries() {
    let server =
        Server::replying([Reply::status(400, "{\"error\":\"invalid_grant\",\"error_description\":\"rt-first-31 is old\"}")]);
    let error = api(&server, refresh()).get("/x").send(&Host::new().task()).unwrap_err();
    assert_eq!((error.status, server.received().len()), (Status::Unauthenticated, 1));
    assert_eq!(error.message, "Acme gave no access token: invalid_grant: (secret) is old");
    assert_eq!(error.hint.as_deref(), Some("check the client id and the secrets `CLIENT_SECRET` and `REFRESH`"));
}

#[test]
fn a_token_endpoint_is_tried_again_like_all_else() {
    let server = Server::replying([
        Reply::status(503, ""),
        Reply::json("{\"access_token\":"),
        Reply::json("{\"access_token\":\"a-token\"}"),
        Reply::json("7"),
    ]);
    assert_eq!(api(&server, refresh()).get("/x").send(&Host::new().task()).unwrap().body, b"7");
}

fn session() -> Auth {
    Auth::Session(Box::new(|api: &Api, task| {
        let password = task.secret("PASSWORD")?;
        let answer = api.post("/login").json(&json!({ "password": password })).without_credentials().send(task)?;
        let key: String = answer.json()?;
        Ok(Credentials { header: "authorization", value: format!("Session {}", STANDARD.encode(key)) })
    }))
}

#[test]
fn a_session_is_begun_once_and_anew_when_it_has_ended() {
    let logins = AtomicUsize::new(0);
    let server = Server::new(move |request, before| {
        if request.target == "/login" {
            return Reply::json(&format!("\"key-{}\"", logins.fetch_add(1, Ordering::SeqCst)));
        }
        let ended = before > 3 && request.header("authorization") == Some(&format!("Session {}", STANDARD.encode("key-0")));
        if ended { Reply::status(401, "{}") } else { Reply::json("1") }
    });
    let api = api(&server, session());
    for _ in 0..5 {
        api.get("/x").send(&Host::new().task()).unwrap();
    }
    let logins: Vec<_> = server.received().into_iter().filter(|request| request.target == "/login").collect();
    assert_eq!(logins.len(), 2);
    assert!(logins.iter().all(|login| login.header("authorization").is_none()));
}

#[test]
fn a_login_that_needs_a_login_is_an_error_and_no_endless_wait() {
    let server = Server::replying([Reply::json("\"key\"")]);
    let auth = Auth::Session(Box::new(|api: &Api, task| {
        api.post("/login").send(task)?;
        Ok(Credentials { header: "authorization", value: String::new() })
    }));
    let error = api(&server, auth).get("/x").send(&Host::new().task()).unwrap_err();
    assert_eq!(error.message, "a log-in waits for itself: its requests need `without_credentials()`");
}

#[test]
fn a_login_that_panics_leaves_the_way_free() {
    let server = Server::replying([Reply::json("1")]);
    let calls = AtomicUsize::new(0);
    let auth = Auth::Session(Box::new(move |_, _| {
        assert!(calls.fetch_add(1, Ordering::SeqCst) > 0, "the first log-in panics");
        Ok(Credentials { header: "authorization", value: "Session x".to_owned() })
    }));
    let api = api(&server, auth);
    let ask = || api.get("/x").send(&Host::new().task());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask)).is_err());
    ask().unwrap();
}
