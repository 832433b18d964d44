//! CloudWatch Logs.

mod log_group;
mod resource_policy;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

sdt_aws_core::client!(logs, "logs", aws_sdk_cloudwatchlogs);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[resource::<resource_policy::ResourcePolicy>(), resource::<log_group::LogGroup>()],
    data: &[],
    ephemeral: &[],
};
