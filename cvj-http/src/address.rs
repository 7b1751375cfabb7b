//! Where requests may go: `https`, or `http` on this machine; and one host only.

use std::net::IpAddr;

use cvj_core::{SourceError, Status};
use url::{Host, Url};

/// The URL, if requests may go there. `what` names it in errors, which do not quote it: it may hold a password.
pub(crate) fn parse(what: &str, text: &str) -> Result<Url, SourceError> {
    let wrong = |why: String| SourceError::new(Status::InvalidArgument, format!("{what} {why}"));
    let url = Url::parse(text).map_err(|error| wrong(format!("is no URL: {error}")).with_hint("write it as https://host"))?;
    if !url.username().is_empty() || url.password().is_some() {
        let error = wrong("has a user or password in it".to_owned());
        return Err(error.with_hint("leave them out of the address; secrets have settings of their own"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            let error = wrong("begins with http://, so that credentials and data could be read on the way".to_owned());
            return Err(error.with_hint("use https://"));
        }
        other => return Err(wrong(format!("begins with {other}://")).with_hint("use https://")),
    }
    if url.host().is_none() {
        return Err(wrong("names no host".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a `?` or `#` in it".to_owned()).with_hint("leave out what follows the path"));
    }
    Ok(url)
}

/// Whether a URL points to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Host and port, as messages and the pace know them.
pub(crate) fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_or_this_machine() {
        for good in
            ["https://api.example.com", "http://127.0.0.1:8000/x", "http://127.9.9.9", "http://[::1]:80", "http://localhost:1"]
        {
            assert!(parse("`base_url`", good).is_ok(), "{good}");
        }
        let bad = [
            ("http://api.example.com", "`base_url` begins with http://, so that credentials and data could be read on the way"),
            (
                "http://localhost.example.com",
                "`base_url` begins with http://, so that credentials and data could be read on the way",
            ),
            ("http://10.0.0.1", "`base_url` begins with http://, so that credentials and data could be read on the way"),
            ("ftp://example.com", "`base_url` begins with ftp://"),
            ("https://anna:hush@example.com", "`base_url` has a user or password in it"),
            ("https://hush@example.com", "`base_url` has a user or password in it"),
            ("https://example.com/?key=hush", "`base_url` has a `?` or `#` in it"),
            ("api.example.com", "`base_url` is no URL: relative URL without a base"),
        ];
        for (text, expected) in bad {
            let error = parse("`base_url`", text).expect_err(text);
            assert_eq!(error.message, expected);
            assert!(!format!("{error:?}").contains("hush"));
        }
    }
}
