//! What a portal says about itself: properties, pipelines, owners.

use serde_json::{Value, json};

use super::record::Kind;

/// The lifecycle stages of the portal in their order, the custom one among them: value, label.
pub const LIFECYCLE_STAGES: [(&str, &str); 9] = [
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    (CUSTOM_LIFECYCLE_STAGE, "Free trial"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
];

/// The value of the stage that this portal added; HubSpot numbers such stages.
pub const CUSTOM_LIFECYCLE_STAGE: &str = "101234567";

/// The pipeline that this portal added.
pub const RENEWALS: &str = "98765432";

/// Deal stages in their order: pipeline, value, label, probability of winning.
pub(super) const DEAL_STAGES: [(&str, &str, &str, &str); 10] = [
    ("default", "appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("default", "qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("default", "decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("default", "contractsent", "Contract Sent", "0.9"),
    ("default", "closedwon", "Closed Won", "1.0"),
    ("default", "closedlost", "Closed Lost", "0.0"),
    (RENEWALS, "187654320", "Reminder sent", "0.5"),
    (RENEWALS, "187654321", "In talks", "0.7"),
    (RENEWALS, "187654322", "Renewed", "1.0"),
    (RENEWALS, "187654323", "Churned", "0.0"),
];

/// When the portal was set up.
const SET_UP: &str = "2024-01-08T09:00:00Z";

/// A property's type and field type.
type Sort = (&'static str, &'static str);
const TEXT: Sort = ("string", "text");
const NUMBER: Sort = ("number", "number");
const MOMENT: Sort = ("datetime", "date");
const DAY: Sort = ("date", "date");
const CHOICE: Sort = ("enumeration", "select");
const YES_NO: Sort = ("bool", "booleancheckbox");
const FORMULA: Sort = ("datetime", "calculation_read_time");

/// The properties of a kind of object: name, type and field type, label.
pub(super) fn properties(kind: Kind) -> Vec<(String, Sort, String)> {
    let fixed: &[(&str, Sort, &str)] = match kind {
        Kind::Contact => &[
            ("country", TEXT, "Country/Region"),
            ("createdate", MOMENT, "Create Date"),
            ("email", TEXT, "Email"),
            ("firstname", TEXT, "First Name"),
            ("hs_analytics_source", CHOICE, "Original Traffic Source"),
            ("hs_merged_object_ids", TEXT, "Merged record IDs"),
            ("hs_object_id", NUMBER, "Record ID"),
            ("hubspot_owner_id", CHOICE, "Contact owner"),
            ("lastmodifieddate", MOMENT, "Last Modified Date"),
            ("lastname", TEXT, "Last Name"),
            ("lifecyclestage", CHOICE, "Lifecycle Stage"),
            ("newsletter_consent", YES_NO, "Newsletter consent"),
            ("nps_score", NUMBER, "Score given in the survey"),
            ("num_associated_deals", NUMBER, "Number of Associated Deals"),
            ("product_interest", CHOICE, "Interested in"),
            ("webinar_date", DAY, "Date of the webinar attended"),
        ],
        Kind::Company => &[
            ("createdate", MOMENT, "Create Date"),
            ("domain", TEXT, "Company Domain Name"),
            ("hs_lastmodifieddate", MOMENT, "Last Modified Date"),
            ("hs_object_id", NUMBER, "Record ID"),
            ("name", TEXT, "Company name"),
        ],
        Kind::Deal => &[
            ("amount", NUMBER, "Amount"),
            ("closed_lost_reason", TEXT, "Closed Lost Reason"),
            ("closedate", MOMENT, "Close Date"),
            ("createdate", MOMENT, "Create Date"),
            ("deal_currency_code", CHOICE, "Currency"),
            ("dealname", TEXT, "Deal Name"),
            ("dealstage", CHOICE, "Deal Stage"),
            ("dealtype", CHOICE, "Deal Type"),
            ("hs_is_closed", YES_NO, "Is Deal Closed?"),
            ("hs_is_closed_won", YES_NO, "Is Closed Won"),
            ("hs_lastmodifieddate", MOMENT, "Last Modified Date"),
            ("hs_merged_object_ids", TEXT, "Merged record IDs"),
            ("hs_object_id", NUMBER, "Record ID"),
            ("hubspot_owner_id", CHOICE, "Deal owner"),
            ("pipeline", CHOICE, "Pipeline"),
        ],
        Kind::LineItem => &[
            ("amount", NUMBER, "Net price"),
            ("createdate", MOMENT, "Create Date"),
            ("hs_lastmodifieddate", MOMENT, "Last Modified Date"),
            ("hs_line_item_currency_code", CHOICE, "Currency"),
            ("hs_object_id", NUMBER, "Record ID"),
            ("hs_product_id", NUMBER, "Product ID"),
            ("hs_sku", TEXT, "SKU"),
            ("name", TEXT, "Name"),
            ("price", NUMBER, "Unit price"),
            ("quantity", NUMBER, "Quantity"),
        ],
    };
    let fixed = fixed.iter().map(|(name, sort, label)| ((*name).to_owned(), *sort, (*label).to_owned()));
    let stages: Vec<(String, Sort, String)> = match kind {
        Kind::Contact => LIFECYCLE_STAGES
            .iter()
            .flat_map(|(stage, label)| {
                [
                    (format!("hs_lifecyclestage_{stage}_date"), MOMENT, format!("Became a {label} Date")),
                    (format!("hs_v2_date_entered_{stage}"), FORMULA, format!("Date entered \"{label}\"")),
                    (format!("hs_v2_date_exited_{stage}"), FORMULA, format!("Date exited \"{label}\"")),
                ]
            })
            .collect(),
        Kind::Deal => DEAL_STAGES
            .iter()
            .flat_map(|(_, stage, label, _)| {
                [
                    (format!("hs_v2_date_entered_{stage}"), FORMULA, format!("Date entered \"{label}\"")),
                    (format!("hs_v2_date_exited_{stage}"), FORMULA, format!("Date exited \"{label}\"")),
                ]
            })
            .collect(),
        _ => Vec::new(),
    };
    fixed.chain(stages).collect()
}

/// The choices of an enumeration: value, label.
fn options(name: &str) -> Vec<(String, String)> {
    let pairs: &[(&str, &str)] = match name {
        "lifecyclestage" => &LIFECYCLE_STAGES,
        "hs_analytics_source" => &super::generate::SOURCES,
        "dealtype" => &[("newbusiness", "New Business"), ("existingbusiness", "Existing Business")],
        "deal_currency_code" | "hs_line_item_currency_code" => &[("EUR", "Euro"), ("USD", "US Dollar")],
        "pipeline" => &[("default", "Sales Pipeline"), (RENEWALS, "Renewals")],
        "dealstage" => return DEAL_STAGES.iter().map(|(_, value, label, _)| ((*value).into(), (*label).into())).collect(),
        "product_interest" => {
            return super::generate::PRODUCTS.iter().map(|(name, ..)| ((*name).into(), (*name).into())).collect();
        }
        _ => &[],
    };
    pairs.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect()
}

/// A property as the properties API shows it.
pub(super) fn shown_property(kind: Kind, name: &str, sort: Sort, label: &str) -> Value {
    let own = matches!(name, "newsletter_consent" | "nps_score" | "product_interest" | "webinar_date");
    let options: Vec<Value> = options(name)
        .into_iter()
        .enumerate()
        .map(|(order, (value, label))| {
            json!({"label": label, "value": value, "description": "", "displayOrder": order, "hidden": false})
        })
        .collect();
    json!({
        "updatedAt": SET_UP, "createdAt": SET_UP, "name": name, "label": label, "type": sort.0, "fieldType": sort.1,
        "description": "", "groupName": format!("{}information", kind.singular()), "options": options, "displayOrder": -1,
        "calculated": sort == FORMULA, "externalOptions": false, "archived": false, "hasUniqueValue": name == "hs_object_id",
        "hidden": false, "hubspotDefined": !own, "formField": own,
        "modificationMetadata": {"archivable": own, "readOnlyDefinition": !own, "readOnlyValue": sort == FORMULA},
        "dataSensitivity": "non_sensitive",
    })
}

/// The pipelines of a kind of object.
pub(super) fn pipelines(kind: Kind) -> Vec<Value> {
    if kind != Kind::Deal {
        return Vec::new();
    }
    let pipelines = [("default", "Sales Pipeline"), (RENEWALS, "Renewals")].into_iter().enumerate();
    pipelines
        .map(|(order, (id, label))| {
            let stages = DEAL_STAGES.iter().filter(|stage| stage.0 == id).enumerate();
            let stages: Vec<Value> = stages
                .map(|(order, (_, value, label, probability))| {
                    let closed = matches!(*probability, "1.0" | "0.0").to_string();
                    json!({
                        "id": value, "label": label, "displayOrder": order, "archived": false, "createdAt": SET_UP,
                        "updatedAt": SET_UP, "metadata": {"isClosed": closed, "probability": probability},
                        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                    })
                })
                .collect();
            json!({
                "id": id, "label": label, "displayOrder": order, "archived": false, "createdAt": SET_UP, "updatedAt": SET_UP,
                "stages": stages,
            })
        })
        .collect()
}

/// The people who own contacts and deals; the last one has left.
pub(super) fn owners() -> Vec<Value> {
    let people = [("Ana", "Ruiz"), ("Björn", "Øst"), ("Chloé", "Petit"), ("Dmitri", "Volkov")].into_iter().enumerate();
    people
        .map(|(number, (first, last))| {
            let mut owner = json!({
                "id": owner_id(number as u64), "email": format!("owner{number}@example.org"), "type": "PERSON",
                "firstName": first, "lastName": last, "userId": 101 + number, "userIdIncludingInactive": 101 + number,
                "createdAt": SET_UP, "updatedAt": SET_UP, "archived": number == 3,
                "teams": [{"id": "178588", "name": "Sales", "primary": true}],
            });
            if number == 3 {
                owner["userId"] = Value::Null;
            }
            owner
        })
        .collect()
}

pub(super) fn owner_id(number: u64) -> String {
    (64_492_917 + number).to_string()
}
