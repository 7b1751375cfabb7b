//! The cache's folders and files: private, written whole or not at all, and used by one run at a time.
//!
//! Below the cache's folder stand a folder per client, in it one per source, in it `listing.json` and one folder per table. In
//! that are `whole`, the last pull that came to its end, and `begun`, one that has not yet. A pull is `plan.json` and for each
//! part a Parquet file and, once that is whole, its receipt.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::record::{Plan, Receipt, VERSION, hexadecimal, sha256};
use crate::error::EngineError;

/// The environment variable that says where the cache is.
pub(super) const VARIABLE: &str = "CVJ_CACHE";

/// How often a run that waits for another looks again.
const TICK: Duration = Duration::from_millis(100);
/// Digits of a hash in a folder's name.
const DIGITS: usize = 12;
/// Bytes that a name may have in the name of a file.
const LONGEST_NAME: usize = 100;

/// The file with the key of hashes of secrets, and its length.
const KEY: &str = "key";
const KEY_BYTES: usize = 32;

const WHOLE: &str = "whole";
const BEGUN: &str = "begun";
const PLAN: &str = "plan.json";

/// The cache's folder of this user.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    pub(super) folder: PathBuf,
    /// Whether a person chose it.
    is_chosen: bool,
}

impl Cache {
    /// Where the environment says, else where the system keeps what can be had again.
    pub(super) fn standard() -> Result<Self, EngineError> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let chosen = set(VARIABLE);
        let is_chosen = chosen.is_some();
        let found = match chosen {
            Some(folder) => std::path::absolute(folder).ok(),
            None => platform(set),
        };
        let folder = found.filter(|folder| folder.is_absolute()).ok_or_else(|| EngineError::Cache {
            message: "no folder is known to keep what is pulled in".to_owned(),
            hint: Some(format!("set {VARIABLE} to a folder of your own")),
        })?;
        Ok(Self { folder, is_chosen })
    }

    /// Makes the folder, and closes it to others unless it is somebody's with other things in it. Gives whether it is closed.
    pub(super) fn make(&self) -> Result<bool, EngineError> {
        let is_empty = || fs::read_dir(&self.folder).map_or(true, |mut entries| entries.next().is_none());
        let is_own = !self.is_chosen || is_empty();
        make_folder(&self.folder)?;
        Ok(is_closed(&self.folder)? || is_own && close_to_others(&self.folder).is_ok())
    }

    /// The folder of a client, by the client's own.
    pub(super) fn client(&self, client: &Path) -> PathBuf {
        let name = client.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut digits = sha256(client.as_os_str().as_encoded_bytes());
        digits.truncate(DIGITS);
        self.folder.join(format!("{}-{digits}", file_name(&name)))
    }
}

#[cfg(target_os = "macos")]
fn platform(set: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    set("HOME").map(|home| PathBuf::from(home).join("Library").join("Caches").join("cvj"))
}

#[cfg(windows)]
fn platform(set: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    set("LOCALAPPDATA").map(|folder| PathBuf::from(folder).join("cvj").join("cache"))
}

#[cfg(not(any(target_os = "macos", windows)))]
fn platform(set: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // As the convention has it, a relative one counts as not set.
    let named = set("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = named.or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")));
    folder.map(|folder| folder.join("cvj"))
}

/// A name as that of a file, the same for no two names on any system: other signs than these as `%` and their bytes.
pub(super) fn file_name(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    let mut text = String::new();
    for byte in name.bytes() {
        if plain(byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&hexadecimal(&[byte]));
        }
    }
    if text.len() > LONGEST_NAME {
        let digits = sha256(name.as_bytes());
        text.truncate(LONGEST_NAME);
        text.push_str(&digits[..DIGITS]);
    }
    text
}

/// The right to use a client's part of the cache: one run at a time. It ends with the process, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it; where another run has it, tells so once and waits while `go_on` says so.
    pub(super) fn wait(client: &Path, tell: impl FnOnce(), go_on: impl Fn() -> bool) -> Result<Self, EngineError> {
        let mut tell = Some(tell);
        loop {
            if let Some(lock) = Self::take(client)? {
                return Ok(lock);
            }
            if let Some(tell) = tell.take() {
                tell();
            }
            if !go_on() {
                return Err(EngineError::Cancelled);
            }
            std::thread::sleep(TICK);
        }
    }

    /// Takes it unless another run has it.
    pub(super) fn take(client: &Path) -> Result<Option<Self>, EngineError> {
        if let Some(cache) = client.parent() {
            make_folder(cache)?;
        }
        // Beside the folder, so that it stays when the folder is cleared.
        let path = client.with_extension("lock");
        let file =
            private(OpenOptions::new().create(true).truncate(false).write(true)).open(&path).map_err(failed("created", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed("locked", &path)(error)),
        }
    }
}

/// The pulls of one table.
#[derive(Clone, Debug)]
pub(super) struct TableFolder {
    folder: PathBuf,
}

/// One pull: `plan.json`, the parts' files and their receipts.
#[derive(Clone, Debug)]
pub(super) struct PullFolder {
    pub(super) folder: PathBuf,
}

impl TableFolder {
    pub(super) fn new(source: &Path, table: &str) -> Self {
        Self { folder: source.join(file_name(table)) }
    }

    pub(super) fn whole(&self) -> PullFolder {
        PullFolder { folder: self.folder.join(WHOLE) }
    }

    pub(super) fn begun(&self) -> PullFolder {
        PullFolder { folder: self.folder.join(BEGUN) }
    }

    /// Begins a pull in place of one that was begun before.
    pub(super) fn begin(&self, plan: &Plan) -> Result<PullFolder, EngineError> {
        make_folder(&self.folder)?;
        let begun = self.begun();
        begun.remove()?;
        make_folder(&begun.folder)?;
        write_json(&begun.folder.join(PLAN), plan)?;
        Ok(begun)
    }

    /// Puts the pull that came to its end in place of the one before. Stopped in between, the next run finds it begun, and whole.
    pub(super) fn finish(&self) -> Result<PullFolder, EngineError> {
        let (whole, begun) = (self.whole(), self.begun());
        whole.remove()?;
        fs::rename(&begun.folder, &whole.folder).map_err(failed("renamed", &begun.folder))?;
        Ok(whole)
    }
}

impl PullFolder {
    pub(super) fn remove(&self) -> Result<(), EngineError> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("removed", &self.folder)(error)),
            _ => Ok(()),
        }
    }

    /// What it was planned as; none where there is no pull.
    pub(super) fn plan(&self) -> Result<Option<Plan>, EngineError> {
        read_json(&self.folder.join(PLAN))
    }

    pub(super) fn file(&self, part: usize) -> PathBuf {
        self.folder.join(format!("{part:05}.parquet"))
    }

    fn receipt_path(&self, part: usize) -> PathBuf {
        self.folder.join(format!("{part:05}.json"))
    }

    /// What came of a part; none where it has not come to its end, or that cannot be read.
    fn receipt(&self, part: usize) -> Option<Receipt> {
        read_json(&self.receipt_path(part)).ok()?
    }

    /// What came of the first so many parts, as far as they have come to their end.
    pub(super) fn receipts(&self, parts: usize) -> impl Iterator<Item = Receipt> {
        (0..parts).filter_map(|part| self.receipt(part))
    }

    pub(super) fn write_receipt(&self, part: usize, receipt: &Receipt) -> Result<(), EngineError> {
        write_json(&self.receipt_path(part), receipt)
    }

    /// The receipt of a part whose file is as it was written; none where the part is to be read again.
    pub(super) fn verified(&self, part: usize) -> Option<Receipt> {
        let receipt = self.receipt(part)?;
        let mut file = File::open(self.file(part)).ok()?;
        let mut hash = Sha256::new();
        let (mut block, mut bytes) = (vec![0; 1 << 16], 0);
        loop {
            match file.read(&mut block) {
                Ok(0) => break,
                Ok(read) => {
                    hash.update(&block[..read]);
                    bytes += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        (bytes == receipt.bytes && hexadecimal(&hash.finalize()) == receipt.sha256).then_some(receipt)
    }
}

/// A file that is written and hashed on its way.
pub(super) struct Hashed {
    file: io::BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Hashed {
    pub(super) fn create(path: &Path) -> Result<Self, EngineError> {
        let file =
            private(OpenOptions::new().create(true).truncate(true).write(true)).open(path).map_err(failed("created", path))?;
        Ok(Self { file: io::BufWriter::new(file), hash: Sha256::new(), bytes: 0 })
    }

    /// Length and hash of what was written.
    pub(super) fn finish(mut self) -> io::Result<(u64, String)> {
        self.file.flush()?;
        Ok((self.bytes, hexadecimal(&self.hash.finalize())))
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes a folder that only its owner may look into.
pub(super) fn make_folder(folder: &Path) -> Result<(), EngineError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(failed("created", folder))
}

/// Whether only its owner may look into a folder.
fn is_closed(folder: &Path) -> Result<bool, EngineError> {
    let found = fs::metadata(folder).map_err(failed("read", folder))?;
    #[cfg(unix)]
    let others = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077;
    // Elsewhere a folder has the rights of the one that it lies in.
    #[cfg(not(unix))]
    let others = u32::from(!found.is_dir());
    Ok(others == 0)
}

/// Takes from a folder that is there what others may do in it.
pub(super) fn close_to_others(folder: &Path) -> Result<(), EngineError> {
    #[cfg(unix)]
    {
        let only_owner = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(folder, only_owner).map_err(failed("made private", folder))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// The key of a client's hashes of secrets, made where there is none. Another one makes all of them differ.
pub(super) fn key(client: &Path) -> Result<hmac::Key, EngineError> {
    let path = client.join(KEY);
    let mut key = match fs::read(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed("read", &path)(error)),
        read => read.unwrap_or_default(),
    };
    if key.len() != KEY_BYTES {
        key = vec![0; KEY_BYTES];
        let filled = SystemRandom::new().fill(&mut key);
        filled.map_err(|_| EngineError::Internal("the system gives no random bytes".to_owned()))?;
        write_whole(&path, &key).map_err(failed("written", &path))?;
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))
}

/// Options for a file that only its owner may read.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Writes a record whole or not at all.
pub(super) fn write_json<T: Serialize>(path: &Path, record: &T) -> Result<(), EngineError> {
    let text = serde_json::to_vec_pretty(record).map_err(|error| EngineError::Internal(error.to_string()))?;
    write_whole(path, &text).map_err(failed("written", path))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = private(OpenOptions::new().create(true).truncate(true).write(true)).open(&aside)?;
    file.write_all(bytes)?;
    drop(file);
    fs::rename(&aside, path)
}

/// Reads a record; none where there is no file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, EngineError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path)(error)),
    };
    let record: Result<serde_json::Value, _> = serde_json::from_slice(&bytes);
    let version = record.as_ref().ok().and_then(|record| record.get("version")?.as_u64());
    if let Some(version) = version.filter(|version| *version != u64::from(VERSION)) {
        let message =
            format!("`{}` was written by another version of cvj (its version is {version}, not {VERSION})", path.display());
        return Err(EngineError::Cache { message, hint: Some("`cvj cache clear` removes what is kept".to_owned()) });
    }
    record.and_then(serde_json::from_value).map(Some).map_err(|error| EngineError::Cache {
        message: format!("`{}` is damaged: {error}", path.display()),
        hint: Some("`cvj cache clear` removes what is kept".to_owned()),
    })
}

/// The error for one of the system's.
pub(super) fn failed(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> EngineError {
    move |error| {
        let hint = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                format!("make room there, or set {VARIABLE} to a folder that has it")
            }
            _ => format!("set {VARIABLE} to a folder of your own to keep what is pulled in"),
        };
        let message = format!("`{}`, in which pulled data is kept, cannot be {doing}: {error}", path.display());
        EngineError::Cache { message, hint: Some(hint) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_one_file() {
        assert_eq!(file_name("deals_2-x"), "deals_2-x");
        assert_eq!(file_name("../Deals"), "%2e%2e%2f%44eals");
        let long = |end: &str| file_name(&("x".repeat(300) + end));
        assert!(long("a") != long("b") && long("a").len() < 200);
    }

    #[test]
    fn a_damaged_or_foreign_record_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        assert!(read_json::<Plan>(&path).unwrap().is_none());
        for (text, says) in
            [("{\"version\": 2", "damaged"), ("{\"version\": 3}", "another version of cvj"), ("{\"version\": 2}", "damaged")]
        {
            fs::write(&path, text).unwrap();
            let error = read_json::<Plan>(&path).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn a_part_counts_only_while_its_file_is_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let pull = PullFolder { folder: folder.path().to_owned() };
        let write = || {
            let mut file = Hashed::create(&pull.file(0)).unwrap();
            file.write_all(b"PAR1 and so on").unwrap();
            file.finish().unwrap()
        };
        let (bytes, sha256) = write();
        assert!(pull.verified(0).is_none(), "there is no receipt yet");
        pull.write_receipt(0, &Receipt { rows: 3, bytes, sha256, ..Receipt::default() }).unwrap();
        assert_eq!(pull.verified(0).unwrap().rows, 3);
        for damaged in [&b"PAR1 and so 0n"[..], b"PAR1", b""] {
            fs::write(pull.file(0), damaged).unwrap();
            assert!(pull.verified(0).is_none());
        }
        write();
        assert!(pull.verified(0).is_some());
        fs::remove_file(pull.file(0)).unwrap();
        assert!(pull.verified(0).is_none());
    }

    #[test]
    fn one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let client = folder.path().join("client");
        let first = Lock::take(&client).unwrap().unwrap();
        assert!(Lock::take(&client).unwrap().is_none());
        assert!(matches!(Lock::wait(&client, || {}, || false), Err(EngineError::Cancelled)));
        drop(first);
        assert!(Lock::take(&client).unwrap().is_some());
    }

    #[test]
    fn a_key_stays() {
        let folder = tempfile::tempdir().unwrap();
        let sign = || hmac::sign(&key(folder.path()).unwrap(), b"a secret").as_ref().to_vec();
        let first = sign();
        assert_eq!(sign(), first);
        fs::write(folder.path().join(KEY), "damaged").unwrap();
        assert!(sign() != first && fs::read(folder.path().join(KEY)).unwrap().len() == KEY_BYTES);
    }

    #[cfg(unix)]
    #[test]
    fn the_cache_is_closed_unless_it_holds_other_things() {
        use std::os::unix::fs::PermissionsExt;
        for (is_chosen, is_used, expected) in [(true, true, 0o755), (true, false, 0o700), (false, true, 0o700)] {
            let folder = tempfile::tempdir().unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
            if is_used {
                fs::write(folder.path().join("other"), "").unwrap();
            }
            let is_closed = Cache { folder: folder.path().to_owned(), is_chosen }.make().unwrap();
            let mode = fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode, is_closed), (expected, expected == 0o700), "{is_chosen}, {is_used}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_look() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("a").join("b");
        make_folder(&made).unwrap();
        write_json(&made.join("x.json"), &1).unwrap();
        Hashed::create(&made.join("x.parquet")).unwrap();
        key(&made).unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode(folder.path().join("a")), mode(made.clone())], [0o700, 0o700]);
        assert_eq!(["x.json", "x.parquet", KEY].map(|name| mode(made.join(name))), [0o600; 3]);
    }
}
