//! sdt-state-s3.
