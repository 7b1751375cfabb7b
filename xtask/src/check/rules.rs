//! Who may depend on whom (design §2), as data; and that there is one arrow, from one place.

use std::collections::BTreeMap;

use super::graph::{Graph, Package};

/// What one of our crates may depend on (ours), and what it must never reach by any way. `*` stands for any ending.
struct Rule {
    crate_name: &'static str,
    may_use: &'static [&'static str],
    never: &'static [&'static str],
}

const NETWORK: [&str; 6] = ["reqwest", "ureq", "hyper*", "rustls*", "native-tls", "curl*"];

const RULES: [Rule; 10] = [
    Rule { crate_name: "cvj-core", may_use: &[], never: &["datafusion*", "tokio*", "libloading", "clap*"] },
    Rule {
        crate_name: "cvj-tabular",
        may_use: &["cvj-core"],
        never: &["cvj-engine", "datafusion*", "tokio*", "libloading", "clap*"],
    },
    Rule {
        crate_name: "cvj-http",
        may_use: &["cvj-core"],
        never: &["cvj-engine", "cvj-report", "cvj-cli", "cvj-plugin-*", "datafusion*", "libloading", "clap*"],
    },
    Rule {
        crate_name: "cvj-plugin-*",
        may_use: &["cvj-core", "cvj-tabular", "cvj-http"],
        never: &["cvj-engine", "cvj-report", "cvj-cli", "cvj-plugin-*", "datafusion*", "clap*"],
    },
    Rule { crate_name: "cvj-engine", may_use: &["cvj-core"], never: &["cvj-report", "cvj-cli", "cvj-plugin-*", "clap*"] },
    Rule {
        crate_name: "cvj-report",
        may_use: &["cvj-core"],
        never: &["cvj-engine", "cvj-plugin-*", "datafusion*", "tokio*", "libloading", "clap*"],
    },
    Rule {
        crate_name: "cvj-cli",
        may_use: &["cvj-core", "cvj-tabular", "cvj-http", "cvj-engine", "cvj-report"],
        never: &["cvj-plugin-*"],
    },
    // Stand-ins that shared our code would share our misreadings.
    Rule { crate_name: "cvj-emulators", may_use: &[], never: &["cvj-*"] },
    Rule { crate_name: "cvj-tests", may_use: &["cvj-*"], never: &[] },
    Rule { crate_name: "xtask", may_use: &[], never: &["cvj-*"] },
];

/// Crates that must not reach the network: only plugins do, through `cvj-http`.
const OFFLINE: [&str; 4] = ["cvj-core", "cvj-tabular", "cvj-engine", "cvj-report"];

/// What only one of our crates may use itself, so that its rules hold for all.
const ONLY_IN: [(&str, &str); 1] = [("reqwest", "cvj-http")];

fn is(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// Breaches of the dependency rules, each with the way by which they come about.
pub(super) fn dependency_problems(graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    for (position, package) in graph.members() {
        let Some(rule) = RULES.iter().find(|rule| is(rule.crate_name, &package.name)) else {
            problems
                .push(format!("no rule says what `{}` may depend on\nhint: add one to xtask/src/check/rules.rs", package.name));
            continue;
        };
        for &used in &package.uses {
            let used = &graph.packages[used];
            if used.is_member && !rule.may_use.iter().any(|allowed| is(allowed, &used.name)) {
                problems.push(format!("`{}` must not depend on `{}`", package.name, used.name));
            }
            if let Some((_, place)) = ONLY_IN.iter().find(|(name, place)| is(name, &used.name) && package.name != *place) {
                problems.push(format!("`{}` must not use `{}` itself: `{place}` does", package.name, used.name));
            }
        }
        let offline = if OFFLINE.contains(&package.name.as_str()) { NETWORK.as_slice() } else { &[] };
        for (reached, way) in graph.reached(position) {
            let name = &graph.packages[reached].name;
            if let Some(forbidden) = rule.never.iter().chain(offline).find(|pattern| is(pattern, name)) {
                problems.push(format!("`{}` must never reach {forbidden}: {}", package.name, graph.shown(&way)));
            }
        }
    }
    problems
}

/// Packages of which two versions would not fit together: arrow's arrays cross from plugins to DataFusion.
pub(super) fn version_problems(graph: &Graph) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &graph.packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let single = |name: &str| is("arrow*", name) || is("datafusion*", name) || name == "sqlparser";
    let several = versions.into_iter().filter(|(name, versions)| single(name) && versions.len() > 1);
    several.map(|(name, versions)| format!("there are several versions of `{name}`: {}", versions.join(", "))).collect()
}

/// Packages that come neither from this repository nor from the default registry.
pub(super) fn source_problems(graph: &Graph) -> Vec<String> {
    let strange = |package: &&Package| if package.source.is_some() { !package.is_published } else { !package.is_member };
    graph
        .packages
        .iter()
        .filter(strange)
        .map(|package| {
            format!("`{}` comes from {}", package.name, package.source.as_deref().unwrap_or("a path outside the workspace"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph of `name` or `name@version` with the names that each uses; ours begin with `cvj` or are `xtask`.
    fn graph(packages: &[(&str, &[&str])]) -> Graph {
        let position = |name: &&str| packages.iter().position(|(other, _)| other == name);
        let packages = packages.iter().map(|(name, uses)| Package {
            name: name.split('@').next().unwrap_or_default().to_owned(),
            version: name.split('@').nth(1).unwrap_or("1.0.0").to_owned(),
            source: (!name.starts_with("cvj") && *name != "xtask").then(|| "the registry".to_owned()),
            is_published: !name.starts_with("cvj") && *name != "xtask",
            is_member: name.starts_with("cvj") || *name == "xtask",
            uses: uses.iter().filter_map(position).collect(),
            ..Package::default()
        });
        Graph { packages: packages.collect() }
    }

    #[test]
    fn the_intended_graph_passes() {
        let graph = graph(&[
            ("cvj-core", &["serde"]),
            ("cvj-tabular", &["cvj-core"]),
            ("cvj-plugin-csv", &["cvj-core", "cvj-tabular"]),
            ("cvj-http", &["cvj-core", "reqwest"]),
            ("cvj-plugin-hubspot", &["cvj-core", "cvj-http"]),
            ("cvj-engine", &["cvj-core", "datafusion", "tokio"]),
            ("cvj-report", &["cvj-core"]),
            ("cvj-cli", &["cvj-core", "cvj-engine", "cvj-report", "clap"]),
            ("xtask", &["serde"]),
            ("reqwest", &["hyper", "tokio"]),
            ("hyper", &[]),
            ("serde", &[]),
            ("datafusion", &["tokio"]),
            ("tokio", &[]),
            ("clap", &[]),
        ]);
        assert_eq!(dependency_problems(&graph), Vec::<String>::new());
        assert_eq!(version_problems(&graph), Vec::<String>::new());
        assert_eq!(source_problems(&graph), Vec::<String>::new());
    }

    #[test]
    fn a_direct_breach_is_named() {
        let graph = graph(&[("cvj-report", &["cvj-engine"]), ("cvj-engine", &[]), ("cvj-new", &[])]);
        let problems = dependency_problems(&graph).join("\n");
        assert!(problems.contains("`cvj-report` must not depend on `cvj-engine`"), "{problems}");
        assert!(problems.contains("no rule says what `cvj-new` may depend on"), "{problems}");
    }

    #[test]
    fn the_network_is_reached_in_one_place() {
        let graph = graph(&[
            ("cvj-http", &["cvj-core", "cvj-engine", "reqwest"]),
            ("cvj-plugin-a", &["cvj-http", "reqwest"]),
            ("cvj-engine", &["store"]),
            ("store", &["hyper"]),
            ("hyper", &[]),
            ("reqwest", &[]),
            ("cvj-core", &[]),
        ]);
        let expected = [
            "`cvj-http` must not depend on `cvj-engine`",
            "`cvj-http` must never reach cvj-engine: cvj-http → cvj-engine",
            "`cvj-plugin-a` must not use `reqwest` itself: `cvj-http` does",
            "`cvj-plugin-a` must never reach cvj-engine: cvj-plugin-a → cvj-http → cvj-engine",
            "`cvj-engine` must never reach hyper*: cvj-engine → store → hyper",
        ];
        assert_eq!(dependency_problems(&graph), expected);
    }

    #[test]
    fn a_hidden_breach_is_named_with_its_way() {
        let graph = graph(&[
            ("cvj-core", &["schema"]),
            ("schema", &["async"]),
            ("async", &["tokio"]),
            ("tokio", &[]),
            ("cvj-plugin-a", &["cvj-plugin-b"]),
            ("cvj-plugin-b", &[]),
            ("cvj-report", &["images"]),
            ("images", &["reqwest"]),
            ("reqwest", &[]),
        ]);
        let problems = dependency_problems(&graph).join("\n");
        assert!(problems.contains("`cvj-core` must never reach tokio*: cvj-core → schema → async → tokio"), "{problems}");
        assert!(problems.contains("`cvj-plugin-a` must never reach cvj-plugin-*"), "{problems}");
        assert!(problems.contains("`cvj-report` must never reach reqwest: cvj-report → images → reqwest"), "{problems}");
    }

    #[test]
    fn two_arrows_and_strange_sources_are_named() {
        let mut graph = graph(&[("arrow-array@59.0.0", &[]), ("arrow-array@58.1.0", &[]), ("serde", &[])]);
        assert_eq!(version_problems(&graph), ["there are several versions of `arrow-array`: 59.0.0, 58.1.0"]);
        graph.packages[2].source = Some("git+https://example.com/serde".to_owned());
        graph.packages[2].is_published = false;
        assert_eq!(source_problems(&graph), ["`serde` comes from git+https://example.com/serde"]);
    }
}
