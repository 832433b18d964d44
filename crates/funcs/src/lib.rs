//! sdt-funcs.
