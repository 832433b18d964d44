//! sdt-aws-s3.
