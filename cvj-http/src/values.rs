//! JSON values as the types of columns; what does not read is `None`.

use serde_json::Value;

/// Digits of an amount in all.
pub(crate) const DECIMAL_DIGITS: u8 = 30;
/// Digits of an amount after the point.
pub(crate) const DECIMALS: usize = 8;

/// Up to here a floating-point number is a whole number for sure.
const WHOLE: f64 = 9_007_199_254_740_992.0;

pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

pub(crate) fn integer(value: &Value) -> Option<i64> {
    let exact = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    exact.or_else(|| number(value).filter(|number| number.fract() == 0.0 && number.abs() <= WHOLE).map(|number| number as i64))
}

pub(crate) fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}

/// An amount in units of 10⁻⁸; a ninth decimal from 5 on rounds away from zero.
pub(crate) fn decimal(value: &Value) -> Option<i128> {
    const BOUND: i128 = 10_i128.pow(DECIMAL_DIGITS as u32);
    if !value.is_number() && !value.is_string() {
        return None;
    }
    let text = text(value);
    let (mantissa, exponent) = match text.trim().split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text.trim(), 0),
    };
    let (is_negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits: String = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    // How many digits stand before the point once it is moved eight places on.
    let leading = digits.len() as i64 - fraction.len() as i64 + i64::from(exponent) + DECIMALS as i64;
    if digits.is_empty() || leading < 0 {
        return Some(0);
    }
    if leading > i64::from(DECIMAL_DIGITS) {
        return None;
    }
    let (kept, cut) = digits.split_at(digits.len().min(leading as usize));
    let mut units = if kept.is_empty() { 0 } else { kept.parse::<i128>().ok()? };
    units *= 10_i128.pow((leading - kept.len() as i64) as u32);
    units += i128::from(cut.starts_with(['5', '6', '7', '8', '9']));
    (units < BOUND).then_some(if is_negative { -units } else { units })
}

pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => match number.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Days since 1970.
pub(crate) fn date(value: &Value) -> Option<i32> {
    const MICROSECONDS: i64 = 86_400_000_000;
    i32::try_from(instant(value)?.div_euclid(MICROSECONDS)).ok()
}

/// Microseconds since 1970.
pub(crate) fn instant(value: &Value) -> Option<i64> {
    let moment = match value {
        Value::Number(_) => milliseconds(value)?,
        Value::String(text) => {
            let text = text.trim();
            let digits = text.strip_prefix('-').unwrap_or(text);
            // Eight digits are a day, as 20261031.
            if digits.bytes().all(|digit| digit.is_ascii_digit() || digit == b'.') && digits.len() != 8 {
                milliseconds(value)?
            } else {
                written(text)?
            }
        }
        _ => return None,
    };
    Some(moment.as_microsecond())
}

fn milliseconds(value: &Value) -> Option<jiff::Timestamp> {
    let exact = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    if let Some(milliseconds) = exact {
        return jiff::Timestamp::from_millisecond(milliseconds).ok();
    }
    let microseconds = number(value)? * 1000.0;
    // Beyond, the number is no moment that a calendar has.
    if microseconds.abs() > 1e18 {
        return None;
    }
    jiff::Timestamp::from_microsecond(microseconds.round() as i64).ok()
}

fn written(text: &str) -> Option<jiff::Timestamp> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment);
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|moment| moment.timestamp())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers() {
        let check = |value: Value, expected: Option<i64>| assert_eq!(integer(&value), expected, "{value}");
        check(json!(-7), Some(-7));
        check(json!("9007199254740993"), Some(9_007_199_254_740_993));
        check(json!(9_007_199_254_740_993_i64), Some(9_007_199_254_740_993));
        check(json!(12.0), Some(12));
        check(json!(" 12.00 "), Some(12));
        check(json!(12.5), None);
        check(json!("1,200"), None);
        check(json!(1e300), None);
        check(json!("99999999999999999999"), None);
        check(json!(true), None);
    }

    #[test]
    fn numbers() {
        let check = |value: Value, expected: Option<f64>| assert_eq!(number(&value), expected, "{value}");
        check(json!(0.1), Some(0.1));
        check(json!("-1e3"), Some(-1000.0));
        check(json!("1e400"), None);
        check(json!("NaN"), None);
        check(json!("inf"), None);
        check(json!("12 €"), None);
        check(json!(false), None);
    }

    #[test]
    fn amounts_are_exact() {
        let check = |value: Value, expected: Option<i128>| assert_eq!(decimal(&value), expected, "{value}");
        check(json!("1000.50"), Some(100_050_000_000));
        check(json!(1000.5), Some(100_050_000_000));
        check(json!(0.1), Some(10_000_000));
        check(json!("-0.00000001"), Some(-1));
        check(json!("0.000000005"), Some(1));
        check(json!("-0.000000005"), Some(-1));
        check(json!("0.0000000049999"), Some(0));
        check(json!("0.0000000005"), Some(0));
        check(json!("1.5e3"), Some(150_000_000_000));
        check(json!("15E-9"), Some(2));
        check(json!(1e-12), Some(0));
        check(json!("+.5"), Some(50_000_000));
        check(json!("5."), Some(500_000_000));
        check(json!("0"), Some(0));
        check(json!("-0.00"), Some(0));
        check(json!("9999999999999999999999.99999999"), Some(999_999_999_999_999_999_999_999_999_999));
        check(json!("9999999999999999999999.999999995"), None);
        check(json!("10000000000000000000000"), None);
        check(json!("1e99999999999"), None);
        check(json!("1e400"), None);
        check(json!("0e400"), Some(0));
        for wrong in [json!("."), json!("1.2.3"), json!("1,5"), json!("--1"), json!("NaN"), json!(true), json!([1])] {
            check(wrong, None);
        }
    }

    #[test]
    fn truth_values() {
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!("True"), Some(true)),
            (json!("FALSE"), Some(false)),
            (json!(0), Some(false)),
            (json!("1"), Some(true)),
            (json!(2), None),
            (json!("yes"), None),
            (json!({}), None),
        ] {
            assert_eq!(boolean(&value), expected, "{value}");
        }
    }

    #[test]
    fn moments_and_days() {
        const DAY: i32 = 20_757;
        const MORNING: i64 = 33_275;
        let seconds = |seconds: i64| (i64::from(DAY) * 86_400 + seconds) * 1_000_000;
        let check = |value: Value, expected: Option<i64>| {
            assert_eq!(instant(&value), expected, "{value}");
            assert_eq!(date(&value), expected.map(|_| DAY), "{value}");
        };
        check(json!("2026-10-31T09:14:35Z"), Some(seconds(MORNING)));
        check(json!("2026-10-31T11:14:35+02:00"), Some(seconds(MORNING)));
        check(json!("2026-10-31T09:14:35.000+0000"), Some(seconds(MORNING)));
        check(json!("2026-10-31 09:14:35"), Some(seconds(MORNING)));
        check(json!("2026-10-31"), Some(seconds(0)));
        check(json!("20261031"), Some(seconds(0)));
        check(json!(seconds(0) / 1000), Some(seconds(0)));
        check(json!((seconds(MORNING) / 1000).to_string()), Some(seconds(MORNING)));
        check(json!(seconds(MORNING) as f64 / 1000.0), Some(seconds(MORNING)));
        check(json!("1793438075000.0"), Some(seconds(MORNING)));
        for wrong in
            [json!("31.10.2026"), json!("2026-02-30"), json!(1e30), json!(i64::MAX), json!("soon"), json!(true), json!("-")]
        {
            check(wrong, None);
        }
        assert_eq!((instant(&json!(-1)), date(&json!(-1))), (Some(-1000), Some(-1)));
    }

    proptest::proptest! {
        #[test]
        fn every_amount_of_eight_decimals_reads_exactly(units in -10_i128.pow(29)..10_i128.pow(29)) {
            let (sign, size) = (if units < 0 { "-" } else { "" }, units.abs());
            let text = format!("{sign}{}.{:08}", size / 100_000_000, size % 100_000_000);
            proptest::prop_assert_eq!(decimal(&Value::String(text)), Some(units));
        }

        #[test]
        fn no_text_breaks_the_readers(text in ".{0,30}|[-+.0-9eE:T Z]{0,30}") {
            let value = Value::String(text);
            let _ = (integer(&value), number(&value), decimal(&value), boolean(&value), date(&value));
        }
    }
}
