//! The client's locale: how numbers are grouped and marked, on which side signs stand, and the order of a date. The words stay English.

use std::cell::RefCell;

use icu_decimal::input::Decimal;
use icu_decimal::options::DecimalFormatterOptions;
use icu_decimal::{DecimalFormatter, DecimalFormatterPreferences};

/// A language and perhaps a region, such as `de-DE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale(icu_locale_core::Locale);

impl Locale {
    /// A locale by its BCP 47 tag; none where the text is no such tag.
    ///
    /// ```
    /// assert!(cvj_report::Locale::new("de-DE").is_some());
    /// assert!(cvj_report::Locale::new("German").is_none());
    /// ```
    pub fn new(tag: &str) -> Option<Self> {
        let known = |locale: &icu_locale_core::Locale| matches!(locale.id.language.as_str().len(), 2 | 3) && tag != "und";
        tag.parse().ok().filter(known).map(Self)
    }

    fn language(&self) -> &str {
        self.0.id.language.as_str()
    }

    fn region(&self) -> &str {
        self.0.id.region.as_ref().map_or("", |region| region.as_str())
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self(icu_locale_core::locale!("en-US"))
    }
}

/// The order of a date's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// `4 November 2026`.
    DayMonthYear,
    /// `November 4, 2026`.
    MonthDayYear,
    /// `2026 November 4`.
    YearMonthDay,
}

/// A locale, made ready to print.
struct Spoken {
    formatter: Option<DecimalFormatter>,
    spaced_percent: bool,
    currency: Currency,
    dates: DateOrder,
}

/// Where a currency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Currency {
    /// `$12`.
    Before,
    /// `€ 12`.
    BeforeSpaced,
    /// `12 €`.
    AfterSpaced,
}

impl Spoken {
    /// Sides and spaces are those of the CLDR's patterns for percentages and currencies.
    fn new(locale: &Locale) -> Self {
        let mut preferences = DecimalFormatterPreferences::from(&locale.0);
        // Digits that every typeface has, and that can be read beside the English words.
        preferences.numbering_system =
            DecimalFormatterPreferences::from(&icu_locale_core::locale!("und-u-nu-latn")).numbering_system;
        let (language, region) = (locale.language(), locale.region());
        let currency = match (language, region) {
            ("nl" | "nb" | "no" | "fa", _) | ("de", "AT" | "CH" | "LI") | ("pt", "BR" | "") | ("it", "CH") => {
                Currency::BeforeSpaced
            }
            ("es", "" | "ES")
            | (
                "be" | "bg" | "bs" | "ca" | "cs" | "da" | "de" | "el" | "et" | "eu" | "fi" | "fr" | "gl" | "hr" | "hu" | "is"
                | "it" | "ka" | "kk" | "lt" | "lv" | "mk" | "nn" | "pl" | "pt" | "ro" | "ru" | "sk" | "sl" | "sq" | "sr" | "sv"
                | "uk" | "vi",
                _,
            ) => Currency::AfterSpaced,
            _ => Currency::Before,
        };
        let spaced_percent = match (language, region) {
            ("de", "CH" | "LI") | ("fr", "CH") | ("es", "MX" | "US") => false,
            _ => matches!(
                language,
                "be" | "bs"
                    | "ca"
                    | "cs"
                    | "da"
                    | "de"
                    | "es"
                    | "eu"
                    | "fi"
                    | "fr"
                    | "gl"
                    | "hr"
                    | "ka"
                    | "lt"
                    | "mk"
                    | "nb"
                    | "nn"
                    | "no"
                    | "ro"
                    | "ru"
                    | "sk"
                    | "sl"
                    | "sv"
            ),
        };
        let dates = match (language, region) {
            ("en", "" | "US" | "CA" | "PH" | "PR" | "GU") => DateOrder::MonthDayYear,
            ("ja" | "zh" | "ko" | "hu" | "lt" | "mn", _) => DateOrder::YearMonthDay,
            _ => DateOrder::DayMonthYear,
        };
        let formatter = DecimalFormatter::try_new(preferences, DecimalFormatterOptions::default()).ok();
        Self { formatter, spaced_percent, currency, dates }
    }
}

thread_local! {
    static SPOKEN: RefCell<Spoken> = RefCell::new(Spoken::new(&Locale::default()));
}

/// Does something in a locale: every number and date that this thread prints meanwhile is in it.
///
/// Numbers are printed in a hundred places, all of one report, and a report has one locale; a drawing on another thread starts its own.
pub(crate) fn within<T>(locale: &Locale, act: impl FnOnce() -> T) -> T {
    /// Puts the locale before back, also when a panic passes.
    struct Restore(Option<Spoken>);
    impl Drop for Restore {
        fn drop(&mut self) {
            if let Some(before) = self.0.take() {
                SPOKEN.set(before);
            }
        }
    }
    let _restore = Restore(Some(SPOKEN.replace(Spoken::new(locale))));
    act()
}

/// Plain decimal digits with a point, with the locale's marks: `1234.5` as `1,234.5` or `1.234,5`.
pub(crate) fn marked(digits: &str) -> String {
    SPOKEN.with_borrow(|spoken| {
        let formatted = spoken.formatter.as_ref().zip(digits.parse::<Decimal>().ok());
        formatted.map_or_else(|| digits.to_owned(), |(formatter, decimal)| formatter.format(&decimal).to_string())
    })
}

/// A number with the percent sign: `12%` or `12 %`.
pub(crate) fn percent(number: &str) -> String {
    format!("{number}{}", percent_sign())
}

/// The percent sign, and what stands between it and its number.
pub(crate) fn percent_sign() -> &'static str {
    if SPOKEN.with_borrow(|spoken| spoken.spaced_percent) { "\u{a0}%" } else { "%" }
}

/// A number with its currency's sign or code on the right side.
pub(crate) fn money(sign: &str, number: &str) -> String {
    let is_code = sign.ends_with(char::is_alphabetic);
    match SPOKEN.with_borrow(|spoken| spoken.currency) {
        Currency::Before if is_code => format!("{sign}\u{a0}{number}"),
        Currency::Before => format!("{sign}{number}"),
        Currency::BeforeSpaced => format!("{sign}\u{a0}{number}"),
        Currency::AfterSpaced => format!("{number}\u{a0}{sign}"),
    }
}

/// The order of a date's parts.
pub(crate) fn date_order() -> DateOrder {
    SPOKEN.with_borrow(|spoken| spoken.dates)
}

#[cfg(test)]
mod tests {
    use cvj_core::Unit;

    use super::*;
    use crate::calendar;
    use crate::number::NumberStyle;

    #[track_caller]
    fn check(tag: &str, currency: &str, printed: [&str; 5]) {
        let style = |unit| NumberStyle { unit, currency };
        let found = within(&Locale::new(tag).unwrap(), || {
            [
                style(Unit::Count).value(1_234_567.0),
                style(Unit::Money).value(-1234.0),
                style(Unit::Money).value(12.5),
                style(Unit::Percent).value(0.326),
                calendar::day("2026-11-04"),
            ]
        });
        assert_eq!(found.each_ref().map(|text| text.replace(['\u{a0}', '\u{202f}'], "_")), printed.map(str::to_owned), "{tag}");
    }

    #[test]
    fn numbers_and_dates_follow_the_locale() {
        check("en-US", "USD", ["1,234,567", "−$1,234", "$12.50", "32.6%", "November 4, 2026"]);
        check("en-GB", "GBP", ["1,234,567", "−£1,234", "£12.50", "32.6%", "4 November 2026"]);
        check("en-IN", "INR", ["12,34,567", "−₹1,234", "₹12.50", "32.6%", "4 November 2026"]);
        check("de-DE", "EUR", ["1.234.567", "−1.234_€", "12,50_€", "32,6_%", "4 November 2026"]);
        check("de-CH", "CHF", ["1'234'567", "−CHF_1'234", "CHF_12.50", "32.6%", "4 November 2026"]);
        check("fr-FR", "EUR", ["1_234_567", "−1_234_€", "12,50_€", "32,6_%", "4 November 2026"]);
        check("es-ES", "EUR", ["1.234.567", "−1234_€", "12,50_€", "32,6_%", "4 November 2026"]);
        check("pt-BR", "BRL", ["1.234.567", "−BRL_1.234", "BRL_12,50", "32,6%", "4 November 2026"]);
        check("ja-JP", "JPY", ["1,234,567", "−¥1,234", "¥12.50", "32.6%", "2026 November 4"]);
        check("ar-EG", "USD", ["1,234,567", "−$1,234", "$12.50", "32.6%", "4 November 2026"]);
    }

    #[test]
    fn every_output_is_in_the_locale() {
        let report = crate::fixture::report();
        let look = crate::Look { locale: Locale::new("de-DE").unwrap(), ..crate::Look::default() };
        let people = report.overall.stages[0].people.unwrap().ordered;
        let printed = within(&look.locale, || crate::number::count(people));
        assert!(printed.contains('.'), "{printed}");
        assert!(crate::html(&report, &look).unwrap().contains(&printed));
        assert!(crate::charts(&report, &look).unwrap()[0].svg.contains(&printed));
    }

    #[test]
    fn a_locale_ends_with_what_was_done_in_it() {
        let outside = marked("1234.5");
        let result = std::panic::catch_unwind(|| within(&Locale::new("de-DE").unwrap(), || panic!("on the way")));
        assert!(result.is_err());
        assert_eq!(marked("1234.5"), outside);
    }

    #[test]
    fn what_is_no_tag_is_no_locale() {
        for tag in ["", "und", "German", "de_DE!", "1234"] {
            assert!(Locale::new(tag).is_none(), "{tag}");
        }
    }
}
