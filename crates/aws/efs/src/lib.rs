//! EFS: file systems and the ways into them.

use sdt_aws_core::Aws;
use sdt_provider::Service;

sdt_aws_core::client!(efs, "efs", aws_sdk_efs);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[], data: &[] };
