//! Exchanges kept in files, for tests and reports of faults: recorded with `CVJ_HTTP_RECORD=FOLDER`, answered from with
//! `CVJ_HTTP_REPLAY=FOLDER`, without network and without secrets.
//!
//! Credentials, cookies and e-mail addresses are not on a cassette, and answers to log-ins only as to their shape. Everything
//! else is, as it came: names, telephone numbers and notes too. The folder is readable by its owner only.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use cvj_core::{SourceError, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Answer;
use crate::secrets::{HIDDEN, scrubbed};
use crate::transport::Outgoing;

/// Whether exchanges are recorded or replayed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tape {
    /// Neither.
    #[default]
    Off,
    /// Each exchange is written to this folder.
    Record(PathBuf),
    /// Every answer comes from this folder.
    Replay(PathBuf),
}

impl Tape {
    /// What `CVJ_HTTP_RECORD` and `CVJ_HTTP_REPLAY` ask for; replaying goes first.
    pub fn from_environment() -> Self {
        let folder = |name| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        match (folder("CVJ_HTTP_REPLAY"), folder("CVJ_HTTP_RECORD")) {
            (Some(folder), _) => Self::Replay(folder),
            (None, Some(folder)) => Self::Record(folder),
            (None, None) => Self::Off,
        }
    }
}

/// A tape put in.
pub(crate) enum Cassette {
    Off,
    Recording { folder: PathBuf, number: AtomicU32 },
    Replaying(Mutex<Replay>),
}

/// The answers on a tape, by what was asked, in the order in which they came.
pub(crate) struct Replay {
    folder: PathBuf,
    answers: HashMap<String, Vec<Told>>,
    /// How many of them were given.
    given: HashMap<String, usize>,
}

#[derive(Serialize, Deserialize)]
struct Exchange {
    request: Asked,
    answer: Told,
}

/// What tells one request from another.
#[derive(Serialize, Deserialize)]
struct Asked {
    source: String,
    method: String,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Content>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Told {
    status: u16,
    headers: Vec<(String, String)>,
    body: Content,
}

/// A body: as JSON where that gives the same bytes again.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    Json(Value),
    Text(String),
}

impl Cassette {
    pub(crate) fn new(tape: &Tape) -> Result<Self, SourceError> {
        match tape {
            Tape::Off => Ok(Self::Off),
            Tape::Record(folder) => {
                private_folder(folder).map_err(|error| cannot("make the folder", folder, &error))?;
                Ok(Self::Recording { folder: folder.clone(), number: AtomicU32::new(1) })
            }
            Tape::Replay(folder) => Replay::read(folder).map(|replay| Self::Replaying(Mutex::new(replay))),
        }
    }

    pub(crate) fn is_replaying(&self) -> bool {
        matches!(self, Self::Replaying(_))
    }

    /// The answer on the tape; `None` where answers come from the network.
    pub(crate) fn answer(&self, source: &str, outgoing: &Outgoing, of: &str) -> Option<Result<Answer, SourceError>> {
        let Self::Replaying(replay) = self else { return None };
        let asked = Asked::of(source, outgoing);
        Some(replay.lock().unwrap_or_else(PoisonError::into_inner).answer(&asked, of))
    }

    /// Writes an exchange down. `is_login`: its answer grants access.
    pub(crate) fn record(&self, source: &str, outgoing: &Outgoing, answer: &Answer, is_login: bool) -> Result<(), SourceError> {
        let Self::Recording { folder, number } = self else { return Ok(()) };
        let exchange = Exchange { request: Asked::of(source, outgoing), answer: Told::of(answer, is_login) };
        let mut text =
            serde_json::to_vec_pretty(&exchange).map_err(|error| SourceError::new(Status::Internal, error.to_string()))?;
        text.push(b'\n');
        let source: String = source.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        loop {
            // Another source, in another library, may be recording to the same folder: the file system tells who was first.
            let path = folder.join(format!("{source}-{:06}.json", number.fetch_add(1, Ordering::Relaxed)));
            match private_file(&path).and_then(|mut file| file.write_all(&text)) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                written => return written.map_err(|error| cannot("write", &path, &error)),
            }
        }
    }
}

impl Replay {
    fn read(folder: &Path) -> Result<Self, SourceError> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| cannot("read the folder", folder, &error))? {
            let path = entry.map_err(|error| cannot("read the folder", folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut answers: HashMap<String, Vec<Told>> = HashMap::new();
        for path in paths {
            let text = fs::read(&path).map_err(|error| cannot("read", &path, &error))?;
            let exchange: Exchange = serde_json::from_slice(&text).map_err(|error| {
                SourceError::new(Status::InvalidData, format!("{} is no recorded exchange: {error}", path.display()))
            })?;
            answers.entry(exchange.request.key()).or_default().push(exchange.answer);
        }
        Ok(Self { folder: folder.to_owned(), answers, given: HashMap::new() })
    }

    /// The next answer to this request; the last one again once all were given, because another run of the same reads anew.
    fn answer(&mut self, asked: &Asked, of: &str) -> Result<Answer, SourceError> {
        let key = asked.key();
        let Some((answers, last)) = self.answers.get(&key).and_then(|answers| Some((answers, answers.last()?))) else {
            let message =
                format!("{of}: this request of source `{}` is not on the tape in {}", asked.source, self.folder.display());
            return Err(SourceError::new(Status::NotFound, message)
                .with_hint("record again with CVJ_HTTP_RECORD, with the same settings and the same version of cvj"));
        };
        let given = self.given.entry(key).or_default();
        let told = answers.get(*given).unwrap_or(last);
        *given += 1;
        let body = match &told.body {
            Content::Json(value) => value.to_string(),
            Content::Text(text) => text.clone(),
        };
        Ok(Answer { status: told.status, headers: told.headers.clone(), body: body.into_bytes(), of: of.to_owned() })
    }
}

impl Asked {
    fn of(source: &str, outgoing: &Outgoing) -> Self {
        let pair = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| (scrubbed(&name), scrubbed(&value));
        Self {
            source: source.to_owned(),
            method: outgoing.method.to_string(),
            path: scrubbed(outgoing.url.path()),
            query: outgoing.url.query_pairs().map(pair).collect(),
            body: outgoing.body.as_deref().map(Content::of),
        }
    }

    fn key(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Told {
    fn of(answer: &Answer, is_login: bool) -> Self {
        // The body is kept unpacked; cookies and challenges are for the one who asked.
        const DROPPED: [&str; 6] =
            ["set-cookie", "content-length", "content-encoding", "transfer-encoding", "www-authenticate", "connection"];
        const OF_LOGINS: [&str; 2] = ["content-type", "date"];
        let kept = |name: &str| if is_login { OF_LOGINS.contains(&name) } else { !DROPPED.contains(&name) };
        let headers = answer.headers.iter().filter(|(name, _)| kept(name));
        let body = match Content::of(&answer.body) {
            Content::Json(value) if is_login => Content::Json(mapped(value, &|_| HIDDEN.to_owned())),
            Content::Text(_) if is_login => Content::Text(HIDDEN.to_owned()),
            body => body,
        };
        Self { status: answer.status, headers: headers.map(|(name, value)| (name.clone(), scrubbed(value))).collect(), body }
    }
}

impl Content {
    fn of(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        match serde_json::from_str::<Value>(&text) {
            Ok(value) if value.to_string() == text => Self::Json(mapped(value, &scrubbed)),
            _ => Self::Text(scrubbed(&text)),
        }
    }
}

/// The value with all its texts replaced; the keys of objects stay, but for addresses and secrets.
fn mapped(value: Value, text: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(string) => Value::String(text(&string)),
        Value::Array(items) => items.into_iter().map(|item| mapped(item, text)).collect(),
        Value::Object(entries) => entries.into_iter().map(|(key, value)| (scrubbed(&key), mapped(value, text))).collect(),
        other => other,
    }
}

fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> SourceError {
    SourceError::new(Status::Io, format!("cannot {what} {}: {error}", path.display()))
}
