//! ECS: clusters, task definitions and services.

use sdt_aws_core::Aws;
use sdt_provider::Service;

sdt_aws_core::client!(ecs, "ecs", aws_sdk_ecs);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[], data: &[] };
