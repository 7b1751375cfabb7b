//! The HubSpot source against a portal of our own, row by row.

mod faults;
mod portal;
mod stages;
mod tables;
