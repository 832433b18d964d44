//! STS: who we are and where.

mod caller_identity;
mod region;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source};

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[],
    data: &[data_source::<caller_identity::CallerIdentity>(), data_source::<region::Region>()],
};
