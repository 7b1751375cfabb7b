//! What must not leave: secrets that were asked for, tokens that were got, and e-mail addresses.
//!
//! Secrets are known by their text, however they got into a message or a body. One shorter than three characters is not looked
//! for: it would be found everywhere.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cvj_core::SourceError;
use cvj_core::source::{Level, Rejected, Services};
use sha2::{Digest as _, Sha256};

/// What stands where a secret was.
pub(crate) const HIDDEN: &str = "(secret)";

/// All secrets that this plugin has seen.
fn known() -> MutexGuard<'static, BTreeSet<String>> {
    static KNOWN: OnceLock<Mutex<BTreeSet<String>>> = OnceLock::new();
    KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers a secret, as it is and as it is written in forms and JSON.
pub(crate) fn keep(secret: &str) {
    if secret.len() < 3 || secret.contains(HIDDEN) {
        return;
    }
    let in_form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let in_json = serde_json::Value::from(secret).to_string();
    let in_json = in_json.trim_matches('"').to_owned();
    known().extend([secret.to_owned(), in_form, in_json]);
}

/// The text without any secret.
pub(crate) fn without_secrets(text: &str) -> String {
    let known = known();
    let mut found: Vec<&String> = known.iter().filter(|secret| text.contains(secret.as_str())).collect();
    // A secret that is part of another must not leave the rest of it.
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
}

/// The text without secrets, and with a stand-in for each e-mail address.
pub(crate) fn scrubbed(text: &str) -> String {
    without_emails(&without_secrets(text))
}

/// What somebody else says, as a part of a message: scrubbed before it is cut, so that no half of a secret stays.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 300;
    let line = scrubbed(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// An error that may be shown and logged.
pub(crate) fn scrubbed_error(mut error: SourceError) -> SourceError {
    error.message = scrubbed(&error.message);
    error.hint = error.hint.as_deref().map(scrubbed);
    error
}

/// The text with a stand-in for each e-mail address, the same for the same address, so that what refers to it still does.
pub(crate) fn without_emails(text: &str) -> String {
    let mut text = text.to_owned();
    // What stands beside a stand-in may make an address with it: `a@b@c`.
    while let Some(next) = stand_ins(&text) {
        text = next;
    }
    text
}

/// Replaces addresses from left to right; `None` if there are none.
fn stand_ins(text: &str) -> Option<String> {
    // As it is, in a URL, and in JSON that is all ASCII.
    const AT: [&str; 3] = ["@", "%40", "\\u0040"];
    let mut out = String::new();
    let (mut rest, mut found) = (text, false);
    while let Some((at, sign)) = AT.iter().filter_map(|sign| rest.find(sign).map(|at| (at, *sign))).min() {
        let (before, after) = (&rest[..at], &rest[at + sign.len()..]);
        let local = local_part(before);
        let domain = after.chars().take_while(|c| is_domain(*c)).map(char::len_utf8).sum::<usize>();
        let domain = after[..domain].trim_end_matches(['.', '-']);
        out.push_str(&before[..before.len() - local.len()]);
        if local.is_empty() || domain.is_empty() {
            out.push_str(local);
            out.push_str(sign);
            rest = after;
        } else {
            out.push_str(&stand_in(&format!("{local}@{domain}")));
            rest = &after[domain.len()..];
            found = true;
        }
    }
    out.push_str(rest);
    found.then_some(out)
}

/// What of the text before an at sign belongs to the address. An escape of JSON before it does not: `\nanna@…`.
fn local_part(before: &str) -> &str {
    let length = before.chars().rev().take_while(|c| is_local(*c)).map(char::len_utf8).sum::<usize>();
    let (earlier, local) = before.split_at(before.len() - length);
    let escape = match local.as_bytes() {
        _ if !earlier.ends_with('\\') => 0,
        [b'u', hex @ ..] if hex.len() >= 4 && hex[..4].iter().all(u8::is_ascii_hexdigit) => 5,
        [b'n' | b'r' | b't' | b'b' | b'f', ..] => 1,
        _ => 0,
    };
    &local[escape..]
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "._+-'!#$*^`~".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || c == '.' || c == '-'
}

/// `person-1f3a9c041d2e`: hides an address from those who read it, though not from those who guess it.
fn stand_in(address: &str) -> String {
    let digest = Sha256::digest(address.to_lowercase());
    digest.iter().take(6).fold("person-".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// The host's services, with an ear for the secrets that are asked of them: for code that is not ours.
pub(crate) struct Listening(pub(crate) cvj_core::Task);

impl Services for Listening {
    fn source(&self) -> &str {
        self.0.source()
    }

    fn folder(&self) -> std::path::PathBuf {
        self.0.folder()
    }

    fn log(&self, level: Level, message: &str) {
        self.0.log(level, &scrubbed(message));
    }

    fn progress(&self, done: u64, total: Option<u64>, unit: &str) {
        self.0.progress(done, total, unit);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn secret(&self, name: &str) -> Result<String, SourceError> {
        self.0.secret(name).inspect(|secret| keep(secret))
    }

    fn reject(&self, rejected: &Rejected) {
        self.0.reject(rejected);
    }

    fn left_out(&self, why: &str, rows: u64) {
        self.0.left_out(why, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_however_they_are_written() {
        keep("s3cr\"t/né+x");
        keep("s3cr\"t/né+x and more");
        let forms = ["s3cr\"t/né+x", "s3cr\\\"t/né+x", "s3cr%22t%2Fn%C3%A9%2Bx", "s3cr\"t/né+x and more"];
        for form in forms {
            assert_eq!(without_secrets(&format!("a={form}&b")), "a=(secret)&b");
        }
    }

    #[test]
    fn hiding_a_secret_twice_changes_nothing() {
        keep("(secret)");
        keep("e");
        assert_eq!(without_secrets("the (secret)"), "the (secret)");
    }

    #[test]
    fn e_mail_addresses_get_stand_ins() {
        let anna = stand_in("anna@example.com");
        let check = |text: &str, expected: &str| assert_eq!(without_emails(text), expected.replace("ANNA", &anna), "{text}");
        check("anna@example.com", "ANNA");
        check("Anna@Example.COM.", "ANNA.");
        check("{\"email\":\"anna@example.com\",\"n\":1}", "{\"email\":\"ANNA\",\"n\":1}");
        check("{\"email\":\"anna\\u0040example.com\"}", "{\"email\":\"ANNA\"}");
        check("email=anna%40example.com&limit=5", "email=ANNA&limit=5");
        check("<anna@example.com>, anna@example.com;", "<ANNA>, ANNA;");
        check("a @ b, @ and x@ and @y", "a @ b, @ and x@ and @y");
        check("{\"note\":\"hello\\nanna@example.com\\u000aanna@example.com\"}", "{\"note\":\"hello\\nANNA\\u000aANNA\"}");
        check("", "");
        assert_eq!(without_emails(&anna), anna);
        assert_ne!(stand_in("anna@example.com"), stand_in("bert@example.com"));
        assert!(!without_emails("jürgen.o'neil+x@müller-söhne.example").contains(['@', '\'']));
    }

    #[test]
    fn what_is_quoted_is_one_line_of_bounded_length_without_half_a_secret() {
        keep("a-secret-across-the-cut");
        assert_eq!(quoted("no such\n  field\t"), "no such field");
        let long = format!("{}a-secret-across-the-cut and {}", "x".repeat(291), "y".repeat(900));
        assert_eq!(quoted(&long), format!("{}(secret) …", "x".repeat(291)));
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "[a-z@%40\\\\u.é\\-]{0,40}") {
            let once = without_emails(&text);
            proptest::prop_assert_eq!(without_emails(&once), once);
        }
    }
}
