//! DynamoDB: tables.

use sdt_aws_core::Aws;
use sdt_provider::Service;

sdt_aws_core::client!(dynamodb, "dynamodb", aws_sdk_dynamodb);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[], data: &[] };
