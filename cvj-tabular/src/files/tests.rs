use super::*;

#[test]
fn paths_are_shown_from_the_clients_folder_however_that_was_written() {
    for (folder, path) in
        [("client", "client/a.csv"), ("./client", "client/a.csv"), ("./client", "./client/a.csv"), (".", "a.csv")]
    {
        assert_eq!(relative(Path::new(folder), Path::new(path)), "a.csv", "{path} in {folder}");
    }
}

/// A folder `outer` with a client's folder `outer/client` in it, and files with their paths in them.
struct Bench(tempfile::TempDir);

impl Bench {
    fn of(files: &[&str]) -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        for file in files {
            let path = bench.0.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        fs::create_dir_all(bench.client()).unwrap();
        bench
    }

    fn client(&self) -> PathBuf {
        self.0.path().join("client")
    }

    fn stamps(&self, written: &[&str]) -> Result<Vec<FileStamp>, SourceError> {
        let paths = Paths::Several(written.iter().map(|path| (*path).to_owned()).collect());
        find(&self.client(), &paths, &Limits::default())
    }

    fn find(&self, written: &[&str]) -> Result<Vec<String>, SourceError> {
        self.stamps(written).map(|files| files.into_iter().map(|file| file.path).collect())
    }

    fn refuses(&self, written: &str, message: &str, hint: &str) {
        let error = self.find(&[written]).unwrap_err();
        assert!(error.message.contains(message), "{written}: {}", error.message);
        assert!(error.hint.as_ref().is_some_and(|found| found.contains(hint)), "{written}: {:?}", error.hint);
        let outer = self.0.path().to_string_lossy().into_owned();
        assert!(!error.message.contains(&outer), "{written}: {}", error.message);
    }
}

#[test]
fn globs_find_files_in_order_and_name_what_is_there() {
    let bench = Bench::of(
        &["b.csv", "a.csv", ".hidden.csv", "~$a.csv", "report [1].csv"]
            .map(|name| format!("client/exports/{name}"))
            .each_ref()
            .map(String::as_str),
    );
    assert_eq!(bench.find(&["exports/?.csv"]).unwrap(), ["exports/a.csv", "exports/b.csv"]);
    assert_eq!(bench.find(&["exports/report [1].csv"]).unwrap(), ["exports/report [1].csv"]);
    assert_eq!(bench.find(&["exports/c.csv"]).unwrap_err().status, Status::NotFound);
    bench.refuses("exports/c.csv", "no file matches", "exports/a.csv");
    bench.refuses("export/*.csv", "no file matches", "no folder `export`");
    bench.refuses("exports", "is a folder", "exports/*");
    bench.refuses("exports/***", "no valid pattern", "");
}

#[test]
fn a_file_that_is_named_twice_counts_once() {
    let bench = Bench::of(&["client/in/a.csv", "client/in/b.csv"]);
    assert_eq!(bench.find(&["in/*.csv", "./in/a.csv", "in/./b.csv", "in/b.csv"]).unwrap(), ["in/a.csv", "in/b.csv"]);
    let absolute = bench.client().join("in/a.csv");
    assert_eq!(bench.find(&["in/a.csv", absolute.to_str().unwrap()]).unwrap(), ["in/a.csv"]);
}

#[test]
fn files_that_share_a_name_are_told_apart_by_their_folders() {
    let files = ["2026/jan/x/a.csv", "2026/feb/x/a.csv", "2026/feb/b.csv", "a.csv", "x/c.csv", "y/c.csv"];
    let bench = Bench::of(&files.map(|file| format!("client/{file}")).each_ref().map(String::as_str));
    let stamps = find(&bench.client(), &Paths::One("**/*.csv".to_owned()), &Limits::default()).unwrap();
    let names: Vec<_> = stamps.iter().map(FileStamp::name).collect();
    assert_eq!(names, ["b.csv", "feb/x/a.csv", "jan/x/a.csv", "a.csv", "x/c.csv", "y/c.csv"]);
    for stamp in &stamps {
        stamp.open(&bench.client()).unwrap();
        let token = serde_json::to_string(stamp).unwrap();
        assert_eq!(serde_json::from_str::<FileStamp>(&token).unwrap(), *stamp);
    }
}

#[test]
fn globs_are_bounded() {
    let bench = Bench::of(&["client/a.csv", "client/b.csv", "client/c.csv"]);
    let error = find(&bench.client(), &Paths::One("*".to_owned()), &Limits { files: 2, ..Limits::default() }).unwrap_err();
    assert!(error.message.contains("`path` gives 3 files"), "{}", error.message);
    assert!(error.hint.unwrap().contains("limits.files"));
}

#[test]
fn what_the_path_itself_leads_to_is_meant() {
    let bench = Bench::of(&["shared/a.csv", "shared/deep/b.csv", "client/c.csv"]);
    assert_eq!(bench.find(&["../shared/*.csv"]).unwrap(), ["../shared/a.csv"]);
    let absolute = bench.0.path().join("shared/deep/b.csv");
    assert_eq!(bench.find(&[absolute.to_str().unwrap()]).unwrap(), [absolute.to_str().unwrap()]);
}

#[cfg(unix)]
mod links {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_link_leads_out_of_the_folder_unless_it_is_named() {
        let bench = Bench::of(&["secret/a.csv", "shared/s.csv", "client/in/b.csv"]);
        let link = |to: &str, from: &str| symlink(to, bench.0.path().join(from)).unwrap();
        link("../../secret/a.csv", "client/in/out.csv");
        link("../secret", "client/linked");
        link("../secret/a.csv", "shared/out.csv");
        link("b.csv", "client/in/inside.csv");
        let (message, hint) =
            ("is a link that leads out of the client's folder, to `../secret/a.csv`", "path = \"../secret/a.csv\"");
        for written in
            ["in/out.csv", "in/*.csv", "linked/*.csv", "linked/a.csv", "*/out.csv", "../shared/*.csv", "../shared/out.csv"]
        {
            bench.refuses(written, message, hint);
        }
        assert_eq!(bench.find(&["../secret/a.csv"]).unwrap(), ["../secret/a.csv"]);
        assert_eq!(bench.find(&["in/[bi]*.csv"]).unwrap(), ["in/b.csv", "in/inside.csv"]);
        // From shared into the client's folder is no way out.
        link("../client/in/b.csv", "shared/back.csv");
        assert_eq!(bench.find(&["../shared/back.csv"]).unwrap(), ["../shared/back.csv"]);
    }

    #[test]
    fn a_link_to_a_file_is_a_copy_of_it() {
        let bench = Bench::of(&["client/a.csv"]);
        symlink("a.csv", bench.client().join("b.csv")).unwrap();
        fs::hard_link(bench.client().join("a.csv"), bench.client().join("c.csv")).unwrap();
        let files = bench.stamps(&["*.csv"]).unwrap();
        assert_eq!(copies(&bench.client(), &files).unwrap(), HashMap::from([(1, 0), (2, 0)]));
    }

    #[test]
    fn what_is_no_file_is_said_and_never_opened() {
        let bench = Bench::of(&["client/in/b.csv"]);
        symlink("gone.csv", bench.client().join("in/dangling.csv")).unwrap();
        bench.refuses("in/*.csv", "`in/dangling.csv` is a link to a file that is not there", "mend it");
        bench.refuses("in/dangling.csv", "is a link to a file that is not there", "mend it");
        fs::remove_file(bench.client().join("in/dangling.csv")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(bench.client().join("in/pipe.csv")).unwrap();
        bench.refuses("in/*.csv", "`in/pipe.csv` is a pipe or device, not a file", "files only");
        bench.refuses("in/pipe.csv", "is a pipe or device", "files only");
        bench.refuses("/dev/null", "is a pipe or device", "files only");
        drop(socket);
        fs::remove_file(bench.client().join("in/pipe.csv")).unwrap();
        fs::create_dir(bench.client().join("in/folder.csv")).unwrap();
        assert_eq!(bench.find(&["in/*.csv"]).unwrap(), ["in/b.csv"]);
        // Turned into a pipe after it was looked at.
        let stamp = bench.stamps(&["in/b.csv"]).unwrap().remove(0);
        fs::remove_file(bench.client().join("in/b.csv")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(bench.client().join("in/b.csv")).unwrap();
        assert!(stamp.open(&bench.client()).unwrap_err().message.contains("not a file"));
    }

    #[test]
    fn names_and_folders_that_cannot_be_read_are_errors() {
        use std::os::unix::fs::PermissionsExt;
        let bench = Bench::of(&["client/in/a.csv"]);
        fs::write(bench.client().join("in").join(OsStr::from_bytes(b"b\xff.csv")), "x").unwrap();
        bench.refuses("in/*.csv", "is not UTF-8", "rename");
        let locked = bench.client().join("in");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
        // Root reads all the same.
        if fs::read_dir(&locked).is_err() {
            assert!(bench.find(&["*/*.csv"]).unwrap_err().message.contains("cannot read `in`"));
        }
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn copies_are_found_by_content() {
    let bench = Bench::of(&["client/a", "client/b", "client/c"]);
    fs::write(bench.client().join("c"), "client/a").unwrap();
    let files = bench.stamps(&["*"]).unwrap();
    assert_eq!(copies(&bench.client(), &files).unwrap(), HashMap::from([(2, 0)]));
}

#[test]
fn a_file_that_changes_is_not_opened() {
    let bench = Bench::of(&["client/a"]);
    let stamp = bench.stamps(&["a"]).unwrap().remove(0);
    assert!(stamp.open(&bench.client()).is_ok() && stamp.unchanged(&bench.client()).is_ok());
    fs::write(bench.client().join("a"), "longer than before").unwrap();
    assert_eq!(stamp.open(&bench.client()).unwrap_err(), stamp.changed());
    assert_eq!(stamp.unchanged(&bench.client()).unwrap_err(), stamp.changed());
}
