//! sdt-testkit.
