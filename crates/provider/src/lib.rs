//! sdt-provider.
