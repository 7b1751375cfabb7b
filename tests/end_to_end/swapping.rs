//! Runs that are interrupted, run twice at once, or open a page.

use cvj_tests::{Client, content_of};

#[test]
fn an_interrupted_swap_is_mended_at_the_next_start() {
    let client = Client::moving();
    client.cvj_report(&["--period", "2026-09"]).expect_status(0);
    let reports = client.path().join("reports");
    let before = content_of(&reports);

    // Died between moving the old report away and the new one in. The next run is about another period.
    std::fs::rename(reports.join("2026-09"), reports.join(".2026-09.cvj-old")).unwrap();
    client.write("reports/.2026-09.cvj-new/report.json", "half");
    client.cvj_report(&["--period", "2026-10", "--format", "json"]).expect_status(0);
    std::fs::remove_dir_all(reports.join("2026-10")).unwrap();
    assert_eq!(content_of(&reports), before);

    // Died while the old report was taken away.
    client.write("reports/.2026-09.cvj-old/report.json", "older");
    client.cvj_report(&["--period", "2026-09"]).expect_status(0);
    assert_eq!(content_of(&reports), before);
}

#[test]
fn two_runs_at_once_leave_one_whole_report() {
    let client = Client::moving();
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..3).map(|_| scope.spawn(|| client.cvj_report(&[]))).collect();
        running.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(outputs.iter().any(|output| output.status == 0), "{outputs:#?}");
    for output in outputs.iter().filter(|output| output.status != 0) {
        assert!(output.status == 1 && output.stderr.contains("another cvj is writing"), "{output:#?}");
    }
    let alone = Client::moving();
    alone.cvj_report(&[]).expect_status(0);
    assert_eq!(content_of(&client.path().join("reports")), content_of(&alone.path().join("reports")));
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_a_run_and_leaves_the_earlier_report() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let client = Client::moving();
    client.cvj_report(&[]).expect_status(0);
    let before = content_of(&client.path().join("reports"));
    client.write("cvj.toml", client.read("cvj.toml") + "\n[source.slow]\nplugin = \"chaos\"\nmisbehave = \"hang-in-tables\"\n");
    let mut running = cvj_tests::program();
    let running = running.current_dir(client.path()).arg("report").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let start = Instant::now();
    Command::new("sh").args(["-c", &format!("kill -INT {}", running.id())]).status().unwrap();
    let output = running.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("nothing was written"), "{stderr}");
    assert!(start.elapsed() < Duration::from_secs(20), "stopped after {:?}", start.elapsed());
    assert_eq!(content_of(&client.path().join("reports")), before);
}

#[cfg(target_os = "linux")]
#[test]
fn open_shows_the_page() {
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    let client = Client::moving();
    let (opener, shown) = (client.path().join("bin/xdg-open"), client.path().join("shown"));
    client.write("bin/xdg-open", format!("#!/bin/sh\nprintf '%s' \"$1\" > '{0}.part' && mv '{0}.part' '{0}'\n", shown.display()));
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", client.path().join("bin").display(), std::env::var("PATH").unwrap());
    let mut command = cvj_tests::program();
    let status =
        command.current_dir(client.path()).env("PATH", path).args(["report", "--open", "--format", "html"]).output().unwrap();
    assert!(status.status.success(), "{status:?}");
    let start = Instant::now();
    while !shown.exists() && start.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(client.read("shown").ends_with("reports/2026-10/report.html"));
}
