//! sdt-aws-sdk.
