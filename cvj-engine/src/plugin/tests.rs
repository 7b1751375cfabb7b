//! Tests of the loader against real libraries: the chaos plugin, and C plugins compiled here. What they share.

mod c_header;
mod c_plugins;
mod chaos;
mod finding;
mod host_task;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use arrow_array::RecordBatch;
use cvj_core::source::{Level, Rejected, ScanRequest, Services};
use cvj_core::{SourceError, Status, Task};

use super::{Plugin, Search, Source};

const PATIENCE: Duration = Duration::from_secs(20);

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder of this test's own, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("cvj-loader-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn library_name(name: &str) -> String {
    format!("{}cvj_plugin_{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

/// The chaos plugin's library, beside the test's own folder; built if it is not there or older than its source.
fn chaos_library() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let profile = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
        let library = profile.join(library_name("chaos"));
        let source = ["plugins/chaos/src", "cvj-core/src"].map(|folder| newest(&root().join(folder)));
        if library.metadata().is_ok_and(|metadata| source.iter().all(|changed| *changed <= metadata.modified().unwrap())) {
            return library;
        }
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "-p", "cvj-plugin-chaos", "--manifest-path"]).arg(root().join("Cargo.toml").canonicalize().unwrap());
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "{cargo:?}");
        library
    };
    BUILT.get_or_init(build).clone()
}

/// When the newest file of a folder was changed.
fn newest(folder: &Path) -> SystemTime {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().modified().unwrap());
    files.max().unwrap()
}

fn chaos() -> Plugin {
    Plugin::load(&chaos_library()).unwrap()
}

fn open_chaos(config: &str, services: &Arc<Recorder>) -> Result<Source, SourceError> {
    chaos().open(&serde_json::from_str(config).unwrap(), &services.task(), PATIENCE)
}

/// Compiles a C plugin of `tests/c_plugin`; `None`, said aloud, where there is no C compiler.
fn compile(file: &str, name: &str, defines: &[&str]) -> Option<(Folder, PathBuf)> {
    let folder = Folder::new();
    let library = folder.0.join(library_name(name));
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-shared", "-fPIC", "-I"])
        .arg(root().join("cvj-core/include"));
    cc.args(defines.iter().map(|define| format!("-D{define}")))
        .arg(root().join("tests/c_plugin").join(file))
        .arg("-o")
        .arg(&library);
    run(cc).map(|_| (folder, library))
}

/// What a program prints; `None`, said aloud, where there is no such program.
fn run(mut command: Command) -> Option<String> {
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) => {
            assert!(std::env::var_os("CVJ_REQUIRE").is_none(), "CVJ_REQUIRE is set: {error}");
            eprintln!("skipped: {} cannot be run ({error})", command.get_program().to_string_lossy());
            None
        }
    }
}

/// Services that remember what they were told.
#[derive(Default)]
struct Recorder {
    cancelled: std::sync::atomic::AtomicBool,
    log: Mutex<Vec<(Level, String)>>,
    rejected: Mutex<Vec<Rejected>>,
    left_out: Mutex<Vec<(String, u64)>>,
    panics: bool,
}

impl Recorder {
    fn task(self: &Arc<Self>) -> Task {
        Task::new(self.clone())
    }
}

impl Services for Recorder {
    fn source(&self) -> &'static str {
        "x"
    }

    fn folder(&self) -> PathBuf {
        PathBuf::from("/nowhere")
    }

    fn log(&self, level: Level, message: &str) {
        assert!(!self.panics, "a fault of the host's own");
        self.log.lock().unwrap().push((level, message.to_owned()));
    }

    fn progress(&self, _done: u64, _total: Option<u64>, _unit: &str) {}

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    fn secret(&self, name: &str) -> Result<String, SourceError> {
        assert!(!self.panics, "a fault of the host's own");
        if name == "TOKEN" {
            Ok("s3cret".to_owned())
        } else {
            Err(SourceError::new(Status::NotFound, format!("no secret `{name}`")))
        }
    }

    fn reject(&self, rejected: &Rejected) {
        self.rejected.lock().unwrap().push(rejected.clone());
    }

    fn left_out(&self, why: &str, rows: u64) {
        self.left_out.lock().unwrap().push((why.to_owned(), rows));
    }
}

/// Reads everything that a request asks for, partition by partition.
fn scan(source: &Source, request: &ScanRequest, task: &Task) -> Result<Vec<RecordBatch>, SourceError> {
    let plan = source.plan(request, task)?;
    let mut batches = Vec::new();
    for partition in &plan.partitions {
        for batch in source.read(partition, plan.schema.clone(), task)? {
            batches.push(batch?);
        }
    }
    Ok(batches)
}

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}
