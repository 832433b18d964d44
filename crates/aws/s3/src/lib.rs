//! S3: buckets and what is set on them.

mod access;
mod bucket;
mod bucket_acl;
mod bucket_data;
mod bucket_logging;
mod bucket_policy;
mod cors_configuration;
mod empty;
mod encryption;
mod lifecycle;
mod lifecycle_configuration;
mod object;
mod ownership_controls;
mod public_access_block;
mod replication;
mod settings;
mod shared;
mod versioning;
mod website;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source, resource};

sdt_aws_core::client!(s3, "s3", aws_sdk_s3, |aws, builder| builder.force_path_style(aws.s3_path_style));

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<lifecycle_configuration::LifecycleConfiguration>(),
        resource::<object::Object>(),
        resource::<bucket_acl::BucketAcl>(),
        resource::<bucket_logging::BucketLogging>(),
        resource::<cors_configuration::CorsConfiguration>(),
        resource::<ownership_controls::OwnershipControls>(),
        resource::<bucket_policy::BucketPolicy>(),
        resource::<bucket::Bucket>(),
        resource::<public_access_block::PublicAccessBlock>(),
        resource::<encryption::EncryptionConfiguration>(),
        resource::<versioning::Versioning>(),
    ],
    data: &[data_source::<bucket_data::BucketData>()],
    ephemeral: &[],
};
