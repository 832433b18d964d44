//! sdt-hcl.
