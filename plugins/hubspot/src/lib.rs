//! Reads Hubspot.
