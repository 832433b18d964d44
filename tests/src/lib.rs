//! sdt-tests.
