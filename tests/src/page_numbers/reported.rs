//! What a report has, in the numbers that a page prints of it.

use serde_json::Value;

/// A rate over fewer than this is shown as counts only.
const FEWEST: f64 = 20.0;

/// What is shown of a value.
pub(super) enum Figure {
    Unknown,
    Value(f64),
    Counts(f64, f64),
}

impl Figure {
    pub(super) fn new(percent: bool, value: &Value, numerator: &Value, denominator: &Value) -> Self {
        match (numerator.as_f64(), denominator.as_f64(), value.as_f64()) {
            (Some(top), Some(bottom), _) if percent && bottom > 0.0 && bottom < FEWEST => Self::Counts(top, bottom),
            (_, _, Some(value)) => Self::Value(if percent { value * 100.0 } else { value }),
            _ => Self::Unknown,
        }
    }

    pub(super) fn actual(metric: &Value) -> Self {
        Self::new(metric["unit"] == "percent", &metric["actual"], &metric["numerator"], &metric["denominator"])
    }

    pub(super) fn previous(metric: &Value) -> Self {
        let point = metric["series"].as_array().and_then(|series| series.iter().nth_back(1)).unwrap_or(&Value::Null);
        Self::new(metric["unit"] == "percent", &metric["previous"], &point["numerator"], &point["denominator"])
    }

    pub(super) fn step(step: &Value) -> Self {
        Self::new(true, &step["rate"], &step["advanced"], &step["matured"])
    }

    pub(super) fn numbers(&self) -> Vec<f64> {
        match *self {
            Self::Unknown => Vec::new(),
            Self::Value(value) => vec![value],
            Self::Counts(top, bottom) => vec![top, bottom],
        }
    }
}

/// So many of so many, and their rate.
pub(super) struct Share {
    pub(super) top: f64,
    pub(super) bottom: f64,
    rate: Option<f64>,
}

impl Share {
    pub(super) fn of(value: &Value, top: &str, bottom: &str) -> Self {
        let part = |name: &str| value[name].as_f64().unwrap_or(f64::NAN);
        Self { top: part(top), bottom: part(bottom), rate: value["rate"].as_f64() }
    }

    /// The rate in percent, where it is shown.
    pub(super) fn rate(&self) -> Option<f64> {
        self.rate.filter(|_| self.bottom >= FEWEST).map(|rate| rate * 100.0)
    }

    /// The rate and the counts; nothing of nobody.
    pub(super) fn numbers(&self) -> Vec<f64> {
        let counts = if self.bottom > 0.0 { vec![self.top, self.bottom] } else { Vec::new() };
        self.rate().into_iter().chain(counts).collect()
    }
}

pub(super) fn change_of(metric: &Value) -> Vec<f64> {
    let counts = |figure| matches!(figure, Figure::Counts(..));
    let hidden = counts(Figure::actual(metric)) || counts(Figure::previous(metric));
    metric["change"].as_f64().filter(|_| !hidden).map(|change| change * scale(metric)).into_iter().collect()
}

/// The answers behind a score; what they lie between, where that puts the scale in doubt, and the scale asked for.
pub(super) fn answers(nps: &Value) -> Vec<f64> {
    let mut numbers = ["promoters", "passives", "detractors"].map(|part| nps[part].as_f64().unwrap_or(f64::NAN)).to_vec();
    if nps["scale_doubtful"] == true {
        numbers.extend(pair(&nps["scale"]).into_iter().flatten().chain([0.0, 10.0]));
    }
    numbers
}

/// Rate, interval, how many are mature, who skipped, and the rate without doubtful dates.
pub(super) fn step_numbers(step: &Value) -> Vec<f64> {
    let share = Share::of(step, "advanced", "matured");
    let number = |name: &str| step[name].as_f64().unwrap_or(f64::NAN);
    let mut numbers = share.numbers();
    if let (Some(_), Some([low, high])) = (share.rate(), pair(&step["interval"])) {
        numbers.extend([95.0, low * 100.0, high * 100.0]);
    }
    let (entered, matured) = (number("entered"), number("matured"));
    if entered > 0.0 {
        // Never 100 % while someone is still missing, nor 0 % while someone is there.
        let percent = (100.0 * matured / entered).round().clamp(f64::from(u8::from(matured > 0.0)), 99.0);
        numbers.extend([if matured == entered { 100.0 } else { percent }, matured, entered, number("window_days")]);
    }
    numbers.extend(Some(number("skipped")).filter(|skipped| *skipped > 0.0));
    let trusted = Share::of(&step["trusted"]["share"], "numerator", "denominator");
    if step["trusted"]["entered"] != step["entered"] && trusted.bottom > 0.0 {
        numbers.extend(trusted.numbers());
    }
    numbers
}

pub(super) fn quartiles(waiting: &Value) -> Vec<f64> {
    let [quarter, half, most] = [0, 1, 2].map(|index| waiting["quartiles"][index].as_f64());
    if waiting["people"].as_f64() == Some(0.0) { Vec::new() } else { half.into_iter().chain(quarter).chain(most).collect() }
}

/// Who makes the difference between the readings: part and whole of each, then those who lack a stage.
pub(super) fn readings(stage: &Value) -> Vec<f64> {
    let (readings, people) = (&stage["readings"], &stage["people"]);
    let pairs = [("backward", "any"), ("skipped", "ordered"), ("no_earlier", "ordered")];
    let pairs = pairs.into_iter().filter_map(|(part, of)| Some([readings[part].as_f64()?, people[of].as_f64()?]));
    let missing = readings["missing"].as_array().into_iter().flatten().filter_map(|missing| missing["people"].as_f64());
    pairs.filter(|[part, _]| *part > 0.0).flatten().chain(missing.filter(|people| *people > 0.0)).collect()
}

pub(super) fn scale(metric: &Value) -> f64 {
    if metric["unit"] == "percent" { 100.0 } else { 1.0 }
}

pub(super) fn pair(value: &Value) -> Option<[f64; 2]> {
    Some([value[0].as_f64()?, value[1].as_f64()?])
}

pub(super) fn find<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    list.as_array().and_then(|list| list.iter().find(|each| each[key] == name)).unwrap_or(&Value::Null)
}

pub(super) fn stage_of<'a>(scope: &'a Value, key: &str) -> &'a Value {
    find(&scope["stages"], "stage", key)
}

pub(super) fn metric_of<'a>(stage: &'a Value, name: &str) -> &'a Value {
    let metrics = stage["metrics"].as_array();
    let same = |metric: &&Value| metric["name"].as_str().is_some_and(|other| other.trim() == name.trim());
    metrics.and_then(|metrics| metrics.iter().find(same)).unwrap_or(&Value::Null)
}

/// A number of a JSON document; none for anything else.
pub(super) fn number(value: &Value) -> Vec<f64> {
    value.as_f64().into_iter().collect()
}

/// Every number of a JSON document, at any depth.
pub(super) fn numbers_of(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Number(number) => numbers.extend(number.as_f64()),
        Value::Array(values) => values.iter().for_each(|value| numbers_of(value, numbers)),
        Value::Object(values) => values.values().for_each(|value| numbers_of(value, numbers)),
        _ => {}
    }
}
