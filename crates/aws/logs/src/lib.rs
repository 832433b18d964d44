//! CloudWatch Logs: log groups.

use sdt_aws_core::Aws;
use sdt_provider::Service;

sdt_aws_core::client!(logs, "logs", aws_sdk_cloudwatchlogs);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[], data: &[] };
