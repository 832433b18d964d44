//! sdt-aws-dynamodb.
