//! Stateful stand-ins for CRM APIs, on loopback, for tests: real paging, limits, quotas, token expiry and history, and faults
//! on demand.
//!
//! A vendor's emulator is an [`Emulator`]: a state, and how it answers a request. [`Server`] puts it on a port of its own, keeps
//! a log of requests, and spoils answers as the [`Faults`] say.

pub mod answer;
pub mod clock;
pub mod fault;
pub mod hubspot;
mod line;
pub mod odoo;
pub mod request;
pub mod server;
pub mod window;

pub use answer::Answer;
pub use clock::Clock;
pub use fault::{Effect, Fault, Faults};
pub use request::{Logged, Request};
pub use server::{Emulator, Server};
pub use window::Window;
