//! Reads the Odoo emulator with the plugin, as a host would, and compares with the emulator's own records.

mod connection;
mod definitions;
mod faults;
mod host;
mod incremental;
mod truth;
