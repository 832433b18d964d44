//! RDS: databases and their surroundings.

mod checks;
mod create;
mod instance;
mod modify;
mod subnet_group;
mod tags;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

sdt_aws_core::client!(rds, "rds", aws_sdk_rds);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> =
    Service { resources: &[resource::<instance::Instance>(), resource::<subnet_group::SubnetGroup>()], data: &[] };
