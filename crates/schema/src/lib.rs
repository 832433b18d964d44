//! sdt-schema.
