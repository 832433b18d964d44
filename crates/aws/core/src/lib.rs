//! sdt-aws-core.
