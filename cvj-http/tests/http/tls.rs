//! TLS and proxies. Both are set in the environment, so these tests run in a process of their own.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use cvj_core::{SourceError, Status};
use cvj_http::Api;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::cancel::{ends, patient};
use crate::host::Host;
use crate::{bearer, in_child, settings};

/// Our own authority, where the system's are looked for.
const TRUSTED: (&str, &str) = ("SSL_CERT_FILE", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http/ca.pem"));

fn ask(url: &str) -> Result<Vec<u8>, SourceError> {
    let api = Api::new(settings(url, bearer())).unwrap();
    api.get("/x").send(&Host::new().task()).map(|answer| answer.body)
}

/// Speaks TLS on loopback as `127.0.0.1`, and answers each connection once.
fn tls_server() -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = CertificateDer::from_pem_slice(include_bytes!("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("server.key")).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut request = [0; 4096];
            // A client that does not trust us is gone by now.
            if stream.read(&mut request).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n7");
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    port.to_string()
}

#[test]
fn certificates_decide() {
    in_child("tls::certificates_decide_here", &[TRUSTED]);
}

#[test]
#[ignore = "run by certificates_decide"]
fn certificates_decide_here() {
    let port = tls_server();
    assert_eq!(ask(&format!("https://127.0.0.1:{port}")).unwrap(), b"7");
    // The certificate is for the address, not the name.
    let error = ask(&format!("https://localhost:{port}")).unwrap_err();
    assert_eq!(error.status, Status::Io);
    assert!(error.message.starts_with("Acme: GET /x: the host's certificate is not trusted: "), "{}", error.message);
}

#[test]
fn connecting_can_be_cancelled() {
    in_child("tls::connecting_can_be_cancelled_here", &[TRUSTED]);
}

#[test]
#[ignore = "run by connecting_can_be_cancelled"]
fn connecting_can_be_cancelled_here() {
    // Whoever connects waits for a greeting that never comes.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let api = Api::new(patient(&url, bearer())).unwrap();
    ends(|host| api.get("/x").send(&host.task()));
}

#[test]
fn proxies_are_used_and_see_no_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    in_child("tls::proxies_are_used_here", &[TRUSTED, ("HTTPS_PROXY", &proxy), ("HTTP_PROXY", &proxy), ("NO_PROXY", "")]);
    let seen = seen.join().unwrap();
    assert!(seen.starts_with("CONNECT api.example.invalid:443 HTTP/1.1"), "{seen}");
    assert!(!seen.contains("tok-"), "{seen}");
}

#[test]
#[ignore = "run by proxies_are_used_and_see_no_credentials"]
fn proxies_are_used_here() {
    assert_eq!(ask("https://api.example.invalid").unwrap_err().status, Status::Io);
    // This machine is asked without one.
    let server = crate::server::Server::replying([crate::server::Reply::json("7")]);
    assert_eq!(ask(&server.url).unwrap(), b"7");
}
