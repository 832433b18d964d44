//! sdt-aws-elbv2.
