//! sdt-aws-secretsmanager.
