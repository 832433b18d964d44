//! sdt-aws-sts.
