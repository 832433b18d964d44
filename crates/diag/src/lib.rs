//! sdt-diag.
