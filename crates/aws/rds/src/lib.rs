//! RDS: databases and their surroundings.

use sdt_aws_core::Aws;
use sdt_provider::Service;

sdt_aws_core::client!(rds, "rds", aws_sdk_rds);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[], data: &[] };
