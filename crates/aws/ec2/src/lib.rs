//! sdt-aws-ec2.
