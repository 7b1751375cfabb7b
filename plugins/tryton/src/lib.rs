//! Reads Tryton.
