//! `cargo xtask check`: what a reviewer should not have to look for. No network: everything is read from what cargo already has.

mod graph;
mod licences;
mod manifests;
mod rules;

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{process, sample, templates};

use graph::Graph;

/// Runs every check and names all problems, not only the first.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut problems: Vec<String> = Vec::new();
    let mut report = |name: &str, found: Result<Vec<String>, Failure>| {
        let found = found.unwrap_or_else(|failure| vec![failure.to_string()]);
        println!("{}: {name}", if found.is_empty() { "ok" } else { "FAILED" });
        problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
    };
    report("formatting", passes(process::run(&mut workspace.cargo(&["fmt", "--all", "--check"]))));
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    report("lints", passes(process::run(&mut workspace.cargo(&clippy))));
    match Graph::of(workspace) {
        Ok(graph) => {
            report("dependencies", Ok(rules::dependency_problems(&graph)));
            report("one arrow", Ok(rules::version_problems(&graph)));
            report("sources", Ok(rules::source_problems(&graph)));
            report("licences", Ok(licences::problems(&graph)));
            report("manifests", manifests::problems(&workspace.root, &graph));
        }
        Err(failure) => report("dependency graph", Err(failure)),
    }
    report("sample", passes(sample::run(&workspace.root, true)));
    report("templates", passes(templates::run(workspace, true)));
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{} problems\n{}", problems.len(), problems.join("\n"))))
}

fn passes(done: Result<(), Failure>) -> Result<Vec<String>, Failure> {
    done.map(|()| Vec::new())
}
