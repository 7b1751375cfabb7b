//! Reads Odoo.
