//! Faults that only HubSpot's answers can have.

use serde_json::Value;

use super::portal::Portal;
use crate::Fault;

/// An answer 429 of this policy: `TEN_SECONDLY_ROLLING`, `SECONDLY` or `DAILY`, with `Retry-After` or without.
pub fn too_many(policy: &'static str, retry_after: Option<u64>) -> Fault<Portal> {
    Fault::respond(move |portal: &Portal, _| {
        let answer = portal.too_many(policy);
        match retry_after {
            Some(seconds) => answer.with("retry-after", &seconds),
            None => answer,
        }
    })
}

/// The page says that the next one begins where it began itself, so that a listing never ends.
pub fn cursor_loop() -> Fault<Portal> {
    Fault::distort(|request, page| {
        let body = request.json().unwrap_or_default();
        let own = body["after"].as_str().or(request.parameter("after")).unwrap_or("0").to_owned();
        page["paging"] = serde_json::json!({"next": {"after": own, "link": format!("?after={own}")}});
    })
}

/// The page's last record comes as its first, too: a record on two pages, as when others move while paging.
pub fn doubled_record() -> Fault<Portal> {
    Fault::distort(|_, page| {
        if let Some(results) = page["results"].as_array_mut()
            && let Some(last) = results.last().cloned()
        {
            results.insert(0, last);
        }
    })
}

/// The page's records lack a property that the others have.
pub fn property_gone(name: &'static str) -> Fault<Portal> {
    Fault::distort(move |_, page| {
        for record in page["results"].as_array_mut().into_iter().flatten() {
            if let Some(properties) = record["properties"].as_object_mut() {
                properties.shift_remove(name);
            }
        }
    })
}

/// The page's records have a property in another type: a text where there was a number or a date.
pub fn property_changed(name: &'static str, value: Value) -> Fault<Portal> {
    Fault::distort(move |_, page| {
        for record in page["results"].as_array_mut().into_iter().flatten() {
            record["properties"][name] = value.clone();
        }
    })
}
