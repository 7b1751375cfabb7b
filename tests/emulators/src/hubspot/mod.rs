//! A HubSpot portal: its CRM objects, marketing e-mails and campaigns, under date-versioned paths and v3/v4 alike.
//!
//! Generated records are computed from their number whenever they are asked for, so that a portal of a million contacts costs
//! no memory; what is changed, added or deleted afterwards is kept beside them.

mod answers;
mod associations;
mod draft;
pub mod faults;
mod generate;
mod marketing;
mod objects;
mod portal;
mod record;
mod routes;
mod schema;
mod search;

pub use generate::{BULK_EDIT, Size, UNTIL};
pub use portal::{Limits, OAuth, Portal, TOKEN};
pub use record::{Change, Kind, Property, Record};
pub use schema::{CUSTOM_LIFECYCLE_STAGE, LIFECYCLE_STAGES, RENEWALS};
