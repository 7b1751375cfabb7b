//! A large portal: complete, in little memory, and as fast as the limits allow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use cvj_core::StageMetrics;
use cvj_emulators::hubspot::{Limits, Portal, Size};
use serde_json::json;

use crate::portal::Reader;

/// The most memory that this process ever had, in MB, where the system says so.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[test]
#[ignore = "takes a minute"]
fn a_million_contacts() {
    const CONTACTS: u64 = 1_000_000;
    const A_SECOND: u32 = 80;
    let size = Size { contacts: CONTACTS, companies: 1, deals: 0 };
    let portal = Portal::generate(7, size).with_limits(Limits::per_ten_seconds(A_SECOND * 10));
    let reader = Reader::new(portal, &json!({"searches_per_second": A_SECOND, "requests_per_second": A_SECOND}));
    let begun = Instant::now();
    let plan = reader.plan("contacts", &["id", "email", "createdate", "lifecyclestage"]).unwrap();
    let (planned, next, rows) = (begun.elapsed(), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(partition) = plan.partitions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let batches = reader.source.read(partition, &reader.task()).unwrap();
                    rows.fetch_add(batches.map(|batch| batch.unwrap().num_rows()).sum(), Ordering::Relaxed);
                }
            });
        }
    });
    let took = begun.elapsed().as_secs_f64();
    let allowed = CONTACTS as f64 / 200.0 / f64::from(A_SECOND);
    let waited = reader.log().lines().count();
    println!(
        "{took:.1} s ({planned:.1?} to plan), {allowed:.1} s allowed, {} windows, {waited} lines logged",
        plan.partitions.len()
    );
    println!("{:?} MB at most, the portal's own included", peak());
    assert_eq!(rows.into_inner() as u64, plan.rows.unwrap());
    assert!(took < 1.3 * allowed);
    assert!(peak().is_none_or(|megabytes| megabytes < 300));
}
