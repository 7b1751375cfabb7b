//! End-to-end tests over the built `cvj` and its plugins: what a person does, and what they find on their disk.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod awkward;
mod bad_input;
mod brand;
mod claims;
mod credentials;
mod crm;
mod explain;
mod exports;
mod guide;
mod hostile;
mod northwind;
mod outputs;
mod plugins;
mod portfolio;
mod pulls;
mod readme;
mod swapping;
