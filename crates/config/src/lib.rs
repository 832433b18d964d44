//! sdt-config.
