//! The licence rule: every package can be used under a licence that asks for no more than naming its authors.

use spdx::{Expression, ParseMode};

use super::graph::{Graph, Package};

/// What we may link against and pass on.
const ALLOWED: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Of data: the certificates that browsers trust.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages without a licence expression, or with one that cannot be satisfied from the list.
pub(super) fn problems(graph: &Graph) -> Vec<String> {
    graph.packages.iter().filter_map(problem).collect()
}

fn problem(package: &Package) -> Option<String> {
    let name = format!("`{}` {}", package.name, package.version);
    let Some(written) = &package.licence else { return Some(format!("{name} names no licence")) };
    // Older manifests write a slash for OR.
    let expression = match Expression::parse_mode(written, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("{name}: `{written}` is no licence expression: {error}")),
    };
    let allowed = expression.evaluate(|licence| ALLOWED.contains(&licence.to_string().as_str()));
    (!allowed).then(|| format!("{name} is under {written}, which the list in xtask/src/check/licences.rs does not allow"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(licence: Option<&str>) -> Option<String> {
        problem(&Package { name: "a".to_owned(), licence: licence.map(ToOwned::to_owned), ..Package::default() })
    }

    #[test]
    fn one_allowed_choice_is_enough() {
        for licence in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR MIT",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
        ] {
            assert_eq!(under(Some(licence)), None, "{licence}");
        }
    }

    #[test]
    fn what_is_not_listed_is_named() {
        for licence in ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "Apache-2.0 WITH Classpath-exception-2.0", "mine"] {
            assert!(under(Some(licence)).is_some(), "{licence}");
        }
        assert!(under(None).is_some());
    }
}
