//! `cvj.toml`: the client's configuration, read strictly, with errors that point at the text.

mod brand;
mod locate;
mod value;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use cvj_core::nearest::nearest;
use cvj_core::{Metric, PeriodKind, Stage, Touchpoint, View};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{Diagnostic, EngineError};

pub use brand::{BrandSettings, PERIOD};
pub use locate::Step;
pub use value::{Rung, ValueSettings};

/// The file's name in the client's folder.
pub const FILE_NAME: &str = "cvj.toml";

/// Days of the longest window: a hundred years.
const LONGEST_WINDOW: u32 = 36_500;

/// A client's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its text, for messages.
    pub text: String,
    /// The client.
    pub client: Client,
    /// The client's time zone.
    pub zone: TimeZone,
    /// Kind of period, history, end of follow-up.
    pub report: ReportSettings,
    /// End of follow-up, if set.
    pub as_of: Option<AsOf>,
    /// Products in order of importance.
    pub products: Vec<Product>,
    /// Sources in file order.
    pub sources: Vec<SourceSettings>,
    /// Metrics in file order.
    pub metrics: Vec<Metric>,
    /// Touchpoints in file order.
    pub touchpoints: Vec<Touchpoint>,
    /// Views in file order.
    pub views: Vec<View>,
    /// Days allowed for the step into each stage, by [`Stage::index`].
    pub window_days: [u32; 8],
    /// Rates to reach for the step into each stage, by [`Stage::index`].
    pub step_targets: [Option<f64>; 8],
    /// What customers are worth and cost.
    pub value: ValueSettings,
    /// Rungs of the value ladder, lowest first; none: the products bought.
    pub rungs: Vec<Rung>,
    /// Whose report it looks like.
    pub brand: BrandSettings,
}

/// `[client]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The client's name.
    pub name: String,
    /// ISO 4217 code.
    pub currency: String,
    /// IANA time zone; a period begins at local midnight here.
    pub timezone: String,
    /// How numbers and dates are printed, as a BCP 47 tag such as de-DE (default en-US); the words stay English.
    pub locale: Option<String>,
}

/// `[report]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSettings {
    /// week (ISO, Monday), month or quarter.
    pub period: PeriodKind,
    /// Periods computed, the reported one included.
    pub history: u32,
    /// End of follow-up: a date (its local midnight) or a timestamp with offset.
    #[schemars(with = "Option<String>")]
    as_of: Option<toml::Value>,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self { period: PeriodKind::Month, history: 13, as_of: None }
    }
}

/// End of follow-up as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// The local midnight that begins this date.
    Date(Date),
    /// An instant.
    Instant(Timestamp),
}

/// `[[product]]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The product's name.
    pub name: String,
    /// Other spellings, case-insensitive; `*` is a wildcard.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// `[source.NAME]`
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// NAME.
    pub name: String,
    /// The plugin.
    pub plugin: String,
    /// Whether the plugin's own definitions are used.
    pub defaults: bool,
    /// The keys that are the plugin's.
    pub config: serde_json::Value,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    client: Client,
    #[serde(default)]
    report: ReportSettings,
    #[serde(default)]
    product: Vec<Product>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, SourceKeys>")]
    source: toml::Table,
    #[serde(default)]
    metric: Vec<Metric>,
    #[serde(default)]
    touchpoint: Vec<Touchpoint>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, ViewKeys>")]
    table: toml::Table,
    #[serde(default)]
    window: BTreeMap<Stage, u32>,
    /// Rates to reach for the step into each stage, as fractions.
    #[serde(default)]
    target: BTreeMap<Stage, f64>,
    #[serde(default)]
    value: ValueSettings,
    #[serde(default)]
    rung: Vec<Rung>,
    #[serde(default)]
    brand: BrandSettings,
    worksheet: Option<WorksheetKeys>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ViewKeys {
    /// A SELECT over source tables.
    sql: String,
}

/// `[worksheet]`
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WorksheetKeys {
    /// A workbook of the client's own; left out: ours.
    template: Option<String>,
}

/// What every source has; the other keys are its plugin's.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct SourceKeys {
    /// The plugin that reads it.
    plugin: String,
    /// Whether the plugin's own definitions are used (default true).
    defaults: Option<bool>,
}

/// JSON Schema of `cvj.toml`.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(File).to_value()
}

impl Config {
    /// Reads `cvj.toml` in the client's folder.
    pub fn read(folder: &Path) -> Result<Self, EngineError> {
        let path = folder.join(FILE_NAME);
        let bytes = std::fs::read(&path).map_err(|error| {
            let what = if folder.is_dir() { "there is no readable cvj.toml in" } else { "there is no folder" };
            EngineError::Request {
                message: format!("{what} {}: {error}", folder.display()),
                hint: Some("name the client's folder: `cvj report path/to/client`".to_owned()),
            }
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
            EngineError::Request {
                message: format!("{FILE_NAME}:{line}: the file is not UTF-8 text"),
                hint: Some("save it as UTF-8".to_owned()),
            }
        })?;
        Self::parse(text)
    }

    /// Reads a configuration's text.
    pub fn parse(text: String) -> Result<Self, EngineError> {
        let file: File = toml::from_str(&text).map_err(|error| syntax_diagnostic(&text, &error))?;
        let mut config = Self {
            zone: TimeZone::UTC,
            as_of: None,
            sources: Vec::new(),
            views: Vec::new(),
            window_days: Stage::ALL.map(|stage| stage.default_window_days().unwrap_or(0)),
            step_targets: [None; 8],
            value: file.value,
            rungs: file.rung,
            brand: file.brand,
            text,
            client: file.client,
            report: file.report,
            products: file.product,
            metrics: file.metric,
            touchpoints: file.touchpoint,
        };
        config.read_client()?;
        config.read_report()?;
        for (name, value) in file.source {
            let source = config.read_source(name, value)?;
            config.sources.push(source);
        }
        for (name, value) in file.table {
            let path = [Step::Key("table"), Step::Key(&name)];
            if config.sources.iter().any(|source| source.name == name) {
                return Err(config.error(
                    &path,
                    format!("`{name}` is both a source and a table"),
                    Some("rename one of them".to_owned()),
                ));
            }
            let keys: ViewKeys = value.try_into().map_err(|error: toml::de::Error| {
                config.error(&path, error.message().to_owned(), Some("a table is `sql = \"SELECT …\"`".to_owned()))
            })?;
            config.views.push(View { name, sql: keys.sql });
        }
        for (stage, days) in file.window {
            if stage == Stage::Aware {
                let hint = "a window is the days allowed from the stage before; aware is the first stage".to_owned();
                return Err(config.error(
                    &[Step::Key("window"), Step::Key("aware")],
                    "aware has no window".to_owned(),
                    Some(hint),
                ));
            }
            if days > LONGEST_WINDOW {
                let message = format!("{days} days are more than a window can have");
                let path = [Step::Key("window"), Step::Key(stage.key())];
                return Err(config.error(&path, message, Some(format!("at most {LONGEST_WINDOW} are allowed"))));
            }
            config.window_days[stage.index()] = days;
        }
        for (stage, rate) in file.target {
            let path = [Step::Key("target"), Step::Key(stage.key())];
            if stage == Stage::Aware {
                let hint = "a target is the rate of the step from the stage before; aware is the first stage".to_owned();
                return Err(config.error(&path, "aware has no target".to_owned(), Some(hint)));
            }
            if !(rate > 0.0 && rate <= 1.0) {
                let hint = "a rate is a fraction: 0.25 is 25 %".to_owned();
                return Err(config.error(&path, format!("{rate} is no rate to reach"), Some(hint)));
            }
            config.step_targets[stage.index()] = Some(rate);
        }
        if file.worksheet.is_some_and(|worksheet| worksheet.template.is_some()) {
            let message = "a worksheet template of one's own cannot be used yet".to_owned();
            let hint = "remove the key: cvj then writes its own worksheet".to_owned();
            return Err(config.error(&[Step::Key("worksheet"), Step::Key("template")], message, Some(hint)));
        }
        config.check_definitions()?;
        config.check_value()?;
        config.check_brand()?;
        Ok(config)
    }

    /// An error about the value at `path`.
    pub fn error(&self, path: &[Step<'_>], message: String, hint: Option<String>) -> EngineError {
        self.diagnostic_at(path, message, hint).into()
    }

    /// A message about the value at `path`.
    pub fn diagnostic_at(&self, path: &[Step<'_>], message: String, hint: Option<String>) -> Diagnostic {
        self.diagnostic(locate::value(&self.text, path), message, hint)
    }

    /// An error about a part of the string at `path`.
    pub fn error_within(&self, path: &[Step<'_>], part: Range<usize>, message: String, hint: Option<String>) -> EngineError {
        self.diagnostic(locate::within(&self.text, path, part), message, hint).into()
    }

    /// An error about a key.
    pub fn error_at_key(&self, path: &[Step<'_>], message: String, hint: Option<String>) -> EngineError {
        self.diagnostic(locate::key(&self.text, path), message, hint).into()
    }

    fn diagnostic(&self, span: Option<Range<usize>>, message: String, hint: Option<String>) -> Diagnostic {
        Diagnostic { message, hint, file: FILE_NAME.to_owned(), text: self.text.clone(), span, label: None }
    }

    fn read_client(&mut self) -> Result<(), EngineError> {
        let currency = &self.client.currency;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let message = format!("`{currency}` is not an ISO 4217 currency code");
            return Err(self.error(
                &[Step::Key("client"), Step::Key("currency")],
                message,
                Some("three capital letters, such as USD or EUR".to_owned()),
            ));
        }
        let zone = TimeZone::get(&self.client.timezone);
        self.zone = zone.map_err(|_| {
            let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            // An abbreviation is near to another that is hours away.
            let named = self.client.timezone.len() > 4;
            let near = nearest(&self.client.timezone, names.iter().map(String::as_str)).filter(|_| named);
            let hint = near.map_or("write it like America/Chicago".to_owned(), |near| format!("did you mean `{near}`?"));
            let message = format!("`{}` is not an IANA time zone", self.client.timezone);
            self.error(&[Step::Key("client"), Step::Key("timezone")], message, Some(hint))
        })?;
        Ok(())
    }

    fn read_report(&mut self) -> Result<(), EngineError> {
        if !(1..=520).contains(&self.report.history) {
            let path = [Step::Key("report"), Step::Key("history")];
            return Err(self.error(
                &path,
                "`history` is a number of periods from 1 to 520".to_owned(),
                Some("13 months show a year and the month before it".to_owned()),
            ));
        }
        let Some(value) = &self.report.as_of else { return Ok(()) };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let as_of = if text.len() <= 10 {
            text.parse().ok().map(AsOf::Date)
        } else {
            let zoned = text.parse::<Zoned>().map(|zoned| zoned.timestamp());
            text.parse::<Timestamp>().or(zoned).ok().map(AsOf::Instant)
        };
        self.as_of = Some(as_of.ok_or_else(|| {
            let hint = "a date such as \"2026-11-04\", or a timestamp with its offset: \"2026-11-04T18:00:00-06:00\"".to_owned();
            self.error(&[Step::Key("report"), Step::Key("as_of")], format!("`{text}` is not a date"), Some(hint))
        })?);
        Ok(())
    }

    fn read_source(&self, name: String, value: toml::Value) -> Result<SourceSettings, EngineError> {
        let path = [Step::Key("source"), Step::Key(&name)];
        let toml::Value::Table(mut keys) = value else {
            let hint = format!("write [source.{name}] and its keys below");
            return Err(self.error(&path, format!("`source.{name}` is not a table"), Some(hint)));
        };
        if name.is_empty() || !name.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-')) {
            let hint = "letters, digits, `_` and `-`".to_owned();
            return Err(self.error_at_key(&path, format!("`{name}` cannot be the name of a source"), Some(hint)));
        }
        let plugin = match keys.remove("plugin") {
            Some(toml::Value::String(plugin)) => plugin,
            Some(_) => {
                let path = [path[0], path[1], Step::Key("plugin")];
                let hint = "write it in quotes; `cvj plugin list` shows which there are".to_owned();
                return Err(self.error(&path, "`plugin` is the name of a plugin, such as \"csv\"".to_owned(), Some(hint)));
            }
            None => {
                let hint = "add `plugin = \"csv\"`, or another that `cvj plugin list` shows".to_owned();
                return Err(self.error_at_key(&path, format!("source `{name}` names no plugin"), Some(hint)));
            }
        };
        let defaults = match keys.remove("defaults") {
            None => true,
            Some(toml::Value::Boolean(defaults)) => defaults,
            Some(_) => {
                let path = [path[0], path[1], Step::Key("defaults")];
                let hint = "false leaves out the plugin's own definitions".to_owned();
                return Err(self.error(&path, "`defaults` is true or false".to_owned(), Some(hint)));
            }
        };
        let config = serde_json::to_value(keys).map_err(|error| EngineError::Internal(error.to_string()))?;
        Ok(SourceSettings { name, plugin, defaults, config })
    }

    fn check_definitions(&self) -> Result<(), EngineError> {
        for (index, product) in self.products.iter().enumerate() {
            let path = [Step::Key("product"), Step::Index(index), Step::Key("name")];
            if product.name.trim().is_empty() {
                return Err(self.error(
                    &path,
                    "a product's name is empty".to_owned(),
                    Some("give it one, or remove the product".to_owned()),
                ));
            }
            if product.name.trim().to_lowercase() == "overall" {
                return Err(self.error(
                    &path,
                    "no product can be called `Overall`: the report calls all products together so".to_owned(),
                    Some("give it another name, and this one as an alias".to_owned()),
                ));
            }
            let same = |other: &Product| other.name.trim().to_lowercase() == product.name.trim().to_lowercase();
            if self.products[..index].iter().any(same) {
                return Err(self.error(
                    &path,
                    format!("product `{}` is declared twice", product.name),
                    Some("remove one; other spellings go into `aliases`".to_owned()),
                ));
            }
        }
        for (index, metric) in self.metrics.iter().enumerate() {
            let path = |key| [Step::Key("metric"), Step::Index(index), Step::Key(key)];
            if metric.name.trim().is_empty() {
                return Err(self.error(
                    &path("name"),
                    "a metric's name is empty".to_owned(),
                    Some("give it the name that the report prints".to_owned()),
                ));
            }
            if metric.target.is_some_and(|target| !target.is_finite()) {
                return Err(self.error(
                    &path("target"),
                    "a target is a finite number".to_owned(),
                    Some("remove it where there is none".to_owned()),
                ));
            }
            if metric.unit == cvj_core::Unit::Percent && metric.target.is_some_and(|target| target > 1.0) {
                let message = "a percent metric's target is a fraction".to_owned();
                return Err(self.error(&path("target"), message, Some("write 0.05 for 5 %".to_owned())));
            }
            if metric.unit == cvj_core::Unit::Nps && metric.target.is_some_and(|target| target.abs() > 100.0) {
                let message = "a Net Promoter Score lies between -100 and 100".to_owned();
                return Err(self.error(&path("target"), message, Some("write the points to reach, such as 40".to_owned())));
            }
        }
        Ok(())
    }
}

/// A message about text that is not the TOML, the keys or the types wanted.
fn syntax_diagnostic(text: &str, error: &toml::de::Error) -> Diagnostic {
    let message = error.message();
    let (message, hint) = if let Some((kind, given, known)) = unknown_name(message) {
        let near = nearest(&given, known.iter().map(String::as_str));
        let hint = near.map_or_else(|| format!("known here: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        (format!("unknown {kind} `{given}`"), hint)
    } else {
        let first = message.lines().next().unwrap_or_default().to_owned();
        (first, "docs/cvj-toml.md shows every key with an example".to_owned())
    };
    let hint = Some(hint);
    Diagnostic { message, hint, file: FILE_NAME.to_owned(), text: text.to_owned(), span: error.span(), label: None }
}

/// Takes serde's "unknown field `x`, expected one of `a`, `b`" apart.
fn unknown_name(message: &str) -> Option<(&'static str, String, Vec<String>)> {
    let (kind, rest) = [("unknown field ", "key"), ("unknown variant ", "value")]
        .into_iter()
        .find_map(|(prefix, kind)| Some((kind, message.strip_prefix(prefix)?)))?;
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    let given = quoted.next()?;
    Some((kind, given, quoted.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "[client]\nname = \"N\"\ncurrency = \"USD\"\ntimezone = \"America/Chicago\"\n";

    fn problem(rest: &str) -> (String, String, String) {
        match Config::parse(format!("{CLIENT}{rest}")).unwrap_err() {
            EngineError::Config(problem) => {
                let at = problem.span.clone().map(|span| problem.text[span].to_owned()).unwrap_or_default();
                (problem.message, problem.hint.unwrap_or_default(), at)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        let (message, hint, at) = problem("[report]\nhistroy = 3\n");
        assert_eq!(
            (message.as_str(), hint.as_str(), at.as_str()),
            ("unknown key `histroy`", "did you mean `history`?", "histroy")
        );
    }

    #[test]
    fn values_are_pointed_at() {
        let (message, _, at) = problem("[report]\nas_of = \"yesterday\"\n");
        assert_eq!((message.as_str(), at.as_str()), ("`yesterday` is not a date", "\"yesterday\""));
        let (message, hint, at) = problem("[source.web]\npath = \"x.csv\"\n");
        assert_eq!((message.as_str(), at.as_str()), ("source `web` names no plugin", "web"), "{hint}");
        let (_, _, at) = problem("[[metric]]\nstage = \"awre\"\n");
        assert_eq!(at, "\"awre\"");
    }

    #[test]
    fn all_products_together_have_a_name_of_their_own() {
        let (message, _, at) = problem("[[product]]\nname = \"overall\"\n");
        assert!(message.contains("`Overall`"), "{message}");
        assert_eq!(at, "\"overall\"");
    }

    #[test]
    fn what_customers_are_worth_is_checked() {
        let product = "[[product]]\nname = \"Kit\"\naliases = [\"box\"]\n";
        let check = |rest: &str, message: &str, at: &str| {
            let (found, hint, part) = problem(&format!("{product}{rest}"));
            assert_eq!((found.as_str(), part.as_str()), (message, at), "{hint}");
        };
        check("[value]\nmargin = 35\n", "35 is no margin", "35");
        check("[value]\nlifespan = 0\n", "0 years are no time that a customer stays", "0");
        check("[value]\nrepeat_days = 0\n", "a repeat purchase cannot have 0 days", "0");
        check("[value]\nlag = 13\n", "the history of 13 has no period that lies 13 before the last", "13");
        check("[value]\nspend = [\"Ads\", \"Ads\"]\n", "`Ads` is named twice", "\"Ads\"");
        check("[[rung]]\nname = \"Low\"\nproducts = []\n", "rung `Low` has no product", "[]");
        check("[[rung]]\nname = \"Low\"\nproducts = [\"Kti\"]\n", "there is no product `Kti`", "\"Kti\"");
        check("[[rung]]\nname = \"Low\"\nproducts = [\"Kit\", \"Box\"]\n", "`Box` is on two rungs", "\"Box\"");
        check("[[rung]]\nname = \"Low\"\nproducts = [\"Kit\"]\nprice = -1\n", "a price is not below 0", "-1");
    }

    #[test]
    fn spend_is_made_of_metrics_of_money() {
        let metric = |name: &str, unit: &str| {
            format!(
                "[[metric]]\nstage = \"aware\"\nname = \"{name}\"\nfrom = \"x\"\nvalue = \"sum(x)\"\nat = \"x\"\nunit = \"{unit}\"\n"
            )
        };
        let metrics = [metric("Ad spend", "money"), metric("Sessions", "count")].concat();
        let check = |spend: &str| {
            let config = Config::parse(format!("{CLIENT}{metrics}[value]\nspend = [\"{spend}\"]\n")).unwrap();
            config.check_spend(&config.metrics.iter()).map_err(|error| match error {
                EngineError::Config(problem) => (problem.message, problem.hint.unwrap_or_default()),
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(check("Ad spend"), Ok(()));
        let missing = ("there is no metric `Ad spent`".to_owned(), "did you mean `Ad spend`?".to_owned());
        assert_eq!(check("Ad spent"), Err(missing));
        assert_eq!(check("Sessions").map_err(|(message, _)| message), Err("metric `Sessions` is no money".to_owned()));
    }

    #[test]
    fn files_of_the_brand_lie_in_the_clients_folder() {
        let config =
            Config::parse(format!("{CLIENT}[brand]\nlogo = \"brand/logo.svg\"\ncommentary = \"notes/{{period}}.md\"\n")).unwrap();
        assert_eq!(config.brand.logo.as_deref(), Some("brand/logo.svg"));
        for path in ["../logo.svg", "/logo.svg", "brand/../../logo.svg", "", "brand\\\\logo.svg"] {
            let (message, _, at) = problem(&format!("[brand]\nlogo = \"{path}\"\n"));
            assert!(message.ends_with("does not lie in the client's folder") && at.starts_with('"'), "{message} at {at}");
        }
        assert_eq!(problem("[brand]\ncolour = \"#fff\"\n").0, "unknown key `colour`");
    }

    #[test]
    fn windows_and_as_of_are_read() {
        let config = Config::parse(format!("{CLIENT}[report]\nas_of = 2026-11-04\n[window]\nconvert = 7\n")).unwrap();
        assert_eq!(config.window_days, [0, 30, 30, 7, 30, 365, 180, 365]);
        assert_eq!(config.as_of, Some(AsOf::Date(jiff::civil::date(2026, 11, 4))));
    }
}
