//! A client's folder that lasts as long as a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program::{Output, output_of, program};

/// A client's folder: `cvj.toml`, exports and reports.
#[derive(Debug)]
pub struct Client {
    folder: tempfile::TempDir,
    /// Where `cvj` keeps what it pulls for this client alone.
    cache: tempfile::TempDir,
}

/// A removals firm with two products, three exports and every kind of definition. Two of its periods are complete.
const MOVING: [(&str, &str); 4] = [
    (
        "cvj.toml",
        r#"[client]
name = "Small Moving"
currency = "USD"
timezone = "America/Chicago"

[report]
period = "month"
history = 3
as_of = "2026-11-04"

[[product]]
name = "Local move"
aliases = ["local-*", "/local"]

[[product]]
name = "Piano move"
aliases = ["piano"]

[source.web]
plugin = "csv"
path = "exports/web-*.csv"

[source.shop]
plugin = "csv"
path = "exports/orders.csv"

[source.letters]
plugin = "csv"
path = "exports/newsletter.csv"

[[metric]]
stage = "aware"
name = "Sessions"
from = "web"
value = "sum(sessions)"
at = "date"
product = "page"
headline = true
target = 300
owner = "Dana"

[[metric]]
stage = "subscribe"
name = "Opt-in rate"
from = "web"
value = "sum(sign_ups)"
per = "sum(visitors)"
unit = "percent"
at = "date"
product = "page"

[[touchpoint]]
stage = "subscribe"
from = "letters"
person = "email"
at = "joined_at"
product = "interest"

[[touchpoint]]
stage = "convert"
from = "shop"
person = "email"
at = "created_at"
product = "item"
value = "total"
occurrence = "first"
order = "order_id"

[[touchpoint]]
stage = "ascend"
from = "shop"
person = "email"
at = "created_at"
product = "item"
value = "total"
occurrence = "later"
order = "order_id"
"#,
    ),
    (
        "exports/web-2026.csv",
        "Date,Page,Sessions,Visitors,Sign-ups\n\
         2026-09-02,/local,120,100,9\n\
         2026-09-20,piano,40,35,2\n\
         2026-10-03,/local,150,130,14\n\
         2026-10-18,/local,110,90,8\n\
         2026-10-31,piano,55,50,6\n",
    ),
    (
        "exports/orders.csv",
        "Order ID,Email,Created at,Item,Total\n\
         1001,ann@example.com,2026-09-12 10:00:00,local-studio,480.00\n\
         1002,bob@example.com,2026-09-28 09:30:00,piano,220.00\n\
         1003,ann@example.com,2026-10-05 14:00:00,local-studio,510.50\n\
         1004,cy@example.com,2026-10-31 16:20:00,local-house,990.00\n\
         1004,cy@example.com,2026-10-31 16:20:00,piano,180.00\n",
    ),
    (
        "exports/newsletter.csv",
        "Email,Joined at,Interest\n\
         ann@example.com,2026-09-01 08:00:00,Local move\n\
         bob@example.com,2026-09-03 12:00:00,Piano move\n\
         cy@example.com,2026-10-02 17:45:00,Local move\n\
         dee@example.com,2026-10-31 07:15:00,Local move\n",
    ),
];

impl Client {
    /// An empty folder.
    #[expect(clippy::new_without_default, reason = "a folder on disk is no default value")]
    pub fn new() -> Self {
        let folder = || tempfile::tempdir().expect("the system has a folder for temporary files");
        Self { folder: folder(), cache: folder() }
    }

    /// A small removals firm whose report has no problem.
    pub fn moving() -> Self {
        let client = Self::new();
        for (name, text) in MOVING {
            client.write(name, text);
        }
        client
    }

    /// A copy of a client's folder, its reports left out.
    pub fn copy_of(folder: &Path) -> Self {
        let client = Self::new();
        copy(folder, client.path(), |name| name != "reports");
        client
    }

    /// A copy of this client, reports and all.
    #[must_use]
    pub fn fork(&self) -> Self {
        let client = Self::new();
        copy(self.path(), client.path(), |_| true);
        client
    }

    /// Copies another client's folder into a folder of this one, as one holds several clients.
    pub fn take_in(&self, name: &str, other: &Self) {
        let folder = self.path().join(name);
        fs::create_dir_all(&folder).expect("the folder can be made");
        copy(other.path(), &folder, |_| true);
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the folder.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    /// Reads a file of the folder.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Replaces text in a file of the folder; the text must be there.
    #[track_caller]
    pub fn replace(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name} does not hold {old:?}");
        self.write(name, text.replace(old, new));
    }

    /// The folder in which `cvj` keeps what it pulls.
    pub fn cache(&self) -> &Path {
        self.cache.path()
    }

    /// `cvj` in the folder, ready to be run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.path()).env("CVJ_CACHE", self.cache()).args(arguments);
        command
    }

    /// Runs `cvj` in the folder.
    pub fn cvj(&self, arguments: &[&str]) -> Output {
        output_of(&mut self.command(arguments))
    }

    /// Runs `cvj report` in the folder, with these arguments besides.
    pub fn cvj_report(&self, arguments: &[&str]) -> Output {
        self.cvj(&[&["report"], arguments].concat())
    }

    /// The folder of a period's report.
    pub fn report_folder(&self, period: &str) -> PathBuf {
        self.path().join("reports").join(period)
    }

    /// A period's `report.json`.
    #[track_caller]
    pub fn report_json(&self, period: &str) -> Value {
        let path = format!("reports/{period}/report.json");
        serde_json::from_str(&self.read(&path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

fn copy(from: &Path, to: &Path, wanted: impl Fn(&str) -> bool + Copy) {
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let name = entry.file_name();
        if !wanted(&name.to_string_lossy()) {
            continue;
        }
        if entry.path().is_dir() {
            fs::create_dir(to.join(&name)).expect("the folder can be made");
            copy(&entry.path(), &to.join(&name), wanted);
        } else {
            fs::copy(entry.path(), to.join(&name)).expect("the file can be copied");
        }
    }
}

/// Every file below a folder, by its path with `/`, and its bytes. A folder that is not there holds none.
pub fn content_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it lies in the folder").to_string_lossy().replace('\\', "/");
                found.insert(name, fs::read(&path).expect("the file can be read"));
            }
        }
    }
    found
}
