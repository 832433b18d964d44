//! sdt-std.
