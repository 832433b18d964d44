//! Secrets Manager: secrets and their values.

use sdt_aws_core::Aws;
use sdt_provider::Service;

sdt_aws_core::client!(secretsmanager, "secretsmanager", aws_sdk_secretsmanager);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[], data: &[] };
