//! sdt-aws-iam.
