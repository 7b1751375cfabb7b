//! What the end-to-end tests stand on: the built `cvj` binary, and client folders that last as long as a test.
//!
//! **Invariant:** no test calls into the product's crates. Everything goes through the command and the files it writes.
#![expect(clippy::expect_used, reason = "a test that cannot be set up fails, and the message says why")]

mod claims;
mod client;
mod comparison;
mod markdown;
mod panel_numbers;
mod program;

pub use claims::unfounded;
pub use client::{Client, content_of};
pub use comparison::differences;
pub use markdown::{Block, blocks};
pub use panel_numbers::unknown_numbers;
pub use program::{Output, cvj, cvj_in, output_of, program, repository, target_folder};
