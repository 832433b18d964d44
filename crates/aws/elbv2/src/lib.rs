//! Load balancers, target groups and listeners.

use sdt_aws_core::Aws;
use sdt_provider::Service;

sdt_aws_core::client!(elbv2, "elbv2", aws_sdk_elasticloadbalancingv2);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[], data: &[] };
