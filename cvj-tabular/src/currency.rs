//! Currencies as cells and headers write them: ISO 4217 codes and signs. Nothing is converted here.

/// The codes in circulation (ISO 4217, without funds and metals).
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR \
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU \
    MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD \
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF \
    YER ZAR ZMW ZWL";

/// Signs and what they stand for; a sign shared by several currencies stands for itself.
const SIGNS: &[(&str, &str)] = &[
    ("$", "$"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "¥"),
    ("₹", "INR"),
    ("₽", "RUB"),
    ("₩", "KRW"),
    ("₪", "ILS"),
    ("₫", "VND"),
    ("₴", "UAH"),
    ("₺", "TRY"),
    ("฿", "THB"),
    ("₱", "PHP"),
    ("₦", "NGN"),
    ("US$", "USD"),
    ("R$", "BRL"),
    ("C$", "CAD"),
    ("CA$", "CAD"),
    ("A$", "AUD"),
    ("AU$", "AUD"),
    ("NZ$", "NZD"),
    ("HK$", "HKD"),
    ("S$", "SGD"),
    ("MX$", "MXN"),
    ("NT$", "TWD"),
    ("￥", "¥"),
    ("kr", "kr"),
    ("kr.", "kr"),
    ("Kr", "kr"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("Ft", "HUF"),
    ("Fr.", "CHF"),
    ("SFr.", "CHF"),
    ("Rs", "Rs"),
    ("Rs.", "Rs"),
    ("lei", "RON"),
    ("₸", "KZT"),
    ("₾", "GEL"),
    ("₡", "CRC"),
    ("₵", "GHS"),
    ("₲", "PYG"),
    ("৳", "BDT"),
    ("₭", "LAK"),
    ("₮", "MNT"),
];

/// The currency that a sign or code stands for: `EUR` for `€` and `eur`, `$` for `$` (several countries' dollars).
///
/// ```
/// use cvj_tabular::currency::currency;
/// assert_eq!(currency("€"), Some("EUR"));
/// assert_eq!(currency("usd"), Some("USD"));
/// assert_eq!(currency("UTC"), None);
/// ```
pub fn currency(written: &str) -> Option<&'static str> {
    if let Some((_, meaning)) = SIGNS.iter().find(|(sign, _)| *sign == written) {
        return Some(meaning);
    }
    if written.len() != 3 || !written.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    CODES.split_ascii_whitespace().find(|code| code.eq_ignore_ascii_case(written))
}

/// Whether this is a sign that several currencies share: `$`, `kr`.
pub fn is_shared(currency: &str) -> bool {
    matches!(currency, "$" | "¥" | "kr" | "Rs")
}

/// Whether two currencies, as [`currency`] names them, can be the same one: `$` and `CAD` can, `EUR` and `USD` cannot.
pub fn compatible(one: &str, other: &str) -> bool {
    one == other || stands_for(one, other) || stands_for(other, one)
}

fn stands_for(sign: &str, code: &str) -> bool {
    match sign {
        "$" => matches!(
            code,
            "USD"
                | "CAD"
                | "AUD"
                | "NZD"
                | "HKD"
                | "SGD"
                | "MXN"
                | "TWD"
                | "ARS"
                | "CLP"
                | "COP"
                | "JMD"
                | "TTD"
                | "UYU"
                | "BSD"
                | "BBD"
        ),
        "¥" => matches!(code, "JPY" | "CNY"),
        "kr" => matches!(code, "SEK" | "NOK" | "DKK" | "ISK"),
        "Rs" => matches!(code, "INR" | "PKR" | "LKR" | "NPR" | "MUR" | "SCR"),
        _ => false,
    }
}

/// The currency that a header names: in brackets (`Amount spent (USD)`) or as its last word (`Price EUR`, `Revenue €`).
///
/// ```
/// use cvj_tabular::currency::in_header;
/// assert_eq!(in_header("Amount spent (USD)"), Some("USD"));
/// assert_eq!(in_header("Created date (UTC)"), None);
/// ```
pub fn in_header(header: &str) -> Option<&'static str> {
    let bracketed = header
        .split(['(', '['])
        .skip(1)
        .filter_map(|after| after.split([')', ']']).next())
        .find_map(|inside| as_written(inside.trim()));
    bracketed.or_else(|| {
        let (_, last) = header.trim().rsplit_once(char::is_whitespace)?;
        as_written(last)
    })
}

/// Codes in headers are capitals, so that `all` or `top` is no currency.
fn as_written(word: &str) -> Option<&'static str> {
    if word.bytes().any(|byte| byte.is_ascii_lowercase()) { None } else { currency(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_currencies() {
        let check = |header: &str, expect: Option<&str>| assert_eq!(in_header(header), expect, "{header}");
        check("Amount spent (USD)", Some("USD"));
        check("Betrag [€]", Some("EUR"));
        check("Price EUR", Some("EUR"));
        check("Revenue $", Some("$"));
        check("Created date (UTC)", None);
        check("How likely are you to recommend us? (0-10)", None);
        check("Sort all", None);
        check("USD", None);
    }

    #[test]
    fn a_sign_fits_its_currencies() {
        assert!(compatible("$", "CAD"));
        assert!(compatible("EUR", "EUR"));
        assert!(!compatible("EUR", "USD"));
        assert!(!compatible("$", "EUR"));
    }
}
