//! AWS Certificate Manager: certificates.

mod certificate;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

sdt_aws_core::client!(acm, "acm", aws_sdk_acm);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> =
    Service { resources: &[resource::<certificate::Certificate>()], data: &[], ephemeral: &[] };
