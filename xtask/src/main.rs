//! Repository chores: `cargo xtask demo | test | check | sample | templates`.
//!
//! Only orchestration lives here; what cvj does is in the other crates, and none of them is a dependency of this one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore's output is its printed lines")]

mod check;
mod demo;
mod failure;
mod outside;
mod process;
mod sample;
mod templates;
mod test;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "\
Repository chores.

Usage: cargo xtask <CHORE>

  demo               build cvj and its plugins, report the sample client, name what was written
  test [--full]      build and run every test, then the outside checks whose tools are found
  check              formatting, lints, dependency, licence and source rules, generated files in step
  sample [--check]   write examples/northwind, or fail where it is not what the generator writes
  templates [--check]  write templates/worksheet.xlsx, or fail where it is not what cvj writes

`test --full` takes long: thousands of random clients, and tests marked as ignored.
With CVJ_REQUIRE=all an outside check that would be skipped fails.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["demo"] => Workspace::find().and_then(|workspace| demo::run(&workspace)),
        ["test"] => Workspace::find().and_then(|workspace| test::run(&workspace, test::Extent::Quick)),
        ["test", "--full"] => Workspace::find().and_then(|workspace| test::run(&workspace, test::Extent::Full)),
        ["check"] => Workspace::find().and_then(|workspace| check::run(&workspace)),
        ["sample"] => Workspace::find().and_then(|workspace| sample::run(&workspace.root, false)),
        ["sample", "--check"] => Workspace::find().and_then(|workspace| sample::run(&workspace.root, true)),
        ["templates"] => Workspace::find().and_then(|workspace| templates::run(&workspace, false)),
        ["templates", "--check"] => Workspace::find().and_then(|workspace| templates::run(&workspace, true)),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        [] => return usage("which chore?"),
        _ => return usage(&format!("`{}` is no chore", words.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn usage(problem: &str) -> ExitCode {
    eprintln!("error: {problem}\n\n{USAGE}");
    ExitCode::from(2)
}
