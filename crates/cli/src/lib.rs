//! sdt-cli.
