//! `cargo xtask sample`: the sample client's exports and its `expected.json`, from a fixed seed.
//!
//! `cvj.toml` beside them is written by hand. The expected numbers come from the generated people and events themselves, by this
//! module's own reading of the configuration: nothing is read back from the exports, and no code of cvj is used.

mod calendar;
mod expected;
mod exports;
mod feedback;
mod journey;
mod mess;
pub(crate) mod random;
mod statistics;
mod story;
mod traffic;
mod truth;
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use calendar::Calendar;
use random::Random;
use story::Story;
use truth::Truth;

use crate::failure::Failure;

const SEED: u64 = 0x0063_766A;

/// The sample's generated files, by path inside `examples/northwind`.
fn files() -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    let calendar = Calendar::new()?;
    let mut random = Random::new(SEED);
    let mut world = Story::told(&mut random);
    traffic::add_traffic(&mut random, &mut world);
    world.log.sort_by_key(|row| row.at);
    world.sign_ups.sort_by_key(|row| row.at);
    world.orders.sort_by_key(|row| row.at);
    world.moves.sort_by_key(|row| row.at);
    world.reviews.sort_by_key(|row| row.at);
    world.surveys.sort_by_key(|row| row.at);
    world.referrals.sort_by_key(|row| row.at);
    mess::add_mess(&mut world);

    let truth = Truth::of(&world, &calendar)?;
    let expected = expected::expected(&truth, &calendar)?;
    let mut expected = serde_json::to_string_pretty(&expected).map_err(|error| error.to_string())?;
    expected.push('\n');
    let mut files = vec![(PathBuf::from("expected.json"), expected.into_bytes())];
    let exports = Path::new("exports");
    files.push((exports.join("feedback.xlsx"), feedback::feedback(&world)?));
    files.extend(exports::csv_exports(&world, &calendar)?.into_iter().map(|(name, bytes)| (exports.join(name), bytes)));
    Ok(files)
}

/// Writes the sample, or (with `check`) fails where the files in the repository are others.
pub(crate) fn run(root: &Path, check: bool) -> Result<(), Failure> {
    let folder = root.join("examples/northwind");
    let files = files().map_err(Failure::new)?;
    let names: BTreeSet<&Path> = files.iter().map(|(name, _)| name.as_path()).collect();
    let mut stale: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder.join("exports")).into_iter().flatten().flatten() {
        let name = Path::new("exports").join(entry.file_name());
        if !names.contains(name.as_path()) {
            stale.push(format!("examples/northwind/{} is no part of the sample", name.display()));
            if !check {
                fs::remove_file(entry.path()).map_err(|error| Failure::at(&entry.path(), &error))?;
            }
        }
    }
    for (name, bytes) in &files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|found| found == *bytes) {
            continue;
        }
        stale.push(format!("examples/northwind/{} differs from what the generator writes", name.display()));
        if !check {
            let parent = path.parent().unwrap_or(&folder);
            fs::create_dir_all(parent).map_err(|error| Failure::at(parent, &error))?;
            fs::write(&path, bytes).map_err(|error| Failure::at(&path, &error))?;
        }
    }
    if check && !stale.is_empty() {
        return Err(Failure::new(format!("{}\nhint: run `cargo xtask sample` and commit what it writes", stale.join("\n"))));
    }
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("sample: {} files, {} kB, {}", files.len(), bytes / 1024, if check { "in step" } else { "written" });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_every_time_and_small() {
        let (first, second) = (files(), files());
        assert!(first == second);
        let bytes: usize = first.iter().flatten().map(|(_, bytes)| bytes.len()).sum();
        assert!((500_000..2_000_000).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn tells_of_every_stage_and_of_two_unmeasured_ones() {
        let files = files().unwrap_or_default();
        let expected: serde_json::Value =
            files.first().and_then(|(_, bytes)| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let unmeasured = |stages: &serde_json::Value| -> Vec<String> {
            let stages = stages.as_array().into_iter().flatten();
            stages.filter(|stage| stage["measured"] == false).map(|stage| stage["stage"].to_string()).collect()
        };
        assert!(unmeasured(&expected["products"][0]["stages"]).is_empty());
        assert_eq!(expected["overall"]["stages"].as_array().map(Vec::len), Some(8));
        assert_eq!(unmeasured(&expected["products"][2]["stages"]), ["\"excite\"", "\"promote\""]);
    }
}
