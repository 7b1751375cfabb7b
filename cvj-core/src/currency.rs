//! Currencies as cells and headers write them: ISO 4217 codes and signs. Nothing is converted here.

/// The codes in circulation (ISO 4217, without funds and metals), sorted.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR \
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU \
    MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD \
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF \
    YER ZAR ZMW ZWL";

/// Bytes of the longest sign.
const LONGEST_SIGN: usize = 4;

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
/// use cvj_core::currency::currency;
/// assert_eq!(currency("€"), Some("EUR"));
/// assert_eq!(currency("usd"), Some("USD"));
/// assert_eq!(currency("UTC"), None);
/// ```
pub fn currency(written: &str) -> Option<&'static str> {
    let letters: [u8; 3] = match written.as_bytes() {
        [one, two, three] => [one.to_ascii_uppercase(), two.to_ascii_uppercase(), three.to_ascii_uppercase()],
        longer if longer.len() > LONGEST_SIGN => return None,
        _ => [0; 3],
    };
    code(letters).or_else(|| SIGNS.iter().find(|(sign, _)| *sign == written).map(|(_, meaning)| *meaning))
}

/// The code of these capitals.
fn code(letters: [u8; 3]) -> Option<&'static str> {
    let (mut low, mut high) = (0, CODES.len().div_ceil(4));
    while low < high {
        let middle = low.midpoint(high);
        let code = CODES.get(4 * middle..4 * middle + 3)?;
        match code.as_bytes().cmp(&letters) {
            std::cmp::Ordering::Equal => return Some(code),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
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
/// use cvj_core::currency::in_header;
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
    fn every_code_and_sign_is_found() {
        let codes: Vec<&str> = CODES.split_ascii_whitespace().collect();
        assert!(codes.is_sorted());
        assert!(codes.iter().all(|code| currency(code) == Some(code) && currency(&code.to_lowercase()) == Some(code)));
        assert!(SIGNS.iter().all(|(sign, meaning)| sign.len() <= LONGEST_SIGN && currency(sign) == Some(meaning)));
        for none in ["", "U", "US", "UTC", "XXX", "dollars", "éa"] {
            assert_eq!(currency(none), None, "{none}");
        }
    }

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
