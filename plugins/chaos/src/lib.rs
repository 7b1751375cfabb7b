//! Misbehaves on demand, to test the host.
