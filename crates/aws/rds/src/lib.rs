//! sdt-aws-rds.
