//! sdt-provider-derive.
