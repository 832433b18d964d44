//! sdt-addr.
