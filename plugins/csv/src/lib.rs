//! Reads CSV exports.
