//! Which records belong together.

use serde_json::{Value, json};

use super::objects::Batch;
use super::portal::Portal;
use super::record::Kind;
use super::routes::Version;
use crate::{Answer, Request};

/// A record's associations come in pages of so many.
const PAGE: usize = 500;
const LARGEST_BATCH: usize = 1000;

/// The association types between two kinds: type id, label.
fn types(from: Kind, to: Kind) -> Option<&'static [(u32, Option<&'static str>)]> {
    Some(match (from, to) {
        (Kind::Contact, Kind::Company) => &[(1, Some("Primary")), (279, None)],
        (Kind::Company, Kind::Contact) => &[(2, Some("Primary")), (280, None)],
        (Kind::Deal, Kind::Contact) => &[(3, None)],
        (Kind::Contact, Kind::Deal) => &[(4, None)],
        (Kind::Deal, Kind::Company) => &[(5, Some("Primary")), (341, None)],
        (Kind::Company, Kind::Deal) => &[(6, Some("Primary")), (342, None)],
        (Kind::Deal, Kind::LineItem) => &[(19, None)],
        (Kind::LineItem, Kind::Deal) => &[(20, None)],
        _ => return None,
    })
}

impl Portal {
    /// A page of a record's associations, and where the next one begins.
    fn page(&self, from: Kind, id: u64, to: Kind, after: Option<u64>, version: Version) -> (Vec<Value>, Option<u64>) {
        let types: Vec<Value> = types(from, to)
            .unwrap_or_default()
            .iter()
            .map(|(id, label)| json!({"category": "HUBSPOT_DEFINED", "typeId": id, "label": label}))
            .collect();
        let ids = self.associated(from, id, to).into_iter().filter(|id| after.is_none_or(|after| *id >= after));
        let mut ids: Vec<u64> = ids.take(PAGE + 1).collect();
        let next = (ids.len() > PAGE).then(|| ids.pop()).flatten();
        let shown = ids.into_iter().map(|id| match version {
            Version::V3 => json!({"id": id.to_string(), "type": format!("{}_to_{}", from.singular(), to.singular())}),
            Version::V4 => json!({"toObjectId": id, "associationTypes": types}),
            Version::Dated => json!({"toObjectId": id.to_string(), "associationTypes": types}),
        });
        (shown.collect(), next)
    }

    /// `POST …/associations/{from}/{to}/batch/read`.
    pub(super) fn associations(&mut self, from: Kind, to: Kind, request: &Request, version: Version) -> Answer {
        if types(from, to).is_none() {
            return self.invalid(&format!("{} cannot be associated with {}", from.singular(), to.singular()));
        }
        let inputs = request.json().and_then(|query| query["inputs"].as_array().cloned());
        let Some(inputs) = inputs else { return self.invalid("Invalid input JSON: inputs is required") };
        if inputs.len() > LARGEST_BATCH {
            return self.invalid(&format!("Invalid input JSON: 'inputs' may hold {LARGEST_BATCH} ids"));
        }
        let mut results = Vec::new();
        let mut errors = Vec::new();
        for input in inputs {
            let Some(text) = input["id"].as_str() else { return self.invalid("Invalid input JSON: id is required") };
            let after = input["after"].as_str().and_then(|after| after.parse().ok());
            let (page, next) = text.parse().map_or((Vec::new(), None), |id| self.page(from, id, to, after, version));
            if page.is_empty() {
                errors.push(json!({
                    "status": "error", "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": format!("No {} is associated with {} {text}.", to.singular(), from.singular()),
                    "context": {"fromObjectId": [text], "fromObjectType": [from.singular()], "toObjectType": [to.singular()]},
                }));
                continue;
            }
            let mut result = json!({"from": {"id": text}, "to": page});
            if let Some(next) = next {
                result["paging"] = json!({"next": {"after": next.to_string(), "link": format!("?after={next}")}});
            }
            results.push(result);
        }
        Batch::answer(results, errors)
    }

    /// `GET /crm/v4/objects/{from}/{id}/associations/{to}`.
    pub(super) fn associations_of_one(&mut self, from: Kind, id: &str, to: Kind, request: &Request) -> Answer {
        let Some(id) = id.parse().ok().filter(|id| self.record(from, *id).is_some()) else { return self.not_found() };
        let after = request.parameter("after").and_then(|after| after.parse().ok());
        let (results, next) = self.page(from, id, to, after, Version::V4);
        let mut body = json!({"results": results});
        if let Some(next) = next {
            body["paging"] = json!({"next": {"after": next.to_string(), "link": format!("?after={next}")}});
        }
        Answer::json(200, &body)
    }
}
