//! sdt-aws.
