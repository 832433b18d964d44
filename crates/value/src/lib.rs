//! sdt-value.
