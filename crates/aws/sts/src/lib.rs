//! STS: who we are and where.

mod arn;
mod caller_identity;
mod default_tags;
mod partition;
mod region;
mod service;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source};

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[],
    data: &[
        data_source::<arn::Arn>(),
        data_source::<caller_identity::CallerIdentity>(),
        data_source::<default_tags::DefaultTags>(),
        data_source::<partition::Partition>(),
        data_source::<region::Region>(),
        data_source::<service::Service>(),
    ],
    ephemeral: &[],
};
