//! Whole processes in turn: wall time, processor time and peak memory of each, as the operating system accounts for them.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use super::contender::Contender;
use crate::failure::Failure;

/// One run of one contender.
#[derive(Clone, Copy)]
struct Run {
    wall: Duration,
    cpu: Duration,
    /// Bytes, the largest over its life.
    peak: u64,
}

/// The runs of every contender, in the same order.
pub(super) struct Rounds {
    names: Vec<String>,
    /// Places of those whom ratios are to.
    baselines: Vec<usize>,
    runs: Vec<Vec<Run>>,
}

/// Runs all contenders in turn, A B C A B C …, so that a machine that slows down slows all of them. What ran before (the
/// comparison of answers) has warmed the page cache.
pub(super) fn rounds(contenders: &[Contender], count: usize) -> Result<Rounds, Failure> {
    let mut runs = vec![Vec::new(); contenders.len()];
    for _ in 0..count {
        for (contender, runs) in contenders.iter().zip(&mut runs) {
            runs.push(once(contender)?);
        }
    }
    let baselines = contenders.iter().enumerate().filter(|(_, contender)| contender.is_baseline).map(|(place, _)| place);
    let names = contenders.iter().map(|contender| contender.name.clone()).collect();
    Ok(Rounds { names, baselines: baselines.collect(), runs })
}

fn once(contender: &Contender) -> Result<Run, Failure> {
    let failure = |error: std::io::Error| Failure::new(format!("{}: {error}", contender.name));
    let mut command: Command = contender.command();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begin = Instant::now();
    let used = command.spawn().and_then(Wait4::wait4).map_err(failure)?;
    let wall = begin.elapsed();
    if !used.status.success() {
        return Err(Failure::new(format!("{} ended with {}", contender.name, used.status)));
    }
    Ok(Run { wall, cpu: used.rusage.utime + used.rusage.stime, peak: used.rusage.maxrss })
}

impl Rounds {
    /// The table of medians; ratios are to the baselines of the same round.
    pub(super) fn table(&self, missing: &[String]) -> String {
        let mut text = "| |".to_owned();
        for base in &self.baselines {
            let _ = write!(text, " wall ÷ {} | range |", self.names[*base]);
        }
        let _ = writeln!(text, " wall | processor | peak |\n|---|{}---|---|---|", "---|---|".repeat(self.baselines.len()));
        for (name, runs) in self.names.iter().zip(&self.runs) {
            let _ = write!(text, "| {name} |");
            for base in &self.baselines {
                let pairs = runs.iter().zip(&self.runs[*base]);
                let ratios: Vec<f64> = pairs.map(|(run, base)| run.wall.as_secs_f64() / base.wall.as_secs_f64()).collect();
                let (least, most) =
                    ratios.iter().fold((f64::MAX, 0.0_f64), |(least, most), ratio| (least.min(*ratio), most.max(*ratio)));
                let _ = write!(text, " {:.2} | {least:.2} – {most:.2} |", median(ratios.iter().copied()));
            }
            let seconds = |of: fn(&Run) -> Duration| median(runs.iter().map(|run| of(run).as_secs_f64()));
            let _ = writeln!(
                text,
                " {:.2} s | {:.2} s | {:.0} MB |",
                seconds(|run| run.wall),
                seconds(|run| run.cpu),
                median(runs.iter().map(|run| run.peak as f64)) / 1e6,
            );
        }
        for why in missing {
            let _ = writeln!(text, "\nNot measured: {why}.");
        }
        text.trim_end().to_owned()
    }
}

/// The middle value; of an even number, the mean of the two.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_one_round() {
        let run = |seconds: u64, megabytes: u64| Run {
            wall: Duration::from_secs(seconds),
            cpu: Duration::from_secs(seconds),
            peak: megabytes * 1_000_000,
        };
        let runs = vec![vec![run(2, 10), run(4, 30), run(8, 20)], vec![run(1, 5), run(2, 5), run(2, 5)]];
        let rounds = Rounds { names: vec!["one".to_owned(), "two".to_owned()], baselines: vec![0], runs };
        let table = rounds.table(&["three: not installed".to_owned()]);
        assert!(table.contains("| one | 1.00 | 1.00 – 1.00 | 4.00 s | 4.00 s | 20 MB |"), "{table}");
        assert!(table.contains("| two | 0.50 | 0.25 – 0.50 | 2.00 s | 2.00 s | 5 MB |"), "{table}");
        let both = Rounds { baselines: vec![0, 1], ..rounds }.table(&[]);
        assert!(both.contains("| two | 0.50 | 0.25 – 0.50 | 1.00 | 1.00 – 1.00 | 2.00 s |"), "{both}");
        assert!(table.ends_with("Not measured: three: not installed."), "{table}");
    }
}
