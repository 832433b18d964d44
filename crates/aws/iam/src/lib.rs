//! IAM: roles and policies.

use sdt_aws_core::Aws;
use sdt_provider::Service;

sdt_aws_core::client!(iam, "iam", aws_sdk_iam);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[], data: &[] };
