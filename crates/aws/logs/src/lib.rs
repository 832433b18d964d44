//! sdt-aws-logs.
