//! A large portal through the whole of `cvj report`: complete, and in little memory. How long it takes is printed and not
//! judged, for the quick profile and whatever else the machine does decide it; that the pull is as fast as the limits allow is
//! tested in the plugin.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use cvj_emulators::hubspot::{Kind, Limits, Portal, Size};
use serde_json::Value;

use super::{BY_TOKEN, HubSpot};

/// The most memory that a running process ever had, in MB, where the system says so.
fn peak(process: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[test]
#[ignore = "takes two minutes"]
fn a_million_contacts() {
    const CONTACTS: u64 = 1_000_000;
    const A_SECOND: u32 = 80;
    let size = Size { contacts: CONTACTS, companies: 1, deals: 0 };
    let crm = HubSpot::new(Portal::generate(7, size).with_limits(Limits::per_ten_seconds(A_SECOND * 10)), BY_TOKEN);
    crm.client.replace("cvj.toml", "_per_second = 1000", &format!("_per_second = {A_SECOND}"));
    let wanted = crm.server.state().records(Kind::Contact).count() as u64;
    let begun = Instant::now();
    let mut run = crm.command(&["report", "--format", "json"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut most = None;
    while run.try_wait().unwrap().is_none() {
        most = peak(&run).or(most);
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = begun.elapsed().as_secs_f64();
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pages = crm.server.requests().len();
    let allowed = pages as f64 / f64::from(A_SECOND);
    eprintln!("{took:.1} s for {pages} requests, {allowed:.1} s allowed; {most:?} MB at most");
    let report: Value = serde_json::from_str(&crm.report_json()).unwrap();
    let tables = report["sources"][0]["tables"].as_array().unwrap();
    let contacts = tables.iter().find(|table| table["name"] == "contacts").unwrap();
    assert_eq!((contacts["rows_read"].as_u64(), contacts["rows_expected"].as_u64()), (Some(wanted), Some(wanted)));
    assert!(most.is_none_or(|megabytes| megabytes < 300), "{most:?} MB");
}
