//! What the end-to-end tests stand on: the built `cvj` binary, and client folders that last as long as a test.
//!
//! **Invariant:** no test calls into the product's crates. Everything goes through the command and the files it writes.
#![expect(clippy::expect_used, reason = "a test that cannot be set up fails, and the message says why")]

mod claims;
mod client;
mod comparison;
mod dom;
mod markdown;
mod markup;
mod page_numbers;
mod panel_numbers;
mod printed;
mod program;

pub use claims::unfounded;
pub use client::{Client, content_of};
pub use comparison::differences;
pub use dom::{Element, Node, parse};
pub use markdown::{Block, blocks};
pub use markup::{drawing_problems, page_problems, shapes};
pub use page_numbers::{PageNumbers, page_numbers};
pub use panel_numbers::unknown_numbers;
pub use printed::Decimal;
pub use program::{Output, cvj, cvj_in, output_of, program, repository, target_folder};
