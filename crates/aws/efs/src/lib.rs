//! sdt-aws-efs.
