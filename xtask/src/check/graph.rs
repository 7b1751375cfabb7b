//! The dependency graph as the rules see it: packages, and who uses whom at run time.

use std::collections::{BTreeMap, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::failure::Failure;
use crate::workspace::Workspace;

/// A package of the resolved graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Its licence as an SPDX expression.
    pub(super) licence: Option<String>,
    /// Where it comes from; none for a path.
    pub(super) source: Option<String>,
    /// Whether it comes from the default registry.
    pub(super) is_published: bool,
    /// Whether it is one of ours.
    pub(super) is_member: bool,
    /// The folder of its manifest.
    pub(super) folder: String,
    /// Positions of the packages that it uses at run time (no build or dev dependencies), features resolved.
    pub(super) uses: Vec<usize>,
}

/// The resolved graph.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) packages: Vec<Package>,
}

impl Graph {
    /// Reads the graph from `cargo metadata`, without network.
    pub(super) fn of(workspace: &Workspace) -> Result<Self, Failure> {
        let ask = |platform: Option<&str>| {
            let mut options = vec!["--locked".to_owned(), "--offline".to_owned()];
            options.extend(platform.map(|platform| format!("--filter-platform={platform}")));
            MetadataCommand::new().manifest_path(workspace.root.join("Cargo.toml")).other_options(options).exec()
        };
        // Packages for other platforms are there only after `cargo fetch`; what this machine builds is there in any case.
        let metadata = ask(None).or_else(|_| {
            println!("note: packages of other platforms are not downloaded (`cargo fetch` does), so only this one's are checked");
            ask(Some(&host()))
        });
        let metadata = metadata.map_err(|error| {
            Failure::new(format!(
                "cargo metadata --locked --offline: {error}\nhint: run `cargo fetch`, and commit Cargo.lock if it changed"
            ))
        })?;
        Ok(Self::from_metadata(&metadata))
    }

    fn from_metadata(metadata: &Metadata) -> Self {
        let Some(resolve) = &metadata.resolve else { return Self::default() };
        let positions: BTreeMap<_, _> = resolve.nodes.iter().enumerate().map(|(position, node)| (&node.id, position)).collect();
        let packages = resolve.nodes.iter().filter_map(|node| {
            let package = metadata.packages.iter().find(|package| package.id == node.id)?;
            let at_run_time = node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
            Some(Package {
                name: package.name.to_string(),
                version: package.version.to_string(),
                licence: package.license.clone(),
                source: package.source.as_ref().map(ToString::to_string),
                is_published: package.source.as_ref().is_some_and(cargo_metadata::Source::is_crates_io),
                is_member: metadata.workspace_members.contains(&package.id),
                folder: package.manifest_path.parent().map(ToString::to_string).unwrap_or_default(),
                uses: at_run_time.filter_map(|dep| positions.get(&dep.pkg).copied()).collect(),
            })
        });
        Self { packages: packages.collect() }
    }

    /// The workspace's own packages.
    pub(super) fn members(&self) -> impl Iterator<Item = (usize, &Package)> {
        self.packages.iter().enumerate().filter(|(_, package)| package.is_member)
    }

    /// Every package that one reaches at run time, each with the shortest way to it.
    pub(super) fn reached(&self, from: usize) -> BTreeMap<usize, Vec<usize>> {
        let mut ways: BTreeMap<usize, Vec<usize>> = BTreeMap::from([(from, vec![from])]);
        let mut queue = VecDeque::from([from]);
        while let Some(position) = queue.pop_front() {
            for &next in &self.packages[position].uses {
                if !ways.contains_key(&next) {
                    let mut way = ways[&position].clone();
                    way.push(next);
                    ways.insert(next, way);
                    queue.push_back(next);
                }
            }
        }
        ways.remove(&from);
        ways
    }

    /// A way through the graph as text: `cvj-core → a → b`.
    pub(super) fn shown(&self, way: &[usize]) -> String {
        way.iter().map(|&position| self.packages[position].name.as_str()).collect::<Vec<_>>().join(" → ")
    }
}

/// The platform that this chore was built for.
fn host() -> String {
    let output = std::process::Command::new("rustc").arg("-vV").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("x86_64-unknown-linux-gnu").to_owned()
}
