//! Reads the Odoo emulator with the plugin, as a host would, and compares with the emulator's own records.
#![expect(clippy::unwrap_used, reason = "a test's set-up fails the test")]

mod connection;
mod definitions;
mod faults;
mod host;
mod incremental;
mod truth;
