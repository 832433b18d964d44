//! RDS: databases and their surroundings.

mod checks;
mod cluster;
mod cluster_instance;
mod cluster_parameter_group;
mod create;
mod engine_version_data;
mod event_subscription;
mod instance;
mod instance_data;
mod modify;
mod option_group;
mod parameter_group;
mod parameters;
mod snapshot;
mod subnet_group;
mod subnet_group_data;
mod tags;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source, resource};

sdt_aws_core::client!(rds, "rds", aws_sdk_rds);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<cluster_instance::ClusterInstance>(),
        resource::<cluster::Cluster>(),
        resource::<snapshot::Snapshot>(),
        resource::<event_subscription::EventSubscription>(),
        resource::<option_group::OptionGroup>(),
        resource::<cluster_parameter_group::ClusterParameterGroup>(),
        resource::<parameter_group::ParameterGroup>(),
        resource::<instance::Instance>(),
        resource::<subnet_group::SubnetGroup>(),
    ],
    data: &[
        data_source::<engine_version_data::EngineVersion>(),
        data_source::<instance_data::InstanceData>(),
        data_source::<subnet_group_data::SubnetGroupData>(),
    ],
    ephemeral: &[],
};
