//! Stateful stand-ins for CRM APIs, on loopback, for tests: real paging, limits, quotas, token expiry and history, and faults
//! on demand.
