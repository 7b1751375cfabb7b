//! Repository chores: `cargo xtask demo | test | check | bench | sample | templates`.
//!
//! Only orchestration lives here; what cvj does is in the other crates, and none of them is a dependency of this one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore's output is its printed lines")]

mod bench;
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
  bench [--only csv|xlsx|report] [--rows N] [--runs N] [--cvj PATH]
                     measure cvj beside other programs and write docs/performance.md; builds cvj for release first,
                     15 minutes and more from nothing. With --rows or --runs the page is left as it is
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
        ["bench", options @ ..] => match bench::Options::parse(options) {
            Ok(options) => Workspace::find().and_then(|workspace| bench::run(&workspace, &options)),
            Err(problem) => return usage(&problem),
        },
        // The parts of `bench` that are processes of their own, in release.
        ["bench-file", kind, rows, path] => bench::write_file(kind, rows, path.as_ref()),
        ["bench-cells", path] => bench::read_cells(path.as_ref()),
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
