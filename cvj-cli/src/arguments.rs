//! What can be asked on the command line. Help texts, shell completions and error messages come from here.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand};
use cvj_core::Period;
use cvj_engine::Pulls;

use crate::format::Format;

/// Reads a client's exports and writes the Customer Value Journey of each product.
#[derive(Clone, Debug, Parser)]
#[command(name = "cvj", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but --strict found data-quality problems.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) plugins: PluginArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// Where plugins are looked for, and how patient the command is with them.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Plugins")]
pub(crate) struct PluginArguments {
    /// Look for plugins here first: a folder, or a plugin file; may be given several times
    #[arg(long = "plugin-path", value_name = "PATH", global = true)]
    pub(crate) path: Vec<PathBuf>,

    /// Seconds that a plugin may take for one answer before the run is given up
    #[arg(long = "plugin-timeout", value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub(crate) timeout: u32,
}

impl PluginArguments {
    /// How long a plugin may be silent.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.timeout))
    }
}

/// What is done about sources over a network, whose data is kept for a while.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Sources over a network")]
pub(crate) struct PullArguments {
    /// Ask no source: use what was pulled before, however old
    #[arg(long, conflicts_with = "refresh")]
    offline: bool,

    /// Pull everything anew, also what was pulled in the last 12 hours
    #[arg(long)]
    refresh: bool,
}

impl PullArguments {
    /// Which pulls are used.
    pub(crate) fn pulls(&self) -> Pulls {
        match (self.offline, self.refresh) {
            (true, _) => Pulls::Offline,
            (false, true) => Pulls::Anew,
            (false, false) => Pulls::Fresh,
        }
    }
}

/// How much is said.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say more on stderr: once for what plugins report, twice for their details
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the report of a period: worksheets, page, charts and report.json
    Report(ReportArguments),
    /// Read everything and say what was found, without writing a report
    Check(CheckArguments),
    /// Say where a number comes from: definition, SQL, files, rows, and the first rows used
    Explain(ExplainArguments),
    /// Store, try or remove the credentials of a source
    #[command(after_help = "A secret is looked for in the environment variable of its name, then in the keyring, then with the \
                            command in CVJ_SECRET_COMMAND. CVJ_KEYRING=off leaves the keyring alone.")]
    Auth {
        #[command(subcommand)]
        command: AuthCommand,
    },
    /// Write the empty worksheet
    Template(TemplateArguments),
    /// Print a JSON Schema: of cvj.toml, of report.json or portfolio.json, or of a plugin's keys in cvj.toml
    Schema {
        #[command(subcommand)]
        subject: SchemaSubject,
    },
    /// See or clear what was pulled from sources over a network, and is kept
    Cache {
        #[command(subcommand)]
        command: CacheCommand,
    },
    /// See which plugins are there
    Plugin {
        #[command(subcommand)]
        command: PluginCommand,
    },
}

#[derive(Clone, Debug, Args)]
#[command(override_usage = "cvj report [OPTIONS] [DIR]\n       cvj report [OPTIONS] --all <CLIENTS_DIR>")]
pub(crate) struct ReportArguments {
    /// The client's folder, which holds cvj.toml
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,

    /// Every client in this folder, each a folder of its own with a cvj.toml; and an index of them
    #[arg(long, value_name = "CLIENTS_DIR", conflicts_with_all = ["folder", "products"])]
    pub(crate) all: Option<PathBuf>,

    /// With --all: how many clients at a time [default: one per processor, at most 4]
    #[arg(long, value_name = "N", requires = "all")]
    pub(crate) jobs: Option<NonZero<usize>>,

    /// The period: 2026-10, 2026-W40 or 2026-Q3 [default: the last complete one]
    #[arg(long, value_name = "P")]
    pub(crate) period: Option<Period>,

    /// Only this product; may be given several times. Worksheets and charts of the others stay as they are
    #[arg(long = "product", value_name = "NAME")]
    pub(crate) products: Vec<String>,

    /// The folder written [default: DIR/reports/<period>]; with --all, that of the index [default: portfolio in the clients' folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// What is written; formats left out stay as an earlier run wrote them
    #[arg(
        long = "format",
        value_name = "FORMAT",
        value_enum,
        value_delimiter = ',',
        default_value = "worksheet,html,json,svg,png"
    )]
    pub(crate) formats: Vec<Format>,

    /// End with exit code 3 where rows were rejected, are missing, match no product, or end before the period does
    #[arg(long)]
    pub(crate) strict: bool,

    /// Show the page when it is written; with --all, the index
    #[arg(long)]
    pub(crate) open: bool,

    #[command(flatten)]
    pub(crate) pulls: PullArguments,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArguments {
    /// The client's folder, which holds cvj.toml
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) pulls: PullArguments,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The metric's name, or STAGE/NAME where several stages have one of the name: "Opt-in rate", convert/Revenue
    #[arg(value_name = "METRIC")]
    pub(crate) metric: String,

    /// The client's folder, which holds cvj.toml
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,

    /// The number of this product [default: the client's as a whole]
    #[arg(long, value_name = "NAME")]
    pub(crate) product: Option<String>,

    /// The period: 2026-10, 2026-W40 or 2026-Q3 [default: the last complete one]
    #[arg(long, value_name = "P")]
    pub(crate) period: Option<Period>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) pulls: PullArguments,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Ask for the secrets that a source names, and store them in the keyring
    Set {
        #[command(flatten)]
        stored: StoredSecrets,

        /// Read the secret from standard input: one line, or a key in PEM form
        #[arg(long)]
        stdin: bool,
    },
    /// Say where the secrets of a source come from, and whether they let cvj in
    Test {
        #[command(flatten)]
        source: SourceArguments,
    },
    /// Remove the secrets that a source names from the keyring
    Remove {
        #[command(flatten)]
        stored: StoredSecrets,
    },
}

/// Which source of which client is meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct SourceArguments {
    /// The source, as in [source.SOURCE]
    #[arg(value_name = "SOURCE")]
    pub(crate) name: String,

    /// The client's folder, which holds cvj.toml
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

/// Which of a source's secrets are meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct StoredSecrets {
    #[command(flatten)]
    pub(crate) source: SourceArguments,

    /// Only this one of the secrets that the source names
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct TemplateArguments {
    /// The file written
    #[arg(short, long = "out", value_name = "FILE", default_value = "worksheet.xlsx")]
    pub(crate) out: PathBuf,

    /// Replace a file that differs
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum SchemaSubject {
    /// The schema of cvj.toml
    Config,
    /// The schema of report.json
    Report,
    /// The schema of portfolio.json, which `cvj report --all` writes
    Portfolio,
    /// The schema of a plugin's keys in cvj.toml; without NAME of every plugin found
    Plugin {
        /// The plugin, as in `plugin = "csv"`
        name: Option<String>,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// List the tables that are kept: how many rows, how large, how old
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove what is kept [default: of every client and source]
    Clear {
        /// Only of the client in this folder
        #[arg(long, value_name = "DIR")]
        client: Option<PathBuf>,

        /// Only of sources of this name
        #[arg(value_name = "SOURCE")]
        source: Option<String>,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// List the plugins found, and those that cannot be loaded
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_format_is_the_default() {
        let arguments = Arguments::try_parse_from(["cvj", "report"]).unwrap();
        let Command::Report(report) = arguments.command else { panic!("not a report") };
        assert_eq!(report.formats, [Format::Worksheet, Format::Html, Format::Json, Format::Svg, Format::Png]);
        assert_eq!(report.folder, PathBuf::from("."));
    }

    #[test]
    fn what_has_no_meaning_for_all_clients_is_refused() {
        for more in [["client"].as_slice(), &["--product", "Piano"], &["--jobs", "0"]] {
            let error = Arguments::try_parse_from([&["cvj", "report", "--all", "clients"], more].concat()).unwrap_err();
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn wrong_values_name_their_flag() {
        for (arguments, part) in [
            (["cvj", "report", "--period=2026-13"], "2026-10"),
            (["cvj", "report", "--format=pdf"], "--format"),
            (["cvj", "report", "--perod=2026-10"], "--period"),
            (["cvj", "check", "--plugin-timeout=0"], "--plugin-timeout"),
            (["cvj", "report", "--jobs=2"], "--all"),
        ] {
            let error = Arguments::try_parse_from(arguments).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
