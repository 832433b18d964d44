//! DynamoDB.

mod indexes;
mod settings;
mod table;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

sdt_aws_core::client!(dynamodb, "dynamodb", aws_sdk_dynamodb);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[resource::<table::Table>()], data: &[], ephemeral: &[] };
