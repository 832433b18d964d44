//! EFS: file systems, mount targets and access points.

mod access_point;
mod access_points_data;
mod backup_policy;
mod file_system;
mod file_system_data;
mod file_system_policy;
mod mount_target;
mod mount_target_data;
mod replication_configuration;
mod tags;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source, resource};

sdt_aws_core::client!(efs, "efs", aws_sdk_efs);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<replication_configuration::ReplicationConfiguration>(),
        resource::<file_system_policy::FileSystemPolicy>(),
        resource::<backup_policy::BackupPolicy>(),
        resource::<access_point::AccessPoint>(),
        resource::<file_system::FileSystem>(),
        resource::<mount_target::MountTarget>(),
    ],
    data: &[
        data_source::<file_system_data::FileSystemData>(),
        data_source::<mount_target_data::MountTargetData>(),
        data_source::<access_points_data::AccessPointsData>(),
    ],
    ephemeral: &[],
};

/// What an SDK builder that misses a required part says.
fn part<T, E: std::fmt::Display>(built: Result<T, E>) -> Result<T, sdt_provider::Error> {
    built.map_err(|e| sdt_provider::Error::new(sdt_provider::Class::Invalid, "", e.to_string()))
}

/// The host name of a file system, which the API does not say.
fn dns_name(aws: &Aws, file_system: &str) -> String {
    format!("{file_system}.efs.{}.{}", aws.region(), aws.dns_suffix())
}
