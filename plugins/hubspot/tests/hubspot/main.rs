//! The HubSpot source against a portal of our own, row by row.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod faults;
mod portal;
mod scale;
mod stages;
mod tables;
